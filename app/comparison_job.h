// The engine's part of a comparison, as one job for the worker thread.
#pragma once
#include <functional>

#include "app/comparison.h"
#include "app/inference_worker.h"

namespace nibble {

/// `rowDone` is called on the worker thread after each entry, in order.
EngineJob makeComparisonJob(const ComparisonRequest& request, std::function<void(const ComparisonRow&)> rowDone);

}  // namespace nibble

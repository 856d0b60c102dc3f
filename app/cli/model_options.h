// The options that say how a model is loaded, shared by the verbs that load one.
#pragma once
#include <string>

#include "app/cli/verb.h"
#include "core/engine/engine.h"

namespace nibble {

/// --precision … --vram-limit.
std::vector<OptionSpec> modelOptions();

/// What the load is for: evaluation rounds activations of quantized weights to 16 bits instead of 8 unless asked otherwise.
enum class LoadPurpose { decoding, evaluation };

/// Errors: wrongUsage naming the option; a recipe file's own.
Result<LoadRequest> loadRequest(const Arguments& arguments, const std::string& model, LoadPurpose purpose);
/// The same with another precision in place of --precision and its companions (--head, --embedding, --activations, --compute, --kv).
Result<LoadRequest> referenceRequest(const LoadRequest& request, const std::string& precision);

/// MODEL or "shape:NAME", for verbs that take either. Errors: wrongUsage naming MODEL or --shape.
Result<std::string> modelOperand(const Arguments& arguments);

/// Ids that a user gave must lie inside the vocabulary. Errors: wrongUsage naming the option.
Result<void> checkIds(const std::string& option, const std::vector<std::int32_t>& ids, const ModelConfig& config);

/// Loads with a progress bar and says warnings. Where memory is short, the context's hint names plans that would fit.
Result<LoadReport> loadModel(Engine& engine, const LoadRequest& request, VerbContext& context);

/// A plan's bytes, a line a part and one for all; the plan in words, which says besides whether it fits; and as JSON:
/// {"parts": …, "total_bytes", "free_bytes", "fits"}.
std::string partsText(const MemoryPlan& plan);
std::string planText(const MemoryPlan& plan);
class JsonLine planJson(const MemoryPlan& plan);

/// "4.4 GiB".
std::string byteText(std::uint64_t bytes);

}  // namespace nibble

// Rotary frequencies for every rope kind, computed once at load from the planned context.
#pragma once
#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/model/model_config.h"

namespace nibble {

struct RopeTables {
  std::vector<float> inverseFrequencies;  // (head_dim / 2), fp32; the angle of position p is p × inverseFrequencies[i]
  float attentionFactor = 1.0f;           ///< cos and sin are multiplied by it (yarn)
};

/// Sources: linear (kaiokendev), dynamic NTK base′ = base·(factor·len/max − (factor−1))^(d/(d−2)) for `plannedContext` > max
/// (transformers' "dynamic"), llama3 (Meta), yarn (arXiv:2309.00071), as transformers 5 computes them.
RopeTables makeRopeTables(const ModelConfig& config, std::int64_t plannedContext);

}  // namespace nibble

// Host side of vectors that a kernel leaves rounded for the product behind it (rounded_vector.cuh): who leaves one.
#pragma once
#include "kernels/cuda/decode_step.h"

namespace nibble {
namespace gpu {

/// Whether products may take 8-bit activations, so that rounding for them is of use.
inline bool takesRounded(const DecodeModel& model) {
  return model.tuning.tensorProducts && model.tuning.fastProducts && model.shape.activationBits <= 8;
}

/// Whether decodeBegin() leaves workspace.roundedX, and decodeAttend() workspace.roundedAttention. (Of products
/// productLeavesRounded() says it.)
bool embeddingLeavesRounded(const DecodeModel& model);
bool attentionLeavesRounded(const DecodeModel& model, int layer);

}  // namespace gpu
}  // namespace nibble

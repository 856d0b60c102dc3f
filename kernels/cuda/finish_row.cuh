// What becomes of a finished row of a product: bias, then store, residual add or SwiGLU. Shared by the fast and the
// plain product.
#pragma once
#include "kernels/cuda/matvec.h"

namespace nibble {
namespace gpu {

/// What is added to a row before its epilogue; `pair`: to the up projection's for SwiGLU.
struct RowBias {
  float own = 0, pair = 0;
};
__device__ __forceinline__ RowBias biasOf(const MatvecArgs& args, int row) {
  const bool pair = args.epilogue == Epilogue::swiglu;
  const int segment = pair || row < args.starts[1] ? 0 : row < args.starts[2] ? 1 : 2;
  RowBias bias;
  if (args.bias[segment]) bias.own = args.bias[segment][row - args.starts[segment]];
  if (pair && args.bias[1]) bias.pair = args.bias[1][row];
  return bias;
}

/// v / (1 + e^-v). Where e^-v is beyond 2^126 the fast division yields 0, which is what v · e^v comes to there.
__device__ __forceinline__ float silu(float v) {
  return __fdividef(v, 1.0f + __expf(-v));
}

/// Stores `row` of the output and returns it; `pairY` is the up projection's value for SwiGLU, `residual` what the
/// output holds so far for add.
__device__ __forceinline__ float finishRow(const MatvecArgs& args, int row, float y, float pairY, float residual) {
  // No switch: the compiler makes a jump table of it, which is one more thing to wait for.
  if (args.epilogue == Epilogue::add) y += residual;
  if (args.epilogue == Epilogue::swiglu) y = silu(y) * pairY;
  if (args.epilogue == Epilogue::multiplySilu) y *= silu(args.output[row]);
  args.output[row] = y;
  return y;
}

}  // namespace gpu
}  // namespace nibble

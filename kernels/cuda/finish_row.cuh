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

/// `row` of the output; `pairY` is the up projection's value for SwiGLU, `residual` what the output holds so far for
/// add.
__device__ __forceinline__ void finishRow(const MatvecArgs& args, int row, float y, float pairY, float residual) {
  switch (args.epilogue) {
    case Epilogue::store:
      args.output[row] = y;
      break;
    case Epilogue::add:
      args.output[row] = residual + y;
      break;
    case Epilogue::swiglu:
      args.output[row] = silu(y) * pairY;
      break;
    case Epilogue::multiplySilu:
      args.output[row] = silu(args.output[row]) * y;
      break;
  }
}

}  // namespace gpu
}  // namespace nibble

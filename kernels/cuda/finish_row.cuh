// What becomes of a finished row of a product: bias, then store, residual add or SwiGLU. Shared by the fast and the
// plain product.
#pragma once
#include "kernels/cuda/matvec.h"

namespace nibble {
namespace gpu {

/// `row` of the output; `pairY` is the up projection's value for SwiGLU, `residual` what the output holds so far for
/// add.
__device__ __forceinline__ void finishRow(const MatvecArgs& args, int row, float y, float pairY, float residual) {
  const bool pair = args.epilogue == Epilogue::swiglu;
  const int segment = pair || row < args.starts[1] ? 0 : row < args.starts[2] ? 1 : 2;
  if (args.bias[segment]) y += args.bias[segment][row - args.starts[segment]];
  switch (args.epilogue) {
    case Epilogue::store:
      args.output[row] = y;
      break;
    case Epilogue::add:
      args.output[row] = residual + y;
      break;
    case Epilogue::swiglu:
      if (args.bias[1]) pairY += args.bias[1][row];
      args.output[row] = y / (1.0f + __expf(-y)) * pairY;
      break;
    case Epilogue::multiplySilu: {
      const float gate = args.output[row];
      args.output[row] = gate / (1.0f + __expf(-gate)) * y;
      break;
    }
  }
}

}  // namespace gpu
}  // namespace nibble

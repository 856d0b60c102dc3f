// Products of two formats in one launch: q8 beside q4, as the default recipe has k and v beside q.
#include "kernels/cuda/matvec_tensor_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchTwoMatvecs(cudaStream_t stream, const MatvecArgs& one, const MatvecArgs& other,
                             const MatvecOptions& options, bool& fits) {
  const bool inOrder = one.format == MatrixFormat::q4;
  const MatvecArgs& narrow = inOrder ? one : other;
  const MatvecArgs& wide = inOrder ? other : one;
  fits = options.tuning.fastProducts && narrow.format == MatrixFormat::q4 && wide.format == MatrixFormat::q8;
  return fits ? launchTwoTensors<Q4Tensor, Q8Tensor>(stream, narrow, wide, options, fits) : cudaSuccess;
}

}  // namespace gpu
}  // namespace nibble

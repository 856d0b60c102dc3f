// Products of two formats in one launch: 8-bit weights beside 4-bit ones, as recipes have them for k and v beside q.
#include "kernels/cuda/matvec_tensor_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchTwoMatvecs(cudaStream_t stream, const MatvecArgs& one, const MatvecArgs& other,
                             const MatvecOptions& options, bool& fits) {
  const MatvecArgs& narrow = one.format == MatrixFormat::q8 ? other : one;
  const MatvecArgs& wide = one.format == MatrixFormat::q8 ? one : other;
  fits = wide.format == MatrixFormat::q8 && options.tuning.fastProducts;
  if (!fits) return cudaSuccess;
  switch (narrow.format) {
    case MatrixFormat::q4:
      return launchTwoTensors<Q4Tensor, Q8Tensor>(stream, narrow, wide, options, fits);
    case MatrixFormat::nf4:
      return launchTwoTensors<Nf4Tensor<false>, Q8Tensor>(stream, narrow, wide, options, fits);
    case MatrixFormat::nf4dq:
      return launchTwoTensors<Nf4Tensor<true>, Q8Tensor>(stream, narrow, wide, options, fits);
    default:
      fits = false;
      return cudaSuccess;
  }
}

}  // namespace gpu
}  // namespace nibble

// q4 products with 8- and 16-bit activations.
#include "kernels/cuda/matvec_launch.cuh"
#include "kernels/cuda/matvec_tensor_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t tensorProductsCompiled(bool& compiled) {
  cudaFuncAttributes attributes{};
  const cudaError_t error = cudaFuncGetAttributes(&attributes, matvec_tensor_kernel<Q4Tensor, 2, InputKind::groups>);
  compiled = error == cudaSuccess && attributes.ptxVersion >= 90;
  return error;
}

cudaError_t launchQ4(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  const cudaError_t error = launchTensor<Q4Tensor>(stream, args, options, fits);
  if (fits) return error;
  if (options.activationBits <= 8) return launchIfFits<Q4Product<false>>(stream, args, options, fits);
  return launchIfFits<Q4Product<true>>(stream, args, options, fits);
}

}  // namespace gpu
}  // namespace nibble

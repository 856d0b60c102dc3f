// q8 products with 8- and 16-bit activations.
#include "kernels/cuda/matvec_launch.cuh"
#include "kernels/cuda/matvec_tensor_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchQ8(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  const cudaError_t error = launchTensor<Q8Tensor>(stream, args, options, fits);
  if (fits) return error;
  if (options.activationBits <= 8) return launchIfFits<Q8Product<false>>(stream, args, options, fits);
  return launchIfFits<Q8Product<true>>(stream, args, options, fits);
}

}  // namespace gpu
}  // namespace nibble

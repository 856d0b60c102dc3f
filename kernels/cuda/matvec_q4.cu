// q4 products with 8- and 16-bit activations.
#include "kernels/cuda/matvec_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchQ4(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  if (options.activationBits <= 8) return launchIfFits<Q4Product<false>>(stream, args, options, fits);
  return launchIfFits<Q4Product<true>>(stream, args, options, fits);
}

}  // namespace gpu
}  // namespace nibble

// q8 products with 8- and 16-bit activations.
#include "kernels/cuda/matvec_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchQ8(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  if (options.activationBits <= 8) return launchIfFits<Q8Product<false>>(stream, args, options, fits);
  return launchIfFits<Q8Product<true>>(stream, args, options, fits);
}

}  // namespace gpu
}  // namespace nibble

// f16, bf16 and f32 products with fp32 activations.
#include "kernels/cuda/matvec_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchFloat(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  switch (args.format) {
    case MatrixFormat::f16:
      return launchIfFits<HalfProduct<__half>>(stream, args, options, fits);
    case MatrixFormat::bf16:
      return launchIfFits<HalfProduct<__nv_bfloat16>>(stream, args, options, fits);
    default:
      return launchIfFits<FloatProduct>(stream, args, options, fits);
  }
}

}  // namespace gpu
}  // namespace nibble

// nf4 products, with absmax in fp32 or doubly quantized, with 8- and 16-bit activations.
#include "kernels/cuda/matvec_launch.cuh"
#include "kernels/cuda/matvec_tensor_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchNf4(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  const cudaError_t error = args.format == MatrixFormat::nf4dq
                                ? launchTensor<Nf4Tensor<true>>(stream, args, options, fits)
                                : launchTensor<Nf4Tensor<false>>(stream, args, options, fits);
  if (fits) return error;
  const bool wide = options.activationBits > 8;
  if (args.format == MatrixFormat::nf4dq)
    return wide ? launchIfFits<Nf4Product<true, true>>(stream, args, options, fits)
                : launchIfFits<Nf4Product<false, true>>(stream, args, options, fits);
  return wide ? launchIfFits<Nf4Product<true, false>>(stream, args, options, fits)
              : launchIfFits<Nf4Product<false, false>>(stream, args, options, fits);
}

}  // namespace gpu
}  // namespace nibble

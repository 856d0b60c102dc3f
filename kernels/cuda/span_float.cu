// Spans of f16 and bf16 with fp32 activations.
#include "kernels/cuda/span_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchSpanF16(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning) {
  return launchSpanOf<HalfProduct<__half>, HalfProduct<__half>>(stream, args, tuning);
}
cudaError_t launchSpanBf16(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning) {
  return launchSpanOf<HalfProduct<__nv_bfloat16>, HalfProduct<__nv_bfloat16>>(stream, args, tuning);
}

}  // namespace gpu
}  // namespace nibble

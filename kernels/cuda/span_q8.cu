// Spans of q8.
#include "kernels/cuda/span_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchSpanQ8(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning, int bits) {
  return launchSpanWith<Q8Product>(stream, args, tuning, bits);
}

}  // namespace gpu
}  // namespace nibble

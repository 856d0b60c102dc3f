// Spans of q4, k, v and head perhaps in q8.
#include "kernels/cuda/span_launch.cuh"

namespace nibble {
namespace gpu {

cudaError_t launchSpanQ4(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning, int bits) {
  return launchSpanWith<Q4Product>(stream, args, tuning, bits);
}

}  // namespace gpu
}  // namespace nibble

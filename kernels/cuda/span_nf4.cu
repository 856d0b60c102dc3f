// Spans of nf4 (absmax in fp32), k, v and head perhaps in q8.
#include "kernels/cuda/span_launch.cuh"

namespace nibble {
namespace gpu {

template <bool Wide>
using PlainNf4Product = Nf4Product<Wide, false>;

cudaError_t launchSpanNf4(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning, int bits) {
  return launchSpanWith<PlainNf4Product>(stream, args, tuning, bits);
}

}  // namespace gpu
}  // namespace nibble

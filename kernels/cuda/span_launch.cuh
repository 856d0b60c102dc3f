// Launches a span for one pair of formats; one instantiation a file, since each takes a while to compile.
#pragma once
#include "kernels/cuda/launch.h"
#include "kernels/cuda/span.cuh"

namespace nibble {
namespace gpu {

template <typename P, typename P2>
cudaError_t launchSpanOf(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning) {
  const std::size_t shared = static_cast<std::size_t>(kSpanWarps) * args.ringBytes +
                             spanActivationBytes(args.mostColumns, P::kQuantizedInput, P::kWideInput) +
                             kSpanWarps * kSpanTableBytes;
  return launch(span_kernel<P, P2>, dim3(tuning.multiprocessors), dim3(kSpanThreads + kSpanAskers * 32), shared, stream,
                tuning.dependentLaunch, args);
}

template <template <bool> class P>
cudaError_t launchSpanWith(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning, int bits) {
  if (bits <= 8) return launchSpanOf<P<false>, Q8Product<false>>(stream, args, tuning);
  return launchSpanOf<P<true>, Q8Product<true>>(stream, args, tuning);
}

}  // namespace gpu
}  // namespace nibble

// What the attention kernels share: which positions a block reads, and how the partial results of a KV head's blocks
// become one. All active blocks of a KV head meet at a counter, then each sums its share of the outputs over all
// splits; with one active block (short contexts) nothing of this happens. A launch never has more blocks than fit on
// the card at once.
#pragma once
#include <cuda_runtime.h>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/device_intrinsics.cuh"

namespace nibble {
namespace gpu {

struct SplitRange {
  int begin, end;  // positions of this block
  int active;      // blocks of this KV head that have any
  int kvHead, split, splits;
  int position;  // of the row being decoded: the last one of the last active block
};

__device__ inline SplitRange rangeOf(const AttentionArgs& args, int kvHead, int split, int splits) {
  const int position = *reinterpret_cast<const volatile std::int32_t*>(&args.input->position);
  const int length = position + 1;
  const int begin = args.window > 0 && length > args.window ? length - args.window : 0;
  const int count = length - begin;
  int each = (count + splits - 1) / splits;
  each = (each + kAttentionGranule - 1) / kAttentionGranule * kAttentionGranule;
  if (count <= kAttentionAlone) each = kAttentionAlone;
  SplitRange range;
  range.active = (count + each - 1) / each;
  range.begin = begin + split * each;
  range.end = min(range.begin + each, length);
  range.position = position;
  range.kvHead = kvHead;
  range.split = split;
  range.splits = splits;
  return range;
}

/// Floats of one head's partial: sums, maximum, denominator, padding.
__device__ inline int partialStride(int headDim) {
  return headDim + 4;
}

/// Where a block leaves its sums.
__device__ inline float* partialOf(const AttentionArgs& args, const SplitRange& range, int split) {
  const int group = args.heads / args.kvHeads;
  return args.partials +
         (static_cast<std::int64_t>(range.kvHead) * range.splits + split) * group * partialStride(args.headDim);
}

/// Waits until all active blocks of this KV head have written their partials. Called by all threads.
__device__ inline void meetSplits(const AttentionArgs& args, const SplitRange& range) {
  const int active = range.active;
  std::uint32_t* arrived = args.counters + 2 * range.kvHead;
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    atomicAdd(arrived, 1u);
    while (*reinterpret_cast<volatile std::uint32_t*>(arrived) < static_cast<std::uint32_t>(active)) {
    }
    __threadfence();
    if (atomicAdd(arrived + 1, 1u) == static_cast<std::uint32_t>(active) - 1) {
      arrived[0] = 0;
      arrived[1] = 0;
    }
  }
  __syncthreads();
}

/// Sums this block's share of the outputs over all splits: 32 values at a time, eight threads hold four each, and the
/// other threads take other splits. `memory`: 6 · blockDim floats of shared memory.
__device__ inline void mergeSplits(const AttentionArgs& args, const SplitRange& range, float* memory) {
  const int group = args.heads / args.kvHeads;
  const int quad = threadIdx.x & 7, subset = threadIdx.x >> 3, subsets = blockDim.x >> 3;
  const int values = group * args.headDim;
  float4* outs = reinterpret_cast<float4*>(memory);
  float* tops = memory + 4 * blockDim.x;
  float* denominators = memory + 5 * blockDim.x;
  for (int tile = range.split; tile * 32 < values; tile += range.active) {
    const int value = min(tile * 32 + quad * 4, values - 4);
    const int head = value / args.headDim, i = value - head * args.headDim;
    float top = -INFINITY, denominator = 0;
    float4 out = make_float4(0, 0, 0, 0);
#pragma unroll 4
    for (int split = subset; split < range.active; split += subsets) {
      const float* partial = partialOf(args, range, split) + head * partialStride(args.headDim);
      const float4 o = __ldcg(reinterpret_cast<const float4*>(partial + i));
      const float2 ml = __ldcg(reinterpret_cast<const float2*>(partial + args.headDim));
      const float next = fmaxf(top, ml.x);
      const float keep = exp2f(top - next), scale = exp2f(ml.x - next);
      denominator = denominator * keep + ml.y * scale;
      out = make_float4(out.x * keep + o.x * scale, out.y * keep + o.y * scale, out.z * keep + o.z * scale,
                        out.w * keep + o.w * scale);
      top = next;
    }
    outs[threadIdx.x] = out;
    tops[threadIdx.x] = top;
    denominators[threadIdx.x] = denominator;
    __syncthreads();
    if (threadIdx.x < 32 && tile * 32 + static_cast<int>(threadIdx.x) < values) {
      const int from = threadIdx.x >> 2;  // the thread that holds this value, in every subset
      float all = -INFINITY, below = 0, sum = 0;
      for (int s = 0; s < subsets; ++s) all = fmaxf(all, tops[s * 8 + from]);
      for (int s = 0; s < subsets; ++s) {
        const float scale = exp2f(tops[s * 8 + from] - all);
        below += denominators[s * 8 + from] * scale;
        sum += memory[(s * 8 + from) * 4 + (threadIdx.x & 3)] * scale;
      }
      args.output[range.kvHead * values + tile * 32 + threadIdx.x] = sum / below;
    }
    __syncthreads();
  }
}

}  // namespace gpu
}  // namespace nibble

// What the attention kernels share: which positions a block reads, and how the partial results of a KV head's blocks become
// one. All active blocks of a KV head meet at a counter, then each sums its share of the outputs over all splits; with one
// active block (short contexts) nothing of this happens. A launch never has more blocks than fit on the card at once.
#pragma once
#include <cuda_runtime.h>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/device_intrinsics.cuh"

namespace nibble {
namespace gpu {

struct SplitRange {
  int begin, end;   // positions of this block
  int active;       // blocks of this KV head that have any
  int kvHead, split, splits;
  int position;     // of the row being decoded: the last one of the last active block
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

/// Where a block leaves its sums.
__device__ inline float* partialOf(const AttentionArgs& args, const SplitRange& range, int split) {
  const int group = args.heads / args.kvHeads;
  return args.partials + (static_cast<std::int64_t>(range.kvHead) * range.splits + split) * group * (args.headDim + 2);
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

/// Sums this block's share of the outputs over all splits. `memory`: 3 · blockDim floats of shared memory.
__device__ inline void mergeSplits(const AttentionArgs& args, const SplitRange& range, float* memory) {
  const int active = range.active;
  const int group = args.heads / args.kvHeads;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  const int values = group * args.headDim;
  float* tops = memory;
  float* denominators = memory + blockDim.x;
  float* outs = memory + 2 * blockDim.x;
  for (int tile = range.split; tile * 32 < values; tile += active) {
    const int value = min(tile * 32 + lane, values - 1);
    const int head = value / args.headDim, i = value - head * args.headDim;
    float top = -INFINITY, denominator = 0, out = 0;
#pragma unroll 4
    for (int split = warp; split < active; split += warps) {
      const float* partial = partialOf(args, range, split) + head * (args.headDim + 2);
      const float o = __ldcg(partial + i), m = __ldcg(partial + args.headDim), l = __ldcg(partial + args.headDim + 1);
      const float next = fmaxf(top, m);
      const float keep = exp2f(top - next), scale = exp2f(m - next);
      denominator = denominator * keep + l * scale;
      out = out * keep + o * scale;
      top = next;
    }
    tops[threadIdx.x] = top;
    denominators[threadIdx.x] = denominator;
    outs[threadIdx.x] = out;
    __syncthreads();
    if (warp == 0) {
      float all = -INFINITY, below = 0, sum = 0;
      for (int w = 0; w < warps; ++w) all = fmaxf(all, tops[w * 32 + lane]);
      for (int w = 0; w < warps; ++w) {
        const float scale = exp2f(tops[w * 32 + lane] - all);
        below += denominators[w * 32 + lane] * scale;
        sum += outs[w * 32 + lane] * scale;
      }
      if (tile * 32 + lane < values) args.output[range.kvHead * values + value] = sum / below;
    }
    __syncthreads();
  }
}

}  // namespace gpu
}  // namespace nibble

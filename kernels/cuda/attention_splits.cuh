// What the attention kernels share: which positions a block reads, and how the partial results of a KV head's blocks
// become one. The active blocks of a KV head count themselves; the last ones wait for all, then each sums its share of
// the outputs over all splits; with one active block (short contexts) nothing of this happens. A launch never has more
// blocks than fit on the card at once.
#pragma once
#include <cuda_runtime.h>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/rounded_vector.cuh"

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
  each = (each + args.granule - 1) / args.granule * args.granule;
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

/// The last blocks of a KV head to be ready merge its splits; the others leave, so that the next kernel's blocks can
/// begin to load.
constexpr int kMergingBlocks = 32;

/// A block's share of the merging: number `index` of `count`, none if negative.
struct MergeShare {
  int index, count;
};

/// Outputs of a KV head, in tiles of 32.
__device__ inline int mergeTiles(const AttentionArgs& args) {
  return (args.heads / args.kvHeads * args.headDim + 31) / 32;
}

/// Says that this block has written its partial. If it is one of the last, waits until all have. Called by all threads,
/// once a step: the layer's counters are set back when the next step begins.
__device__ inline MergeShare meetSplits(const AttentionArgs& args, const SplitRange& range) {
  __shared__ int place;
  std::uint32_t* arrived = args.counters + range.kvHead;
  const int count = min(range.active, min(kMergingBlocks, mergeTiles(args)));
  __syncthreads();
  if (threadIdx.x == 0) {
    const int own = static_cast<int>(fetchAddRelease(arrived, 1)) - (range.active - count);
    place = own;
    while (own >= 0 && loadAcquire(arrived) < static_cast<std::uint32_t>(range.active)) {
    }
  }
  __syncthreads();
  return {place, count};
}

/// Four neighbouring outputs of some splits: sums relative to 2^top, and their denominator. Nothing yet: a top below
/// that of any score.
struct MergedSplits {
  float4 out = make_float4(0, 0, 0, 0);
  float top = -1e30f, below = 0;

  __device__ __forceinline__ void add(const float4& o, float otherTop, float otherBelow) {
    const float next = fmaxf(top, otherTop);
    const float keep = exp2f(top - next), scale = exp2f(otherTop - next);
    below = below * keep + otherBelow * scale;
    out = make_float4(out.x * keep + o.x * scale, out.y * keep + o.y * scale, out.z * keep + o.z * scale,
                      out.w * keep + o.w * scale);
    top = next;
  }
  __device__ __forceinline__ void addLane(int mask) {
    const float4 o = make_float4(__shfl_xor_sync(0xffffffffu, out.x, mask), __shfl_xor_sync(0xffffffffu, out.y, mask),
                                 __shfl_xor_sync(0xffffffffu, out.z, mask), __shfl_xor_sync(0xffffffffu, out.w, mask));
    const float otherTop = __shfl_xor_sync(0xffffffffu, top, mask);
    const float otherBelow = __shfl_xor_sync(0xffffffffu, below, mask);
    add(o, otherTop, otherBelow);
  }
};

/// What a lane's four of 32 outputs come to over the splits `subset`, `subset` + `subsets` …
__device__ inline MergedSplits mergeSubset(const AttentionArgs& args, const SplitRange& range, int value, int subset,
                                           int subsets) {
  constexpr int kBatch = 4;  // splits that a thread asks for before it looks at the first
  const int head = value / args.headDim, i = value - head * args.headDim;
  MergedSplits merged;
  for (int first = subset; first < range.active; first += kBatch * subsets) {
    float4 o[kBatch];
    float2 ml[kBatch];
#pragma unroll
    for (int k = 0; k < kBatch; ++k) {
      const int split = first + k * subsets;
      if (split >= range.active) continue;
      const float* partial = partialOf(args, range, split) + head * partialStride(args.headDim);
      o[k] = __ldcg(reinterpret_cast<const float4*>(partial + i));
      ml[k] = __ldcg(reinterpret_cast<const float2*>(partial + args.headDim));
    }
#pragma unroll
    for (int k = 0; k < kBatch; ++k)
      if (first + k * subsets < range.active) merged.add(o[k], ml[k].x, ml[k].y);
  }
  return merged;
}

/// Floats of shared memory that merging takes, by threads of the block: eight lanes a warp leave four sums, a maximum
/// and a denominator.
constexpr std::size_t mergeFloats(std::size_t threads) {
  return threads / 32 * 48;
}

/// Sums this block's share of the outputs over all splits. 32 outputs are a tile: eight lanes hold four each, the other
/// lanes, and other warps where there are more than tiles, take other splits. `memory`: mergeFloats(), aligned to 16
/// bytes.
__device__ inline void mergeSplits(const AttentionArgs& args, const SplitRange& range, const MergeShare& share,
                                   float* memory) {
  const int values = args.heads / args.kvHeads * args.headDim, tiles = mergeTiles(args);
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, warps = blockDim.x >> 5;
  int tileWarps = warps;
  while (tileWarps > 1 && share.count * (warps / tileWarps) < tiles) tileWarps >>= 1;
  const int groups = warps / tileWarps, group = warp / tileWarps, part = warp - group * tileWarps;
  float4* outs = reinterpret_cast<float4*>(memory);
  float2* others = reinterpret_cast<float2*>(memory + 32 * warps);
  for (int first = share.index * groups; first < tiles; first += share.count * groups) {
    const int value = min((first + group) * 32 + (lane & 7) * 4, values - 4);
    MergedSplits merged = mergeSubset(args, range, value, part * 4 + (lane >> 3), tileWarps * 4);
#pragma unroll
    for (int mask = 8; mask < 32; mask <<= 1) merged.addLane(mask);
    if (lane < 8) {
      outs[warp * 8 + lane] = merged.out;
      others[warp * 8 + lane] = make_float2(merged.top, merged.below);
    }
    __syncthreads();
    if (part == 0) {
      // Four lanes a value, each with every fourth warp.
      MergedSplits all;
      for (int w = lane >> 3; w < tileWarps; w += 4)
        all.add(outs[(warp + w) * 8 + (lane & 7)], others[(warp + w) * 8 + (lane & 7)].x,
                others[(warp + w) * 8 + (lane & 7)].y);
      all.addLane(8);
      all.addLane(16);
      if (lane < 8 && (first + group) * 32 + lane * 4 < values) {
        const float factor = __fdividef(1.0f, all.below);
        const float out[4] = {all.out.x * factor, all.out.y * factor, all.out.z * factor, all.out.w * factor};
        *reinterpret_cast<float4*>(args.output + range.kvHead * values + value) =
            make_float4(out[0], out[1], out[2], out[3]);
        if (args.rounded)
          storeRoundedColumns<4>(args.rounded, args.heads * args.headDim, range.kvHead * values + value, out, 0xffu);
      }
    }
    __syncthreads();
  }
}

}  // namespace gpu
}  // namespace nibble

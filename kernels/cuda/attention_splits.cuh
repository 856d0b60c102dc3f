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
  if (count <= args.oneBlockPositions) each = args.oneBlockPositions;
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
  return args.partials +
         (static_cast<std::int64_t>(range.kvHead) * range.splits + split) * args.group * partialStride(args.headDim);
}

/// What a block has come to of a row: the output itself if it is alone, else this split's partial. Half a warp a row,
/// all lanes: four columns from 4 · its number on, and those 64 further. `out`: sums relative to 2^top.
template <int HD>
__device__ __forceinline__ void leaveRow(const AttentionArgs& args, const SplitRange& range, int row,
                                         const float4 (&out)[HD / 64], float top, float below) {
  const int column = (threadIdx.x & 15) * 4;
  const bool inside = row < args.group;
  if (range.active > 1) {
    float* target = partialOf(args, range, range.split) + row * partialStride(HD);
    if (!inside) return;
#pragma unroll
    for (int i = 0; i < HD / 64; ++i) *reinterpret_cast<float4*>(target + column + 64 * i) = out[i];
    if (column == 0) *reinterpret_cast<float2*>(target + HD) = make_float2(top, below);
    return;
  }
  const float factor = __fdividef(1.0f, below);
  const int at = (range.kvHead * args.group + row) * HD + column;
  float o[HD / 64][4];
#pragma unroll
  for (int i = 0; i < HD / 64; ++i) {
    o[i][0] = out[i].x * factor, o[i][1] = out[i].y * factor, o[i][2] = out[i].z * factor, o[i][3] = out[i].w * factor;
    if (inside) *reinterpret_cast<float4*>(args.output + at + 64 * i) = make_float4(o[i][0], o[i][1], o[i][2], o[i][3]);
  }
  if (!args.rounded) return;
#pragma unroll
  for (int i = 0; i < HD / 64; ++i) storeRoundedColumns(args.rounded, args.heads * HD, at + 64 * i, o[i], inside);
}

/// A block's share of the merging: number `index` of `count`, none if negative. The last blocks of a KV head to be
/// ready merge its splits; the others leave, so that the next kernel's blocks can begin to load.
struct MergeShare {
  int index, count;
};

/// Of more splits than kFewSplits up to kMergingBlocks blocks merge, of fewer as many as give each tile a warp. A block
/// has kMergeWarps, a power of two.
constexpr int kMergingBlocks = 32, kFewSplits = 24;
constexpr int kMergeWarpsShift = 3, kMergeWarps = 1 << kMergeWarpsShift;

/// Outputs of a KV head, also in tiles of 32.
__device__ inline int mergeValues(const AttentionArgs& args) {
  return args.group * args.headDim;
}
__device__ inline int mergeTiles(const AttentionArgs& args) {
  return (mergeValues(args) + 31) / 32;
}

/// Says that this block has written its partial. If it is one of the last, waits until all have. Called by all threads,
/// once a step: the layer's counters are set back when the next step begins.
__device__ inline MergeShare meetSplits(const AttentionArgs& args, const SplitRange& range) {
  __shared__ int place;
  std::uint32_t* arrived = args.counters + range.kvHead;
  const int tiles = mergeTiles(args);
  const int wanted =
      range.active > kFewSplits ? min(kMergingBlocks, tiles) : (tiles + kMergeWarps - 1) >> kMergeWarpsShift;
  const int count = min(range.active, wanted);
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

  __device__ __forceinline__ void scaleTo(float next) {
    const float keep = fastExp2(top - next);
    out = make_float4(out.x * keep, out.y * keep, out.z * keep, out.w * keep);
    below *= keep;
    top = next;
  }
  __device__ __forceinline__ void addScaled(const MergedSplits& other, float scale) {
    below = fmaf(other.below, scale, below);
    out = make_float4(fmaf(other.out.x, scale, out.x), fmaf(other.out.y, scale, out.y), fmaf(other.out.z, scale, out.z),
                      fmaf(other.out.w, scale, out.w));
  }
  template <int Count>
  __device__ __forceinline__ void add(const MergedSplits (&others)[Count]) {
    float next = top;
#pragma unroll
    for (int k = 0; k < Count; ++k) next = fmaxf(next, others[k].top);
    scaleTo(next);
#pragma unroll
    for (int k = 0; k < Count; ++k) addScaled(others[k], fastExp2(others[k].top - next));
  }
  /// Lanes 8 and 16 apart: all four end with the same.
  __device__ __forceinline__ void addLanes() {
    float next = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 8));
    next = fmaxf(next, __shfl_xor_sync(0xffffffffu, next, 16));
    scaleTo(next);
#pragma unroll
    for (int mask = 8; mask < 32; mask <<= 1) {
      below += __shfl_xor_sync(0xffffffffu, below, mask);
      out.x += __shfl_xor_sync(0xffffffffu, out.x, mask);
      out.y += __shfl_xor_sync(0xffffffffu, out.y, mask);
      out.z += __shfl_xor_sync(0xffffffffu, out.z, mask);
      out.w += __shfl_xor_sync(0xffffffffu, out.w, mask);
    }
  }
};

/// What a lane's four outputs from number `value` of the KV head on come to over the splits `subset`, `subset` +
/// 2^shift … HD: head_dim where the compiler knows it, else 0.
template <int HD>
__device__ __forceinline__ MergedSplits mergeSubset(const AttentionArgs& args, const SplitRange& range, int value,
                                                    int subset, int shift) {
  constexpr int kBatch = 4;  // splits that a thread asks for before it looks at the first
  const int headDim = HD ? HD : args.headDim, head = value / headDim, i = value - head * headDim;
  const std::int64_t step = static_cast<std::int64_t>(args.group * partialStride(headDim)) << shift;
  const float* from = partialOf(args, range, subset) + head * partialStride(headDim);
  MergedSplits merged;
#pragma unroll 1
  for (int left = (range.active - subset + (1 << shift) - 1) >> shift; left > 0; left -= kBatch) {
    MergedSplits splits[kBatch];
#pragma unroll
    for (int k = 0; k < kBatch; ++k, from += step) {
      if (k >= left) continue;
      splits[k].out = __ldcg(reinterpret_cast<const float4*>(from + i));
      const float2 other = __ldcg(reinterpret_cast<const float2*>(from + headDim));
      splits[k].top = other.x;
      splits[k].below = other.y;
    }
    merged.add(splits);
  }
  return merged;
}

/// Stores a lane's four outputs from number `value` of the KV head on, if `inside`. All lanes of a warp.
__device__ __forceinline__ void storeMerged(const AttentionArgs& args, const SplitRange& range, int value,
                                            const MergedSplits& merged, bool inside) {
  const float factor = __fdividef(1.0f, merged.below);
  const float out[4] = {merged.out.x * factor, merged.out.y * factor, merged.out.z * factor, merged.out.w * factor};
  const int column = range.kvHead * mergeValues(args) + value;
  if (inside) *reinterpret_cast<float4*>(args.output + column) = make_float4(out[0], out[1], out[2], out[3]);
  if (args.rounded) storeRoundedColumns(args.rounded, args.heads * args.headDim, column, out, inside);
}

/// Floats of shared memory that merging takes: eight lanes a warp leave four sums, a maximum and a denominator.
constexpr std::size_t kMergeFloats = kMergeWarps * 48;

/// Merging where there are several warps a tile: eight lanes of a warp hold a tile's outputs, the other lanes and warps
/// take other splits.
template <int HD>
__device__ __forceinline__ void mergeByManyWarps(const AttentionArgs& args, const SplitRange& range,
                                                 const MergeShare& share, float* memory) {
  const int values = mergeValues(args), tiles = mergeTiles(args);
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  int shift = 0;  // of blocks to tiles
  while (share.count << shift < tiles) ++shift;
  const int warpShift = kMergeWarpsShift - shift;  // of tiles to warps
  const int tileWarps = 1 << warpShift, group = warp >> warpShift, part = warp & (tileWarps - 1);
  float4* outs = reinterpret_cast<float4*>(memory);
  float2* others = reinterpret_cast<float2*>(memory + 32 * kMergeWarps);
  const int value = ((share.index << shift) + group) * 32 + (lane & 7) * 4;
  MergedSplits merged = mergeSubset<HD>(args, range, min(value, values - 4), part * 4 + (lane >> 3), warpShift + 2);
  merged.addLanes();
  if (lane < 8) {
    outs[warp * 8 + lane] = merged.out;
    others[warp * 8 + lane] = make_float2(merged.top, merged.below);
  }
  __syncthreads();
  if (part != 0) return;
  // Four lanes a value, each with every fourth warp.
  MergedSplits all;
#pragma unroll 1
  for (int w = lane >> 3; w < tileWarps; w += 4) {
    MergedSplits own[1];
    const float2 other = others[(warp + w) * 8 + (lane & 7)];
    own[0].out = outs[(warp + w) * 8 + (lane & 7)];
    own[0].top = other.x;
    own[0].below = other.y;
    all.add(own);
  }
  all.addLanes();
  storeMerged(args, range, value, all, lane < 8 && value < values);
}

/// Sums this block's share of the outputs over all splits, eight lanes a tile: with several warps for each tile the
/// other lanes and warps take other splits, with one warp its other lanes do; with fewer warps, and then few splits,
/// they take other tiles. `memory`: kMergeFloats, aligned to 16 bytes. HD: head_dim where the compiler knows it, else
/// 0.
template <int HD>
__device__ __forceinline__ void mergeSplits(const AttentionArgs& args, const SplitRange& range, const MergeShare& share,
                                            float* memory) {
  const int lane = threadIdx.x & 31, octet = lane >> 3, column = (lane & 7) * 4;
  const int warps = share.count * kMergeWarps, warp = share.index * kMergeWarps + (threadIdx.x >> 5);
  const int values = mergeValues(args), tiles = mergeTiles(args);
  if (warps >= 2 * tiles) {
    mergeByManyWarps<HD>(args, range, share, memory);
  } else if (warps >= tiles) {
    if (warp >= tiles) return;
    const int value = warp * 32 + column;
    MergedSplits merged = mergeSubset<HD>(args, range, min(value, values - 4), octet, 2);
    merged.addLanes();
    storeMerged(args, range, value, merged, octet == 0 && value < values);
  } else {
#pragma unroll 1
    for (int first = warp * 4; first < tiles; first += warps * 4) {
      const int value = (first + octet) * 32 + column;
      const MergedSplits merged = mergeSubset<HD>(args, range, min(value, values - 4), 0, 0);
      storeMerged(args, range, value, merged, value < values);
    }
  }
}

}  // namespace gpu
}  // namespace nibble

// How tensor-core attention cuts rows of the cache up between threads, and what it prepares before it looks at the
// cache: the queries of a KV head as fp16 rows in shared memory, and the newest K and V, rounded into the cache and
// kept at hand.
#pragma once
#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_splits.cuh"
#include "kernels/cuda/kv_cache.cuh"

namespace nibble {
namespace gpu {

template <KvCacheFormat F, int HD>
struct Shape {
  static constexpr bool kScaled = F != KvCacheFormat::f16;
  static constexpr int kRowBytes = F == KvCacheFormat::f16 ? HD * 2 : F == KvCacheFormat::q8 ? HD : HD / 2;
  static constexpr int kKeyPiece = F == KvCacheFormat::f16 ? 8 : F == KvCacheFormat::q8 ? 16 : HD / 4;
  static constexpr int kKeyPieces = HD / 4 / kKeyPiece;  // pieces of a row a thread holds
  static constexpr int kValuePiece = HD / 8;             // of 8- and 4-bit caches
  static constexpr int pieceBytes(int values) { return values * kRowBytes / HD; }
};

/// Queries of the group as fp16 in shared memory; rows beyond the group are zero.
template <int HD>
struct QueryRows {
  static constexpr int kStride = HD + 8;
  alignas(16) __half rows[16 * kStride];
};

/// The newest position's K and V as they lie in the cache, so that its block need not read back what it has just
/// written.
template <int HD>
struct NewestRows {
  alignas(16) std::uint8_t key[HD * 2];
  alignas(16) std::uint8_t value[HD * 2];
  __half keyScales[HD / 32], valueScales[HD / 32];
};

template <int HD>
struct RawRow {
  float a[HD / 64], b[HD / 64];  // elements lane + 32i of the first and of the second half
  __device__ __forceinline__ void load(const float* raw) {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int i = 0; i < HD / 64; ++i) {
      a[i] = raw[lane + 32 * i];
      b[i] = raw[HD / 2 + lane + 32 * i];
    }
  }
  /// Past L1: another multiprocessor has just written it.
  __device__ __forceinline__ void loadFresh(const float* raw) {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int i = 0; i < HD / 64; ++i) {
      a[i] = __ldcg(raw + lane + 32 * i);
      b[i] = __ldcg(raw + HD / 2 + lane + 32 * i);
    }
  }
  __device__ __forceinline__ void normalize(const float* weight, float eps) {
    const int lane = threadIdx.x & 31;
    float squares = 0;
#pragma unroll
    for (int i = 0; i < HD / 64; ++i) squares += a[i] * a[i] + b[i] * b[i];
    const float root = rsqrtf(warpSum(squares) / HD + eps);
#pragma unroll
    for (int i = 0; i < HD / 64; ++i) {
      a[i] *= root * weight[lane + 32 * i];
      b[i] *= root * weight[HD / 2 + lane + 32 * i];
    }
  }
  __device__ __forceinline__ void rotate(const RawRow& table) {
#pragma unroll
    for (int i = 0; i < HD / 64; ++i) {
      const float x = a[i], y = b[i];
      a[i] = x * table.a[i] - y * table.b[i];
      b[i] = y * table.a[i] + x * table.b[i];
    }
  }
  __device__ __forceinline__ void store(float* out) const {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int i = 0; i < HD / 64; ++i) {
      out[lane + 32 * i] = a[i];
      out[HD / 2 + lane + 32 * i] = b[i];
    }
    __syncwarp();
  }
};

/// A row rounded to fp16, or to int8 with a scale per 32, from registers: in shared memory as `values` and `scales`,
/// and in the cache as row `index` of `store`. One warp.
template <KvCacheFormat F, int HD>
__device__ __forceinline__ void storeRawRow(const RawRow<HD>& row, std::uint8_t* values, __half* scales,
                                            std::uint8_t* store, const KvLayout& layout, std::int64_t index) {
  constexpr int kBlocks = HD / 32;
  const int lane = threadIdx.x & 31;
  float v[kBlocks];
#pragma unroll
  for (int b = 0; b < kBlocks; ++b) v[b] = b < kBlocks / 2 ? row.a[b % (kBlocks / 2)] : row.b[b % (kBlocks / 2)];
  if constexpr (F == KvCacheFormat::f16) {
    __half* to = reinterpret_cast<__half*>(store) + index * HD + lane;
#pragma unroll
    for (int b = 0; b < kBlocks; ++b) {
      const __half h = __float2half_rn(v[b]);
      reinterpret_cast<__half*>(values)[b * 32 + lane] = h;
      to[b * 32] = h;
    }
  } else {
    std::int8_t* to = reinterpret_cast<std::int8_t*>(store) + index * HD + lane;
    __half* scalesTo = reinterpret_cast<__half*>(store + layout.scaleOffset) + index * kBlocks;
    std::uint32_t top[kBlocks];
#pragma unroll
    for (int b = 0; b < kBlocks; ++b) top[b] = warpMax(__float_as_uint(fabsf(v[b])));
#pragma unroll
    for (int b = 0; b < kBlocks; ++b) {
      const __half scale = byteScale(top[b]);
      const std::int8_t byte = roundToByte(v[b], inverseScale(scale));
      reinterpret_cast<std::int8_t*>(values)[b * 32 + lane] = byte;
      to[b * 32] = byte;
      if (lane == 0) scales[b] = scalesTo[b] = scale;
    }
  }
}

/// The same in the 4-bit format, rotated before if it `isKey`, by way of a row of shared memory, `row`.
template <int HD>
__device__ __forceinline__ void storeRawRowIn4Bits(const RawRow<HD>& raw, bool isKey, std::uint8_t* values,
                                                   __half* scales, std::uint8_t* store, const KvLayout& layout,
                                                   std::int64_t index, float* row) {
  const int lane = threadIdx.x & 31;
  raw.store(row);
  if (isKey) rotateHead(row, HD);
  KvLayout local;
  local.headDim = HD;
  local.scaleCount = HD / 32;
  local.scaleOffset = static_cast<std::uint64_t>(reinterpret_cast<std::uint8_t*>(scales) - values);
  storeRow(values, local, KvCacheFormat::q4, 0, row);
  __syncwarp();
  constexpr int kRowBytes = HD / 2;
  for (int i = lane; i < kRowBytes / 4; i += 32)
    reinterpret_cast<std::uint32_t*>(store + index * kRowBytes)[i] = reinterpret_cast<const std::uint32_t*>(values)[i];
  if (lane < HD / 32) reinterpret_cast<__half*>(store + layout.scaleOffset)[index * (HD / 32) + lane] = scales[lane];
}

/// Prepares q (and, in the block that holds the newest position, K and V of it: into the cache and `newest`). Every
/// warp has all its rows under way before it touches the first.
template <KvCacheFormat F, int HD>
struct BlockInput {
  static constexpr int kRows = 16 / kAttentionWarps;
  RawRow<HD> rows[kRows], own, table;

  static __device__ __forceinline__ bool storesNewest(const SplitRange& range) {
    return range.split == range.active - 1 && threadIdx.x < 64;
  }

  __device__ __forceinline__ void load(const AttentionArgs& args, const SplitRange& range) {
    const int group = args.group, warp = threadIdx.x >> 5;
#pragma unroll
    for (int r = 0; r < kRows; ++r)
      if (warp + r * kAttentionWarps < group)
        rows[r].loadFresh(args.qkv + (range.kvHead * group + warp + r * kAttentionWarps) * HD);
    if (storesNewest(range))
      own.loadFresh(args.qkv + (args.heads + (warp == 0 ? 0 : args.kvHeads) + range.kvHead) * HD);
    table.load(args.rope);
  }

  __device__ __forceinline__ void storeNewest(const AttentionArgs& args, const SplitRange& range, float* out,
                                              NewestRows<HD>& newest) {
    const bool isKey = threadIdx.x < 32;
    std::uint8_t* values = isKey ? newest.key : newest.value;
    __half* scales = isKey ? newest.keyScales : newest.valueScales;
    std::uint8_t* store = static_cast<std::uint8_t*>(isKey ? args.keys : args.values);
    const std::int64_t index = static_cast<std::int64_t>(range.kvHead) * args.layout.capacity + range.position;
    if (isKey && args.keyNorm) own.normalize(args.keyNorm, args.normEps);
    if (isKey) own.rotate(table);
    if constexpr (F == KvCacheFormat::q4)
      storeRawRowIn4Bits<HD>(own, isKey, values, scales, store, args.layout, index, out);
    else
      storeRawRow<F, HD>(own, values, scales, store, args.layout, index);
  }

  /// `scratch`: a row a warp, for a 4-bit cache; else not used.
  __device__ __forceinline__ void finish(const AttentionArgs& args, const SplitRange& range, float* scratch,
                                         QueryRows<HD>& queries, NewestRows<HD>& newest) {
    const int group = args.group, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    float* out = F == KvCacheFormat::q4 ? scratch + warp * HD : nullptr;
    if (storesNewest(range)) storeNewest(args, range, out, newest);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const int row = warp + r * kAttentionWarps;
      __half* to = queries.rows + row * QueryRows<HD>::kStride;
      const bool any = row < group;
      if (any && args.queryNorm) rows[r].normalize(args.queryNorm, args.normEps);
      if (any) rows[r].rotate(table);
      if (F == KvCacheFormat::q4 && any) {
        __syncwarp();
        rows[r].store(out);
        rotateHead(out, HD);
        rows[r].load(out);
      }
#pragma unroll
      for (int i = 0; i < HD / 64; ++i) {
        to[lane + 32 * i] = __float2half_rn(any ? rows[r].a[i] * args.scale : 0.0f);
        to[HD / 2 + lane + 32 * i] = __float2half_rn(any ? rows[r].b[i] * args.scale : 0.0f);
      }
    }
    __syncthreads();
  }
};

}  // namespace gpu
}  // namespace nibble

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
  static constexpr int kValuePiece = F == KvCacheFormat::f16 ? 8 : HD / 8;
  static constexpr int kValuePieces = HD / 8 / kValuePiece;
  static constexpr int pieceBytes(int values) { return values * kRowBytes / HD; }
  /// Output column of accumulator tile t, mma column n.
  static __device__ __forceinline__ int column(int t, int n) {
    return t / kValuePiece * (kValuePiece * 8) + n * kValuePiece + t % kValuePiece;
  }
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

/// A row rounded to the cache's format, in shared memory. One warp.
template <KvCacheFormat F, int HD>
__device__ __forceinline__ void roundRow(const float* row, std::uint8_t* values, __half* scales) {
  KvLayout layout;
  layout.headDim = HD;
  layout.scaleCount = HD / 32;
  layout.scaleOffset = static_cast<std::uint64_t>(reinterpret_cast<std::uint8_t*>(scales) - values);
  storeRow(values, layout, F, 0, row);
  __syncwarp();
}

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

/// A row rounded to int8 with a scale per 32, from registers; all blocks side by side. One warp.
template <int HD>
__device__ __forceinline__ void roundRowToBytes(const RawRow<HD>& row, std::uint8_t* values, __half* scales) {
  constexpr int kBlocks = HD / 32;
  const int lane = threadIdx.x & 31;
  float v[kBlocks];
  std::uint32_t top[kBlocks];
#pragma unroll
  for (int b = 0; b < kBlocks; ++b) {
    v[b] = b < kBlocks / 2 ? row.a[b % (kBlocks / 2)] : row.b[b % (kBlocks / 2)];
    top[b] = __float_as_uint(fabsf(v[b]));
  }
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1)
#pragma unroll
    for (int b = 0; b < kBlocks; ++b) top[b] = max(top[b], __shfl_xor_sync(0xffffffffu, top[b], mask));
#pragma unroll
  for (int b = 0; b < kBlocks; ++b) {
    const __half scale = byteScale(top[b]);
    reinterpret_cast<std::int8_t*>(values)[b * 32 + lane] = roundToByte(v[b], inverseScale(scale));
    if (lane == 0) scales[b] = scale;
  }
  __syncwarp();
}

/// Prepares q (and, in the block that holds the newest position, K and V of it: into the cache and `newest`). Every
/// warp has all its rows under way before it touches the first.
template <KvCacheFormat F, int HD, int kWarps>
struct BlockInput {
  static constexpr int kRows = 16 / kWarps;
  RawRow<HD> rows[kRows], own, table;

  static __device__ __forceinline__ bool storesNewest(const SplitRange& range) {
    return range.split == range.active - 1 && threadIdx.x < 64;
  }

  __device__ __forceinline__ void load(const AttentionArgs& args, const SplitRange& range) {
    const int group = args.heads / args.kvHeads, warp = threadIdx.x >> 5;
#pragma unroll
    for (int r = 0; r < kRows; ++r)
      if (warp + r * kWarps < group) rows[r].loadFresh(args.qkv + (range.kvHead * group + warp + r * kWarps) * HD);
    if (storesNewest(range))
      own.loadFresh(args.qkv + (args.heads + (warp == 0 ? 0 : args.kvHeads) + range.kvHead) * HD);
    table.load(args.rope);
  }

  __device__ __forceinline__ void storeNewest(const AttentionArgs& args, const SplitRange& range, float* out,
                                              NewestRows<HD>& newest) {
    const int lane = threadIdx.x & 31;
    const bool isKey = threadIdx.x < 32;
    std::uint8_t* values = isKey ? newest.key : newest.value;
    __half* scales = isKey ? newest.keyScales : newest.valueScales;
    if (isKey && args.keyNorm) own.normalize(args.keyNorm, args.normEps);
    if (isKey) own.rotate(table);
    if constexpr (F == KvCacheFormat::q8) {
      roundRowToBytes<HD>(own, values, scales);
    } else {
      own.store(out);
      if (F == KvCacheFormat::q4 && isKey) rotateHead(out, HD);
      roundRow<F, HD>(out, values, scales);
    }
    const std::int64_t index = static_cast<std::int64_t>(range.kvHead) * args.layout.capacity + range.position;
    std::uint8_t* store = static_cast<std::uint8_t*>(isKey ? args.keys : args.values);
    constexpr int kRowBytes = Shape<F, HD>::kRowBytes;
    for (int i = lane; i < kRowBytes / 4; i += 32)
      reinterpret_cast<std::uint32_t*>(store + index * kRowBytes)[i] =
          reinterpret_cast<const std::uint32_t*>(values)[i];
    if (Shape<F, HD>::kScaled && lane < HD / 32)
      reinterpret_cast<__half*>(store + args.layout.scaleOffset)[index * (HD / 32) + lane] = scales[lane];
  }

  /// `scratch`: a row a warp.
  __device__ __forceinline__ void finish(const AttentionArgs& args, const SplitRange& range, float* scratch,
                                         QueryRows<HD>& queries, NewestRows<HD>& newest) {
    const int group = args.heads / args.kvHeads, warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    float* out = scratch + warp * HD;
    if (storesNewest(range)) storeNewest(args, range, out, newest);
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const int row = warp + r * kWarps;
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

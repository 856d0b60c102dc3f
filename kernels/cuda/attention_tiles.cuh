// The scores of tensor-core attention: a thread's queries and a warp's 16 positions of K, straight from the cache into
// mma.m16n8k16 fragments (the contraction index permuted so that every thread's share is contiguous in memory).
#pragma once
#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_input.cuh"
#include "kernels/cuda/kv_cache.cuh"
#include "kernels/cuda/tensor_core.cuh"

namespace nibble {
namespace gpu {

/// Bytes of one row's piece: kE consecutive values of a thread.
template <KvCacheFormat F, int kE>
struct Piece {
  static constexpr int kWords = F == KvCacheFormat::f16 ? kE / 2 : F == KvCacheFormat::q8 ? kE / 4 : kE / 8;
  std::uint32_t words[kWords];
  __device__ __forceinline__ void load(const std::uint8_t* at) {
    if constexpr (kWords % 4 == 0) {
#pragma unroll
      for (int i = 0; i < kWords; i += 4) {
        const uint4 v = __ldcg(reinterpret_cast<const uint4*>(at) + i / 4);
        words[i] = v.x, words[i + 1] = v.y, words[i + 2] = v.z, words[i + 3] = v.w;
      }
    } else if constexpr (kWords == 2) {
      const uint2 v = __ldcg(reinterpret_cast<const uint2*>(at));
      words[0] = v.x, words[1] = v.y;
    } else {
      words[0] = __ldcg(reinterpret_cast<const std::uint32_t*>(at));
    }
  }
  __device__ __forceinline__ void loadShared(const std::uint8_t* at) {
#pragma unroll
    for (int i = 0; i < kWords; ++i) words[i] = reinterpret_cast<const std::uint32_t*>(at)[i];
  }
  /// Values 4i … 4i+3 as biased bytes (8- and 4-bit caches).
  __device__ __forceinline__ std::uint32_t bytes(int i) const {
    if (F == KvCacheFormat::q8) return words[F == KvCacheFormat::q8 ? i : 0] ^ 0x80808080u;
    return codesOfNibbles(words[F == KvCacheFormat::q8 ? 0 : i / 2] >> (i % 2 * 16));
  }
};

/// A thread's share of the queries as A fragments, in the order of its pieces of K: held in registers for all
/// positions.
template <KvCacheFormat F, int HD>
struct QueryFragments {
  using S = Shape<F, HD>;
  std::uint32_t words[S::kKeyPieces][S::kKeyPiece / 4][4];

  __device__ __forceinline__ explicit QueryFragments(const QueryRows<HD>& queries) {
    const int lane = threadIdx.x & 31;
    const __half* top = queries.rows + (lane >> 2) * QueryRows<HD>::kStride;
    const __half* bottom = top + 8 * QueryRows<HD>::kStride;
#pragma unroll
    for (int j = 0; j < S::kKeyPieces; ++j)
#pragma unroll
      for (int t = 0; t < S::kKeyPiece / 4; ++t) {
        const int at = (j * 4 + (lane & 3)) * S::kKeyPiece + 4 * t;
        const uint2 upper = *reinterpret_cast<const uint2*>(top + at),
                    lower = *reinterpret_cast<const uint2*>(bottom + at);
        words[j][t][0] = upper.x, words[j][t][1] = lower.x, words[j][t][2] = upper.y, words[j][t][3] = lower.y;
      }
  }
};

/// Where a thread's share of a tile of K or V is: its row, and the scale that belongs to it.
template <KvCacheFormat F, int HD>
struct TilePlace {
  const std::uint8_t* row;
  const __half* scale;

  /// `store`: K's or V's start. `index`: the thread's first row of it. `value`: its first value of a row.
  __device__ __forceinline__ TilePlace(const void* store, const KvLayout& layout, std::int64_t index, int value) {
    const std::uint8_t* base = static_cast<const std::uint8_t*>(store);
    row = base + index * Shape<F, HD>::kRowBytes + Shape<F, HD>::pieceBytes(value);
    scale = reinterpret_cast<const __half*>(base + layout.scaleOffset) + index * (HD / 32) + value / 32;
  }
  __device__ __forceinline__ void advance(int positions) {
    row += positions * Shape<F, HD>::kRowBytes;
    scale += positions * (HD / 32);
  }
};

/// 16 positions of K. Those that load() leaves out stay zero, or what they were: their scores mean nothing.
template <KvCacheFormat F, int HD>
struct KeyTile {
  using S = Shape<F, HD>;
  using Place = TilePlace<F, HD>;
  Piece<F, S::kKeyPiece> pieces[2][S::kKeyPieces] = {};
  __half scales[2][S::kScaled ? S::kKeyPieces : 1] = {};

  /// Of the tile at `first`.
  static __device__ __forceinline__ Place placeOf(const AttentionArgs& args, std::int64_t head, int first) {
    const int lane = threadIdx.x & 31;
    return Place(args.keys, args.layout, head + first + (lane >> 2), (lane & 3) * S::kKeyPiece);
  }

  /// The tile's positions before number `valid`.
  __device__ __forceinline__ void load(const Place& place, int valid) {
    const int row = (threadIdx.x & 31) >> 2;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      if (row + n * 8 >= valid) continue;
#pragma unroll
      for (int j = 0; j < S::kKeyPieces; ++j) {
        pieces[n][j].load(place.row + n * 8 * S::kRowBytes + S::pieceBytes(j * 4 * S::kKeyPiece));
        if constexpr (S::kScaled) scales[n][j] = place.scale[n * 8 * (HD / 32) + j * 4 * S::kKeyPiece / 32];
      }
    }
  }

  /// Puts the newest position in where it belongs.
  __device__ __forceinline__ void patch(const NewestRows<HD>& newest, int first, int position) {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      if (first + n * 8 + (lane >> 2) != position) continue;
#pragma unroll
      for (int j = 0; j < S::kKeyPieces; ++j) {
        const int at = (j * 4 + (lane & 3)) * S::kKeyPiece;
        pieces[n][j].loadShared(newest.key + S::pieceBytes(at));
        if constexpr (S::kScaled) scales[n][j] = newest.keyScales[at / 32];
      }
    }
  }

  /// scores[n] = q · k of positions n·8 …
  __device__ __forceinline__ void scores(const QueryFragments<F, HD>& queries, float (&out)[2][4]) const {
#pragma unroll
    for (int j = 0; j < S::kKeyPieces; ++j) {
#pragma unroll
      for (int t = 0; t < S::kKeyPiece / 4; ++t) {
        const std::uint32_t(&a)[4] = queries.words[j][t];
#pragma unroll
        for (int n = 0; n < 2; ++n) {
          if constexpr (S::kScaled) {
            const uint2 b = widenFour(pieces[n][j].bytes(t), __half2half2(scales[n][j]));
            multiplyAdd(out[n], a, b.x, b.y);
          } else {
            multiplyAdd(out[n], a, pieces[n][j].words[2 * t], pieces[n][j].words[2 * t + 1]);
          }
        }
      }
    }
  }
};

/// Scores of the 16 positions from `first` on: those from `end` on become minus infinity.
__device__ __forceinline__ void maskScores(float (&s)[2][4], int first, int end) {
  if (first + 16 <= end) return;
  const int column = first + (threadIdx.x & 3) * 2;
#pragma unroll
  for (int n = 0; n < 2; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i)
      if (column + n * 8 + (i & 1) >= end) s[n][i] = -INFINITY;
}

}  // namespace gpu
}  // namespace nibble

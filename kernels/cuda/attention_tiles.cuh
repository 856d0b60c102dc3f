// The pieces of tensor-core attention: a thread's queries, a warp's 16 positions of K and V straight from the cache
// into mma.m16n8k16 fragments (contraction index and output columns permuted so that every thread's share is contiguous
// in memory), the running softmax.
#pragma once
#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_input.cuh"

namespace nibble {
namespace gpu {

__device__ __forceinline__ void mma16816(float (&d)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                         std::uint32_t b1) {
#if __CUDA_ARCH__ >= 800
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
  (void)d, (void)a, (void)b0, (void)b1;
#endif
}

__device__ __forceinline__ std::uint32_t halfPair(float a, float b) {
  const __half2 h = __floats2half2_rn(a, b);
  return *reinterpret_cast<const std::uint32_t*>(&h);
}

/// Two bytes (biased by 128) in bytes 0 and 2 of `bytes` → two halves times `scale`.
__device__ __forceinline__ std::uint32_t bytesToHalves(std::uint32_t bytes, __half2 scale) {
  const __half2 bias = __floats2half2_rn(1152.0f, 1152.0f);
  const __half2 h = __hmul2(__hsub2(*reinterpret_cast<const __half2*>(&bytes), bias), scale);
  return *reinterpret_cast<const std::uint32_t*>(&h);
}

/// Four nibbles → four codes of kQ4Codebook, each plus 128.
__device__ __forceinline__ std::uint32_t codesOfNibbles(std::uint32_t nibbles) {
  constexpr std::uint32_t t0 = 1u | 24u << 8 | 45u << 16 | 63u << 24, t1 = 79u | 93u << 8 | 106u << 16 | 118u << 24;
  constexpr std::uint32_t t2 = 129u | 141u << 8 | 153u << 16 | 166u << 24,
                          t3 = 181u | 197u << 8 | 217u << 16 | 241u << 24;
  const std::uint32_t low = nibbles & 0x7777u;
  return __byte_perm(__byte_perm(t0, t1, low), __byte_perm(t2, t3, low), ((nibbles >> 1) & 0x4444u) | 0x3210u);
}

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

template <KvCacheFormat F, int HD>
struct KeyTile {
  using S = Shape<F, HD>;
  Piece<F, S::kKeyPiece> pieces[2][S::kKeyPieces];
  __half scales[2][S::kScaled ? S::kKeyPieces : 1];

  __device__ __forceinline__ void load(const AttentionArgs& args, std::int64_t head, int first, int last) {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const std::int64_t index = head + min(first + n * 8 + (lane >> 2), last);
      const std::uint8_t* row = static_cast<const std::uint8_t*>(args.keys) + index * S::kRowBytes;
#pragma unroll
      for (int j = 0; j < S::kKeyPieces; ++j) {
        const int at = (j * 4 + (lane & 3)) * S::kKeyPiece;
        pieces[n][j].load(row + S::pieceBytes(at));
        if constexpr (S::kScaled)
          scales[n][j] = reinterpret_cast<const __half*>(static_cast<const std::uint8_t*>(args.keys) +
                                                         args.layout.scaleOffset)[index * (HD / 32) + at / 32];
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
            const std::uint32_t bytes = pieces[n][j].bytes(t);
            const __half2 scale = __half2half2(scales[n][j]);
            mma16816(out[n], a, bytesToHalves(__byte_perm(bytes, 0x64646464u, 0x4140), scale),
                     bytesToHalves(__byte_perm(bytes, 0x64646464u, 0x4342), scale));
          } else {
            mma16816(out[n], a, pieces[n][j].words[2 * t], pieces[n][j].words[2 * t + 1]);
          }
        }
      }
    }
  }
};

template <KvCacheFormat F, int HD>
struct ValueTile {
  using S = Shape<F, HD>;
  Piece<F, S::kValuePiece> pieces[4][S::kValuePieces];
  __half scales[4];

  /// Rows 2c, 2c+1, 2c+8, 2c+9 of the 16 positions (c: place of the thread in its quad), columns of the thread's octet.
  __device__ __forceinline__ void load(const AttentionArgs& args, std::int64_t head, int first, int last) {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int r = 0; r < 4; ++r) {
      const std::int64_t index = head + min(first + (lane & 3) * 2 + (r & 1) + (r >> 1) * 8, last);
      const std::uint8_t* row = static_cast<const std::uint8_t*>(args.values) + index * S::kRowBytes;
#pragma unroll
      for (int s = 0; s < S::kValuePieces; ++s)
        pieces[r][s].load(row + S::pieceBytes((s * 8 + (lane >> 2)) * S::kValuePiece));
      if constexpr (S::kScaled)
        scales[r] = reinterpret_cast<const __half*>(
            static_cast<const std::uint8_t*>(args.values) +
            args.layout.scaleOffset)[index * (HD / 32) + (lane >> 2) * S::kValuePiece / 32];
    }
  }

  /// Puts the newest position in, and nothing where no position is (its probability is zero, but a cache may hold
  /// anything).
  __device__ __forceinline__ void patch(const NewestRows<HD>& newest, int first, int position) {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int r = 0; r < 4; ++r) {
      const int p = first + (lane & 3) * 2 + (r & 1) + (r >> 1) * 8;
      if (p < position) continue;
#pragma unroll
      for (int s = 0; s < S::kValuePieces; ++s)
        pieces[r][s].loadShared(newest.value + S::pieceBytes((s * 8 + (lane >> 2)) * S::kValuePiece));
      if constexpr (S::kScaled) scales[r] = newest.valueScales[(lane >> 2) * S::kValuePiece / 32];
    }
  }

  __device__ __forceinline__ void accumulate(const std::uint32_t (&a)[4], float (&out)[HD / 8][4]) const {
    if constexpr (S::kScaled) {
      const __half2 scale01 = __halves2half2(scales[0], scales[1]), scale23 = __halves2half2(scales[2], scales[3]);
#pragma unroll
      for (int i = 0; i < S::kValuePiece / 4; ++i) {
        const std::uint32_t b0 = pieces[0][0].bytes(i), b1 = pieces[1][0].bytes(i), b2 = pieces[2][0].bytes(i),
                            b3 = pieces[3][0].bytes(i);
        constexpr std::uint32_t magic = 0x64646464u;
#pragma unroll
        for (int p = 0; p < 2; ++p) {
          const std::uint32_t pick = p ? 0x7362u : 0x5140u;  // {x.b2p, y.b2p, x.b2p+1, y.b2p+1}
          const std::uint32_t first = __byte_perm(b0, b1, pick), second = __byte_perm(b2, b3, pick);
          mma16816(out[4 * i + 2 * p], a, bytesToHalves(__byte_perm(first, magic, 0x4140), scale01),
                   bytesToHalves(__byte_perm(second, magic, 0x4140), scale23));
          mma16816(out[4 * i + 2 * p + 1], a, bytesToHalves(__byte_perm(first, magic, 0x4342), scale01),
                   bytesToHalves(__byte_perm(second, magic, 0x4342), scale23));
        }
      }
    } else {
#pragma unroll
      for (int s = 0; s < S::kValuePieces; ++s)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          mma16816(out[8 * s + 2 * i], a, __byte_perm(pieces[0][s].words[i], pieces[1][s].words[i], 0x5410),
                   __byte_perm(pieces[2][s].words[i], pieces[3][s].words[i], 0x5410));
          mma16816(out[8 * s + 2 * i + 1], a, __byte_perm(pieces[0][s].words[i], pieces[1][s].words[i], 0x7632),
                   __byte_perm(pieces[2][s].words[i], pieces[3][s].words[i], 0x7632));
        }
    }
  }
};

/// A warp's running softmax: rows lane/4 and lane/4 + 8.
template <int HD>
struct Running {
  float top[2] = {-INFINITY, -INFINITY};
  float below[2] = {0, 0};
  float out[HD / 8][4] = {};

  /// Scores → probabilities as the A fragment of the second product.
  __device__ __forceinline__ void update(float (&s)[2][4], int first, int end, std::uint32_t (&a)[4]) {
    const int column = first + (threadIdx.x & 3) * 2;
#pragma unroll
    for (int n = 0; n < 2; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (column + n * 8 + (i & 1) >= end) s[n][i] = -INFINITY;
    float keep[2];
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float best = fmaxf(fmaxf(s[0][2 * r], s[0][2 * r + 1]), fmaxf(s[1][2 * r], s[1][2 * r + 1]));
      best = fmaxf(best, __shfl_xor_sync(0xffffffffu, best, 1));
      best = fmaxf(best, __shfl_xor_sync(0xffffffffu, best, 2));
      best = fmaxf(best, top[r]);
      keep[r] = fastExp2(top[r] - best);
      top[r] = best;
      float sum = 0;
#pragma unroll
      for (int n = 0; n < 2; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i) sum += s[n][2 * r + i] = fastExp2(s[n][2 * r + i] - best);
      below[r] = below[r] * keep[r] + sum;
    }
    if (__any_sync(0xffffffffu, keep[0] != 1.0f || keep[1] != 1.0f)) {
#pragma unroll
      for (int t = 0; t < HD / 8; ++t) {
        out[t][0] *= keep[0];
        out[t][1] *= keep[0];
        out[t][2] *= keep[1];
        out[t][3] *= keep[1];
      }
    }
    a[0] = halfPair(s[0][0], s[0][1]);
    a[1] = halfPair(s[0][2], s[0][3]);
    a[2] = halfPair(s[1][0], s[1][1]);
    a[3] = halfPair(s[1][2], s[1][3]);
  }
};

}  // namespace gpu
}  // namespace nibble

// What a warp of attention over an 8- or 4-bit cache has by itself: 16 positions of V, straight from the cache into
// mma.m16n8k16 fragments (output columns permuted so that every thread's share is contiguous in memory), and a running
// softmax with the sums of all columns.
#pragma once
#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_input.cuh"
#include "kernels/cuda/attention_tiles.cuh"

namespace nibble {
namespace gpu {

/// 16 positions of V. Those that load() leaves out stay zero, or what they were; patch() sees to those behind the
/// newest.
template <KvCacheFormat F, int HD>
struct ValueTile {
  using S = Shape<F, HD>;
  using Place = TilePlace<F, HD>;
  Piece<F, S::kValuePiece> pieces[4] = {};
  __half scales[4] = {};

  static __device__ __forceinline__ Place placeOf(const AttentionArgs& args, std::int64_t head, int first) {
    const int lane = threadIdx.x & 31;
    return Place(args.values, args.layout, head + first + (lane & 3) * 2, (lane >> 2) * S::kValuePiece);
  }

  /// Output column of accumulator tile t, mma column n.
  static __device__ __forceinline__ int column(int t, int n) { return n * S::kValuePiece + t; }

  /// Rows 2c, 2c+1, 2c+8, 2c+9 of the 16 positions (c: place of the thread in its quad), if before number `valid`;
  /// columns of the thread's octet.
  __device__ __forceinline__ void load(const Place& place, int valid) {
    const int first = (threadIdx.x & 3) * 2;
#pragma unroll
    for (int r = 0; r < 4; ++r) {
      const int row = (r & 1) + (r >> 1) * 8;
      if (first + row >= valid) continue;
      pieces[r].load(place.row + row * S::kRowBytes);
      scales[r] = place.scale[row * (HD / 32)];
    }
  }

  /// Puts the newest position in where it belongs, and behind it again, where its probability is zero.
  __device__ __forceinline__ void patch(const NewestRows<HD>& newest, int first, int position) {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int r = 0; r < 4; ++r) {
      const int p = first + (lane & 3) * 2 + (r & 1) + (r >> 1) * 8;
      if (p < position) continue;
      pieces[r].loadShared(newest.value + S::pieceBytes((lane >> 2) * S::kValuePiece));
      scales[r] = newest.valueScales[(lane >> 2) * S::kValuePiece / 32];
    }
  }

  __device__ __forceinline__ void accumulate(const std::uint32_t (&a)[4], float (&out)[HD / 8][4]) const {
    const __half2 scale01 = __halves2half2(scales[0], scales[1]), scale23 = __halves2half2(scales[2], scales[3]);
#pragma unroll
    for (int i = 0; i < S::kValuePiece / 4; ++i) {
      const std::uint32_t b0 = pieces[0].bytes(i), b1 = pieces[1].bytes(i), b2 = pieces[2].bytes(i),
                          b3 = pieces[3].bytes(i);
      constexpr std::uint32_t magic = 0x64646464u;  // as widenFour(), but two halves at a time
#pragma unroll
      for (int p = 0; p < 2; ++p) {
        const std::uint32_t pick = p ? 0x7362u : 0x5140u;  // {x.b2p, y.b2p, x.b2p+1, y.b2p+1}
        const std::uint32_t first = __byte_perm(b0, b1, pick), second = __byte_perm(b2, b3, pick);
        multiplyAdd(out[4 * i + 2 * p], a, bytesToHalves(__byte_perm(first, magic, 0x4140), scale01),
                    bytesToHalves(__byte_perm(second, magic, 0x4140), scale23));
        multiplyAdd(out[4 * i + 2 * p + 1], a, bytesToHalves(__byte_perm(first, magic, 0x4342), scale01),
                    bytesToHalves(__byte_perm(second, magic, 0x4342), scale23));
      }
    }
  }
};

/// A warp's running softmax: rows lane/4 and lane/4 + 8.
template <int HD>
struct RunningSoftmax {
  float top[2] = {-INFINITY, -INFINITY};
  float below[2] = {0, 0};
  float out[HD / 8][4] = {};

  /// Scores → probabilities as the A fragment of the second product.
  __device__ __forceinline__ void update(float (&s)[2][4], int first, int end, std::uint32_t (&a)[4]) {
    maskScores(s, first, end);
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
    a[0] = packHalves(s[0][0], s[0][1]);
    a[1] = packHalves(s[0][2], s[0][3]);
    a[2] = packHalves(s[1][0], s[1][1]);
    a[3] = packHalves(s[1][2], s[1][3]);
  }
};

}  // namespace gpu
}  // namespace nibble

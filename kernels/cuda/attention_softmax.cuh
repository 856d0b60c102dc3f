// The softmax that the warps of a block of attention over a 16-bit cache share: each has the scores of 16 positions,
// all get the largest of each row, and leave their probabilities where every warp can read them.
#pragma once
#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_tiles.cuh"

namespace nibble {
namespace gpu {

/// Of a round: (16 rows, 128 positions), as A fragments read them.
struct ProbabilityRows {
  static constexpr int kStride = kAttentionRound + 8;
  alignas(16) __half rows[16 * kStride];

  /// Those of 16 positions from number `first` on.
  __device__ __forceinline__ void load(std::uint32_t (&a)[4], int first) const {
    const int lane = threadIdx.x & 31;
    loadMatrix4(a, sharedAddress(rows + (lane & 15) * kStride + first + (lane >> 4) * 8));
  }
};

/// Largest scores and denominators by row and warp; the largest of all at the end.
struct SoftmaxRows {
  alignas(16) float top[16][kAttentionWarps];
  alignas(16) float below[16][kAttentionWarps];
  float lastTop[16];
};

/// A lane's rows: lane/4 and lane/4 + 8. Scores are in units of log2.
struct SharedSoftmax {
  float top[2] = {-INFINITY, -INFINITY};
  float below[2] = {0, 0};  // of the lane's own positions

  /// Each row's largest score is left for the other warps.
  __device__ __forceinline__ void offer(const float (&s)[2][4], SoftmaxRows& rows) const {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float best = fmaxf(fmaxf(s[0][2 * r], s[0][2 * r + 1]), fmaxf(s[1][2 * r], s[1][2 * r + 1]));
      best = fmaxf(best, __shfl_xor_sync(0xffffffffu, best, 1));
      best = fmaxf(best, __shfl_xor_sync(0xffffffffu, best, 2));
      if ((lane & 3) == 0) rows.top[(lane >> 2) + 8 * r][threadIdx.x >> 5] = best;
    }
  }

  /// Once all have offered: the probabilities relative to the largest so far, and what earlier sums are multiplied by.
  __device__ __forceinline__ void take(const float (&s)[2][4], const SoftmaxRows& rows, ProbabilityRows& probabilities,
                                       float (&keep)[2]) {
    const int lane = threadIdx.x & 31, column = (threadIdx.x >> 5) * 16 + (lane & 3) * 2;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int row = (lane >> 2) + 8 * r;
      float best = top[r];
#pragma unroll
      for (int w = 0; w < kAttentionWarps; w += 4) {
        const float4 t = *reinterpret_cast<const float4*>(&rows.top[row][w]);
        best = fmaxf(best, fmaxf(fmaxf(t.x, t.y), fmaxf(t.z, t.w)));
      }
      keep[r] = fastExp2(top[r] - best);
      top[r] = best;
      float p[2][2], sum = 0;
#pragma unroll
      for (int n = 0; n < 2; ++n)
#pragma unroll
        for (int i = 0; i < 2; ++i) sum += p[n][i] = fastExp2(s[n][2 * r + i] - best);
      below[r] = fmaf(below[r], keep[r], sum);
#pragma unroll
      for (int n = 0; n < 2; ++n)
        *reinterpret_cast<std::uint32_t*>(probabilities.rows + row * ProbabilityRows::kStride + column + n * 8) =
            packHalves(p[n][0], p[n][1]);
    }
  }

  /// Denominators by warp, and the rows' largest scores.
  __device__ __forceinline__ void leave(SoftmaxRows& rows) {
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const int row = (lane >> 2) + 8 * r;
      below[r] += __shfl_xor_sync(0xffffffffu, below[r], 1);
      below[r] += __shfl_xor_sync(0xffffffffu, below[r], 2);
      if ((lane & 3) == 0) rows.below[row][warp] = below[r];
      if ((lane & 3) == 0 && warp == 0) rows.lastTop[row] = top[r];
    }
  }
};

}  // namespace gpu
}  // namespace nibble

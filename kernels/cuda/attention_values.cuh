// The values of attention over a 16-bit cache: rounds of positions in shared memory, brought there ahead of their use,
// and a warp's product of the probabilities with its own 16 columns of them. Chunks of 16 bytes are swizzled by their
// row, so that eight rows of a column are read (ldmatrix) without meeting in a bank.
#pragma once
#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_input.cuh"
#include "kernels/cuda/attention_softmax.cuh"
#include "kernels/cuda/attention_tiles.cuh"

namespace nibble {
namespace gpu {

/// A round's values.
template <int HD>
struct ValueStage {
  static constexpr int kChunks = HD / 8;  // of a row
  alignas(128) uint4 chunks[kAttentionRound * kChunks];

  static __device__ __forceinline__ int placeOf(int row, int chunk) { return row * kChunks + (chunk ^ (row & 7)); }
};

/// The rounds under way, each in the stage that its number comes to.
template <int HD>
struct ValueRing {
  using Stage = ValueStage<HD>;
  static constexpr int kStages = 2, kRowBytes = HD * 2;
  static constexpr int kThreadRows = kAttentionThreads / Stage::kChunks;  // from one row of a thread to its next

  Stage* stages;
  const std::uint8_t* from;  // the thread's first row and chunk of the first round
  std::uint32_t to;          // shared address of where it lies in the first stage

  /// `first`: row of the cache that the first round begins with.
  __device__ __forceinline__ ValueRing(const void* store, std::int64_t first, void* memory)
      : stages(static_cast<Stage*>(memory)) {
    const int row = threadIdx.x / Stage::kChunks, chunk = threadIdx.x % Stage::kChunks;
    from = static_cast<const std::uint8_t*>(store) + (first + row) * kRowBytes + chunk * 16;
    to = sharedAddress(stages->chunks + Stage::placeOf(row, chunk));
  }

  /// Asks for round number `round`. Its row number `valid` is left to patch(), those behind it become zero (a cache may
  /// hold anything there). All threads.
  __device__ __forceinline__ void copy(int round, int valid) const {
    const int row = threadIdx.x / Stage::kChunks;
    const std::uint8_t* source = from + static_cast<std::int64_t>(round) * (kAttentionRound * kRowBytes);
    const std::uint32_t target = to + round % kStages * static_cast<int>(sizeof(Stage));
#pragma unroll
    for (int i = 0; i < kAttentionRound; i += kThreadRows)
      copyAsync16OrZero(target + i * kRowBytes, source + i * kRowBytes, row + i < valid, row + i != valid);
  }

  /// Puts the newest position in as row `row` of a round. One warp.
  __device__ __forceinline__ void patch(int round, int row, const NewestRows<HD>& newest) const {
    const int lane = threadIdx.x & 31;
    if (lane < Stage::kChunks)
      stages[round % kStages].chunks[Stage::placeOf(row, lane)] = reinterpret_cast<const uint4*>(newest.value)[lane];
  }
};

/// A warp's sums: 16 rows, 16 columns as two tiles of an mma. Where there are more warps than columns for them, some
/// share columns and have every second 32 positions each.
template <int HD>
struct OutputTiles {
  using Stage = ValueStage<HD>;
  static constexpr int kGroups = HD / 16;                    // of columns
  static constexpr int kShares = kAttentionWarps / kGroups;  // warps that share a group
  float sums[2][4] = {};

  static __device__ __forceinline__ int group() { return (threadIdx.x >> 5) % kGroups; }
  static __device__ __forceinline__ int share() { return (threadIdx.x >> 5) / kGroups; }

  /// sums = keep · sums + probabilities · values of the round's first `rows` positions.
  __device__ __forceinline__ void add(const ProbabilityRows& probabilities, const Stage& stage, int rows,
                                      const float (&keep)[2]) {
    const int lane = threadIdx.x & 31;
    const std::uint32_t chunks =
        sharedAddress(stage.chunks + Stage::placeOf(lane & 15, group() * 2 + (lane >> 4)));  // of the first 16 rows
    float own[2][2][4] = {};  // every second 16 positions apart: shorter chains
#pragma unroll
    for (int i = 0; i < kAttentionRound / 32 / kShares; ++i) {
      if (i * kShares * 32 == kAttentionRound / 2 && rows <= kAttentionRound / 2) break;
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int first = (i * kShares + share()) * 32 + half * 16;
        std::uint32_t a[4], b[4];
        probabilities.load(a, first);
        loadMatrix4Transposed(b, chunks + first * (HD * 2));
#pragma unroll
        for (int t = 0; t < 2; ++t) multiplyAdd(own[half][t], a, b[2 * t], b[2 * t + 1]);
      }
    }
#pragma unroll
    for (int t = 0; t < 2; ++t)
#pragma unroll
      for (int i = 0; i < 4; ++i) sums[t][i] = fmaf(sums[t][i], keep[i / 2], own[0][t][i] + own[1][t][i]);
  }
};

}  // namespace gpu
}  // namespace nibble

// One tile of the tensor-core attention: 128 query rows × head_dim against 64 keys. Four warps of 32 query rows each
// keep scores, running maximum, running sum and output in registers (FlashAttention-2, arXiv:2307.08691).
#pragma once
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/tensor_core.cuh"

namespace nibble::gpu {

constexpr int kQueryTile = 128;
constexpr int kKeyTile = 64;
constexpr int kFlashWarps = 4;
constexpr int kFlashThreads = kFlashWarps * 32;

/// Where 16-byte piece `chunk` of row `row` stands in a (rows, HD) tile of halves: pieces are swizzled so that ldmatrix
/// meets no bank twice.
template <int HD>
__device__ __forceinline__ int swizzled(int row, int chunk) {
  return (row * (HD / 8) + (chunk ^ (row & 7))) * 8;
}

/// What a warp keeps over all key tiles. Row t·16 + i·8 + lane/4 of the warp's 32 is (t, i).
template <int HD>
struct FlashState {
  float out[2][HD / 8][4];
  float maximum[2][2];
  float sum[2][2];

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int t = 0; t < 2; ++t) {
#pragma unroll
      for (int n = 0; n < HD / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) out[t][n][i] = 0.0f;
      maximum[t][0] = maximum[t][1] = -INFINITY;
      sum[t][0] = sum[t][1] = 0.0f;
    }
  }
};

/// scores (32 × 64) = Q Kᵀ for this warp.
template <int HD>
__device__ __forceinline__ void flashScores(float (&scores)[2][8][4], const __half* queries, const __half* keys) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll
  for (int t = 0; t < 2; ++t)
#pragma unroll
    for (int n = 0; n < 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) scores[t][n][i] = 0.0f;
#pragma unroll
  for (int step = 0; step < HD / 16; ++step) {
    std::uint32_t a[2][4];
#pragma unroll
    for (int t = 0; t < 2; ++t)
      loadMatrix4(a[t], sharedAddress(queries + swizzled<HD>(warp * 32 + t * 16 + lane % 16, step * 2 + lane / 16)));
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      std::uint32_t b[4];
      loadMatrix4(b, sharedAddress(keys + swizzled<HD>(n * 16 + lane % 8 + lane / 16 * 8, step * 2 + lane / 8 % 2)));
#pragma unroll
      for (int t = 0; t < 2; ++t) {
        multiplyAdd(scores[t][2 * n], a[t], b[0], b[1]);
        multiplyAdd(scores[t][2 * n + 1], a[t], b[2], b[3]);
      }
    }
  }
}

/// Hides keys behind a row's own position (and before its window). `last[t][i]` is the row's own position minus the
/// tile's first key.
__device__ __forceinline__ void flashMask(float (&scores)[2][8][4], const int (&last)[2][2], int window) {
  const int column = threadIdx.x % 4 * 2;
#pragma unroll
  for (int t = 0; t < 2; ++t)
#pragma unroll
    for (int n = 0; n < 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int key = n * 8 + column + i % 2, row = last[t][i / 2];
        if (key > row || (window > 0 && key <= row - window)) scores[t][n][i] = -INFINITY;
      }
}

/// Scores to probabilities (not yet divided by their sum). `scale` holds log2(e). What was summed before is rescaled
/// only where the maximum has grown by more than 2^8: until then the probabilities stay below 256, which fp16 holds as
/// exactly as those below 1.
template <int HD>
__device__ __forceinline__ void flashSoftmax(float (&scores)[2][8][4], FlashState<HD>& state, float scale) {
  constexpr float kSlack = 8.0f;
  float shrink[2][2];
  bool grown = false;
#pragma unroll
  for (int t = 0; t < 2; ++t)
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      float top = scores[t][0][2 * i];
#pragma unroll
      for (int n = 0; n < 8; ++n) top = fmaxf(top, fmaxf(scores[t][n][2 * i], scores[t][n][2 * i + 1]));
      top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 1));
      top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, 2));
      const float former = state.maximum[t][i];
      const bool grows = top * scale > former * scale + kSlack;  // true at the first key: former is -inf
      shrink[t][i] = grows ? fastExp2((former - top) * scale) : 1.0f;
      if (grows) state.maximum[t][i] = top;
      grown |= grows;
      const float base = state.maximum[t][i] == -INFINITY ? 0.0f : state.maximum[t][i] * scale;
      float sum = state.sum[t][i] * shrink[t][i];
#pragma unroll
      for (int n = 0; n < 8; ++n)
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          const float p = fastExp2(scores[t][n][2 * i + j] * scale - base);
          scores[t][n][2 * i + j] = p;
          sum += p;
        }
      state.sum[t][i] = sum;
    }
  if (!__any_sync(0xffffffffu, grown)) return;
#pragma unroll
  for (int t = 0; t < 2; ++t)
#pragma unroll
    for (int n = 0; n < HD / 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) state.out[t][n][i] *= shrink[t][i / 2];
}

/// out (32 × HD) += P V.
template <int HD>
__device__ __forceinline__ void flashValues(FlashState<HD>& state, const float (&scores)[2][8][4],
                                            const __half* values) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int step = 0; step < kKeyTile / 16; ++step) {
    std::uint32_t a[2][4];
#pragma unroll
    for (int t = 0; t < 2; ++t) {
      a[t][0] = packHalves(scores[t][2 * step][0], scores[t][2 * step][1]);
      a[t][1] = packHalves(scores[t][2 * step][2], scores[t][2 * step][3]);
      a[t][2] = packHalves(scores[t][2 * step + 1][0], scores[t][2 * step + 1][1]);
      a[t][3] = packHalves(scores[t][2 * step + 1][2], scores[t][2 * step + 1][3]);
    }
#pragma unroll
    for (int n = 0; n < HD / 16; ++n) {
      std::uint32_t b[4];
      loadMatrix4Transposed(b, sharedAddress(values + swizzled<HD>(step * 16 + lane % 16, n * 2 + lane / 16)));
#pragma unroll
      for (int t = 0; t < 2; ++t) {
        multiplyAdd(state.out[t][2 * n], a[t], b[0], b[1]);
        multiplyAdd(state.out[t][2 * n + 1], a[t], b[2], b[3]);
      }
    }
  }
}

}  // namespace nibble::gpu

// The fp32 product of one panel (k columns of 16 rows) with many rows of x, in register tiles. Included by one file per level.
#pragma once
#include "kernels/cpu/simd.h"

namespace nibble {
namespace {

constexpr int kTileRows = kLanes == 16 ? 12 : kLanes == 8 ? 6 : 2;  // rows of x whose sums fit in the registers

/// y[i][0..16) (+)= Σ_k x[i][k] · w[k][0..16) for N rows i.
template <int N>
inline void sgemmTile(const float* w, std::int64_t wStride, std::int64_t k, const float* x, std::int64_t xStride, float* y,
                      std::int64_t yStride, bool add) {
  Vec sums[N][kRowVecs];
  for (int i = 0; i < N; ++i) {
    for (int v = 0; v < kRowVecs; ++v) sums[i][v] = splat(0.0f);
  }
  for (std::int64_t j = 0; j < k; ++j) {
    Vec weights[kRowVecs];
    for (int v = 0; v < kRowVecs; ++v) weights[v] = load(w + j * wStride + v * kLanes);
#pragma GCC unroll 12
    for (int i = 0; i < N; ++i) {
      const Vec value = splat(x[i * xStride + j]);
      for (int v = 0; v < kRowVecs; ++v) sums[i][v] = fma(value, weights[v], sums[i][v]);
    }
  }
  for (int i = 0; i < N; ++i) {
    for (int v = 0; v < kRowVecs; ++v) {
      float* target = y + i * yStride + v * kLanes;
      store(target, add ? load(target) + sums[i][v] : sums[i][v]);
    }
  }
}

/// One row of x: four sums side by side hide the latency of the additions.
inline void sgemvTile(const float* w, std::int64_t wStride, std::int64_t k, const float* x, float* y, bool add) {
  Vec sums[4][kRowVecs];
  for (auto& row : sums) {
    for (int v = 0; v < kRowVecs; ++v) row[v] = splat(0.0f);
  }
  std::int64_t j = 0;
  for (; j + 4 <= k; j += 4) {
    for (int u = 0; u < 4; ++u) {
      const Vec value = splat(x[j + u]);
      for (int v = 0; v < kRowVecs; ++v) sums[u][v] = fma(value, load(w + (j + u) * wStride + v * kLanes), sums[u][v]);
    }
  }
  for (; j < k; ++j) {
    for (int v = 0; v < kRowVecs; ++v) sums[0][v] = fma(splat(x[j]), load(w + j * wStride + v * kLanes), sums[0][v]);
  }
  for (int v = 0; v < kRowVecs; ++v) {
    const Vec sum = (sums[0][v] + sums[1][v]) + (sums[2][v] + sums[3][v]);
    store(y + v * kLanes, add ? load(y + v * kLanes) + sum : sum);
  }
}

template <int N>
inline void sgemmRest(int rows, const float* w, std::int64_t wStride, std::int64_t k, const float* x, std::int64_t xStride, float* y,
                      std::int64_t yStride, bool add) {
  if constexpr (N > 1) {
    if (rows < N) return sgemmRest<N - 1>(rows, w, wStride, k, x, xStride, y, yStride, add);
    sgemmTile<N>(w, wStride, k, x, xStride, y, yStride, add);
  } else {
    sgemvTile(w, wStride, k, x, y, add);
  }
}

/// All n rows against one panel; y has room for 16 columns.
inline void sgemmPanel(const float* w, std::int64_t wStride, std::int64_t k, const float* x, std::int64_t n, std::int64_t xStride,
                       float* y, std::int64_t yStride, bool add) {
  for (std::int64_t i = 0; i < n; i += kTileRows) {
    const int rows = static_cast<int>(n - i < kTileRows ? n - i : kTileRows);
    sgemmRest<kTileRows>(rows, w, wStride, k, x + i * xStride, xStride, y + i * yStride, yStride, add);
  }
}

}  // namespace
}  // namespace nibble

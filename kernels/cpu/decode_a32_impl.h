// One row of fp32 activations against packed weights, at one level: weights are turned to fp32 in registers and never stored.
// Block formats add value × x over a block first and multiply by the scale once.
#pragma once
#include "kernels/cpu/dequantize_impl.h"

namespace nibble {
namespace {

/// 16 sums, one for each row of a panel.
struct PanelSums {
  Vec lanes[kRowVecs];
  PanelSums() {
    for (Vec& lane : lanes) lane = splat(0.0f);
  }
};

inline void prefetchWeights(const void* p) { __builtin_prefetch(static_cast<const char*>(p) + 8192); }

/// [column][16 rows] of numbers; `loadAt(p)` turns kLanes of them to fp32. Four chains hide the latency of the additions.
template <typename T, typename Load>
inline PanelSums sumNumbers(const T* weights, const float* x, std::int64_t columns, const Load& loadAt) {
  PanelSums sums[4];
  std::int64_t c = 0;
  for (; c + 4 <= columns; c += 4) {
    for (std::int64_t bytes = 0; bytes < static_cast<std::int64_t>(64 * sizeof(T)); bytes += 64) prefetchWeights(reinterpret_cast<const char*>(weights + c * 16) + bytes);
    for (int u = 0; u < 4; ++u) {
      const Vec value = splat(x[c + u]);
      for (int v = 0; v < kRowVecs; ++v) sums[u].lanes[v] = fma(value, loadAt(weights + (c + u) * 16 + v * kLanes), sums[u].lanes[v]);
    }
  }
  for (; c < columns; ++c) {
    for (int v = 0; v < kRowVecs; ++v) sums[0].lanes[v] = fma(splat(x[c]), loadAt(weights + c * 16 + v * kLanes), sums[0].lanes[v]);
  }
  for (int v = 0; v < kRowVecs; ++v) {
    sums[0].lanes[v] = (sums[0].lanes[v] + sums[1].lanes[v]) + (sums[2].lanes[v] + sums[3].lanes[v]);
  }
  return sums[0];
}

/// Σ value × x over the 32 columns of an int8 block [8 groups][16 rows][4]. x is padded to 32.
inline PanelSums sumInt8Block(const std::int8_t* values, const float* x) {
  PanelSums even, odd;
  for (int group = 0; group < 8; ++group) {
    for (int v = 0; v < kRowVecs; ++v) {
      const std::int8_t* bytes = values + group * 64 + v * kLanes * 4;
      even.lanes[v] = fma(splat(x[group * 4]), loadColumn(bytes, 0), even.lanes[v]);
      odd.lanes[v] = fma(splat(x[group * 4 + 1]), loadColumn(bytes, 1), odd.lanes[v]);
      even.lanes[v] = fma(splat(x[group * 4 + 2]), loadColumn(bytes, 2), even.lanes[v]);
      odd.lanes[v] = fma(splat(x[group * 4 + 3]), loadColumn(bytes, 3), odd.lanes[v]);
    }
  }
  for (int v = 0; v < kRowVecs; ++v) even.lanes[v] = even.lanes[v] + odd.lanes[v];
  return even;
}

/// The q4 codebook as fp32, for looking up 16 at once.
alignas(64) constexpr float kQ4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// Σ table[nibble] × x over 32 columns of nibbles [4][16 rows][4].
inline PanelSums sumNibbles(const std::uint8_t* bytes, const float* table, const float* x) {
  PanelSums low, high;
  for (int j = 0; j < 4; ++j) {
    for (int v = 0; v < kRowVecs; ++v) {
      const std::uint8_t* p = bytes + j * 64 + v * kLanes * 4;
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        low.lanes[v] = fma(splat(x[j * 4 + c]), lookupColumn(p, c, 0, table), low.lanes[v]);
        high.lanes[v] = fma(splat(x[j * 4 + c + 16]), lookupColumn(p, c, 4, table), high.lanes[v]);
      }
    }
  }
  for (int v = 0; v < kRowVecs; ++v) low.lanes[v] = low.lanes[v] + high.lanes[v];
  return low;
}

/// q4: one permute looks up 16 values with AVX-512; narrower vectors go through bytes.
inline PanelSums sumQ4Block(const std::uint8_t* bytes, const float* x) {
  if constexpr (kLanes == 16) return sumNibbles(bytes, kQ4Values, x);
  std::int8_t values[512];
  for (int j = 0; j < 4; ++j) expandNibbles(bytes + j * 64, kQ4Codebook, values + j * 64, values + 256 + j * 64);
  return sumInt8Block(values, x);
}

inline PanelSums sumBlocks(const PackedMatrix& matrix, std::int64_t panel, const float* x) {
  const std::uint8_t* block = matrix.data + panel * panelBytes(matrix.type, matrix.columns);
  const bool isQ8 = matrix.type == WeightType::q8;
  PanelSums sums;
  for (std::int64_t first = 0; first < matrix.columns; first += 32, block += isQ8 ? kQ8PanelBlock : kQ4PanelBlock) {
    float padded[32] = {};
    const float* here = x + first;
    if (matrix.columns - first < 32) {
      std::memcpy(padded, here, static_cast<std::size_t>(matrix.columns - first) * sizeof(float));
      here = padded;
    }
    for (std::int64_t bytes = 0; bytes < (isQ8 ? kQ8PanelBlock : kQ4PanelBlock); bytes += 64) prefetchWeights(block + bytes);
    const std::uint8_t* values = block + kScaleBytes;
    const PanelSums part = isQ8 ? sumInt8Block(reinterpret_cast<const std::int8_t*>(values), here) : sumQ4Block(values, here);
    for (int v = 0; v < kRowVecs; ++v) {
      sums.lanes[v] = fma(part.lanes[v], loadHalf(reinterpret_cast<const std::uint16_t*>(block) + v * kLanes), sums.lanes[v]);
    }
  }
  return sums;
}

inline PanelSums sumNf4(const PackedMatrix& matrix, std::int64_t panel, const float* x) {
  const bool isDouble = matrix.type == WeightType::nf4dq;
  const std::int64_t blockBytes = isDouble ? kNf4dqPanelBlock : kNf4PanelBlock;
  const std::uint8_t* block = matrix.data + panel * panelBytes(matrix.type, matrix.columns);
  PanelSums sums;
  for (std::int64_t b = 0; b < matrix.columns / 64; ++b, block += blockBytes) {
    float absmax[kPanelRows];
    if (isDouble) {
      nf4dqAbsmax(matrix, panel, b, block, absmax);
    } else {
      std::memcpy(absmax, block, sizeof absmax);
    }
    for (std::int64_t bytes = 0; bytes < blockBytes; bytes += 64) prefetchWeights(block + bytes);
    const PanelSums first = sumNibbles(block + blockBytes - 512, kNf4Code, x + b * 64), second = sumNibbles(block + blockBytes - 256, kNf4Code, x + b * 64 + 32);
    for (int v = 0; v < kRowVecs; ++v) {
      sums.lanes[v] = fma(first.lanes[v] + second.lanes[v], load(absmax + v * kLanes), sums.lanes[v]);
    }
  }
  return sums;
}

/// The 16 outputs of one panel. Not for flat nf4.
inline PanelSums sumPanel(const PackedMatrix& matrix, std::int64_t panel, const float* x) {
  const std::uint8_t* start = matrix.data + panel * panelBytes(matrix.type, matrix.columns);
  const auto* words = reinterpret_cast<const std::uint16_t*>(start);
  switch (matrix.type) {
    case WeightType::f32: return sumNumbers(reinterpret_cast<const float*>(start), x, matrix.columns, [](const float* p) { return load(p); });
    case WeightType::f16: return sumNumbers(words, x, matrix.columns, [](const std::uint16_t* p) { return loadHalf(p); });
    case WeightType::bf16: return sumNumbers(words, x, matrix.columns, [](const std::uint16_t* p) { return loadBf16(p); });
    case WeightType::q8:
    case WeightType::q4: return sumBlocks(matrix, panel, x);
    case WeightType::nf4:
    case WeightType::nf4dq: break;
  }
  return sumNf4(matrix, panel, x);
}

}  // namespace
}  // namespace nibble

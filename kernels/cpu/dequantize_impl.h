// Weights of a piece of a panel as exact fp32: out[column][16 rows]. Included by one file per level.
#pragma once
#include "kernels/cpu/panel_layout.h"
#include "kernels/cpu/simd.h"
#include "kernels/dynamic_code.h"

namespace nibble {
namespace {

/// A block of int8 [8 groups][16 rows][4 columns] times the rows' scales.
inline void scaleInt8Block(const std::int8_t* values, const std::uint16_t* scales, std::int64_t columns, float* out) {
  Vec scale[kRowVecs];
  for (int v = 0; v < kRowVecs; ++v) scale[v] = loadHalf(scales + v * kLanes);
  for (std::int64_t c = 0; c < columns; ++c) {
    for (int v = 0; v < kRowVecs; ++v) {
      store(out + c * 16 + v * kLanes, loadColumn(values + (c / 4) * 64 + v * kLanes * 4, static_cast<int>(c % 4)) * scale[v]);
    }
  }
}

inline void dequantizeQ8(const std::uint8_t* panel, std::int64_t first, std::int64_t last, float* out) {
  for (std::int64_t c = first; c < last; c += 32) {
    const std::uint8_t* block = panel + c / 32 * kQ8PanelBlock;
    scaleInt8Block(reinterpret_cast<const std::int8_t*>(block + kScaleBytes), reinterpret_cast<const std::uint16_t*>(block),
                   last - c < 32 ? last - c : 32, out + (c - first) * 16);
  }
}

inline void dequantizeQ4(const std::uint8_t* panel, std::int64_t first, std::int64_t last, float* out) {
  for (std::int64_t c = first; c < last; c += 32) {
    const std::uint8_t* block = panel + c / 32 * kQ4PanelBlock;
    std::int8_t values[512];
    for (int j = 0; j < 4; ++j) expandNibbles(block + kScaleBytes + j * 64, kQ4Codebook, values + j * 64, values + 256 + j * 64);
    scaleInt8Block(values, reinterpret_cast<const std::uint16_t*>(block), last - c < 32 ? last - c : 32, out + (c - first) * 16);
  }
}

/// absmax of the 16 rows of one nf4-dq block, exactly as it is unpacked elsewhere: code × nested + offset, two roundings.
inline void nf4dqAbsmax(const PackedMatrix& matrix, std::int64_t panel, std::int64_t block, const std::uint8_t* codes, float* out) {
  const Nf4Parts parts = nf4Parts(matrix.type, matrix.rows, matrix.columns);
  const float* nested = reinterpret_cast<const float*>(matrix.data + parts.nested);
  const float offset = nested[parts.nestedCount];
  for (int row = 0; row < kPanelRows; ++row) {
    const std::int64_t global = panel * kPanelRows + row < matrix.rows ? panel * kPanelRows + row : matrix.rows - 1;
    const std::int64_t index = global * (matrix.columns / kNf4BlockCount) + block;
    out[row] = kDynamicCode[codes[row]] * nested[index / kNf4NestedBlockCount] + offset;
  }
}

inline void dequantizeNf4(const PackedMatrix& matrix, std::int64_t panel, std::int64_t first, std::int64_t last, float* out) {
  const bool isDouble = matrix.type == WeightType::nf4dq;
  const std::int64_t blockBytes = isDouble ? kNf4dqPanelBlock : kNf4PanelBlock;
  const std::uint8_t* start = matrix.data + panel * panelBytes(matrix.type, matrix.columns);
  for (std::int64_t c = first; c < last; ++c) {
    const std::uint8_t* block = start + c / 64 * blockBytes;
    float absmax[kPanelRows];
    if (isDouble) {
      nf4dqAbsmax(matrix, panel, c / 64, block, absmax);
    } else {
      std::memcpy(absmax, block, sizeof absmax);
    }
    const std::int64_t end = (c / 64 + 1) * 64 < last ? (c / 64 + 1) * 64 : last;
    for (; c < end; ++c) {
      const int i = static_cast<int>(c % 32);
      const std::uint8_t* bytes = block + blockBytes - 512 + (c % 64) / 32 * 256 + (i % 16) / 4 * 64;
      for (int v = 0; v < kRowVecs; ++v) {
        const Vec code = lookupColumn(bytes + v * kLanes * 4, i % 4, i < 16 ? 0 : 4, kNf4Code);
        store(out + (c - first) * 16 + v * kLanes, code * load(absmax + v * kLanes));
      }
    }
    --c;
  }
}

/// nf4 whose blocks cross rows: one weight at a time.
inline void dequantizeFlatNf4(const PackedMatrix& matrix, std::int64_t panel, std::int64_t first, std::int64_t last, float* out) {
  const Nf4Parts parts = nf4Parts(matrix.type, matrix.rows, matrix.columns);
  const float* absmax = reinterpret_cast<const float*>(matrix.data + parts.statistics);
  const std::uint8_t* codes = matrix.data + parts.statistics;
  const float* nested = reinterpret_cast<const float*>(matrix.data + parts.nested);
  for (int r = 0; r < kPanelRows; ++r) {
    const std::int64_t row = panel * kPanelRows + r;
    for (std::int64_t c = first; c < last; ++c) {
      float value = 0.0f;
      if (row < matrix.rows) {
        const std::int64_t i = row * matrix.columns + c;
        const std::int64_t b = i / kNf4BlockCount;
        const std::uint8_t byte = matrix.data[i / 2];
        const float scale = matrix.type == WeightType::nf4
                                ? absmax[b]
                                : kDynamicCode[codes[b]] * nested[b / kNf4NestedBlockCount] + nested[parts.nestedCount];
        value = kNf4Code[i % 2 == 0 ? byte >> 4 : byte & 15] * scale;
      }
      out[(c - first) * 16 + r] = value;
    }
  }
}

/// Columns [first, last), first a multiple of 64.
inline void dequantizePanel(const PackedMatrix& matrix, std::int64_t panel, std::int64_t first, std::int64_t last, float* out) {
  const std::uint8_t* start = matrix.data + panel * panelBytes(matrix.type, matrix.columns);
  const std::int64_t offset = first * kPanelRows;
  const std::int64_t count = (last - first) * kPanelRows;
  const std::uint16_t* words = reinterpret_cast<const std::uint16_t*>(start) + offset;
  switch (matrix.type) {
    case WeightType::f32: std::memcpy(out, start + offset * 4, static_cast<std::size_t>(count) * 4); return;
    case WeightType::f16:
      for (std::int64_t i = 0; i < count; i += kLanes) store(out + i, loadHalf(words + i));
      return;
    case WeightType::bf16:
      for (std::int64_t i = 0; i < count; i += kLanes) store(out + i, loadBf16(words + i));
      return;
    case WeightType::q8: return dequantizeQ8(start, first, last, out);
    case WeightType::q4: return dequantizeQ4(start, first, last, out);
    case WeightType::nf4:
    case WeightType::nf4dq:
      if (isFlatNf4(matrix.type, matrix.columns)) return dequantizeFlatNf4(matrix, panel, first, last, out);
      return dequantizeNf4(matrix, panel, first, last, out);
  }
}

}  // namespace
}  // namespace nibble

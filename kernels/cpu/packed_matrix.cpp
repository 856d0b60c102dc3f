// Packs weights from the file layout into panels, and reads single rows back. See panel_layout.h for the bytes.
#include "kernels/cpu/packed_matrix.h"

#include <cstring>

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/panel_layout.h"

namespace nibble {
namespace {

struct PanelRows {
  std::int64_t first = 0;
  int count = 0;  // below 16 in the last panel
};

PanelRows panelRows(std::int64_t rows, std::int64_t panel) {
  const std::int64_t first = panel * kPanelRows;
  const std::int64_t left = rows - first;
  return {first, static_cast<int>(left < kPanelRows ? left : kPanelRows)};
}

/// The source may stand at any address (tensors in files are not aligned).
template <typename T>
void packNumbers(const unsigned char* source, int rows, std::int64_t columns, T* out) {
  constexpr std::int64_t kTile = 16;  // columns at a time, so that the rows stay in the cache
  for (std::int64_t first = 0; first < columns; first += kTile) {
    const std::int64_t last = first + kTile < columns ? first + kTile : columns;
    for (int row = 0; row < kPanelRows; ++row) {
      for (std::int64_t c = first; c < last; ++c) {
        T value{};
        if (row < rows) std::memcpy(&value, source + (row * columns + c) * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
        out[c * kPanelRows + row] = value;
      }
    }
  }
}

void packQ8(const unsigned char* source, int rows, std::int64_t blocks, std::uint8_t* out) {
  std::memset(out, 0, static_cast<std::size_t>(blocks * kQ8PanelBlock));
  for (int row = 0; row < rows; ++row) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      BlockQ8 block;
      std::memcpy(&block, source + (row * blocks + b) * static_cast<std::int64_t>(sizeof block), sizeof block);
      std::uint8_t* target = out + b * kQ8PanelBlock;
      std::memcpy(target + row * 2, &block.scale, 2);
      for (int group = 0; group < 8; ++group) {
        std::memcpy(target + kScaleBytes + group * 64 + row * 4, block.values + group * 4, 4);
      }
    }
  }
}

void packQ4(const unsigned char* source, int rows, std::int64_t blocks, std::uint8_t* out) {
  std::memset(out, 0, static_cast<std::size_t>(blocks * kQ4PanelBlock));
  for (int row = 0; row < rows; ++row) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      BlockQ4 block;
      std::memcpy(&block, source + (row * blocks + b) * static_cast<std::int64_t>(sizeof block), sizeof block);
      std::uint8_t* target = out + b * kQ4PanelBlock;
      std::memcpy(target + row * 2, &block.scale, 2);
      for (int j = 0; j < 4; ++j) std::memcpy(target + kScaleBytes + j * 64 + row * 4, block.nibbles + j * 4, 4);
    }
  }
}

/// 64 weights in bitsandbytes' order (even element high) into q4's order: two halves of 32, column i low and i + 16 high.
void packNf4Block(const std::uint8_t* source, int row, std::uint8_t* out) {
  std::uint8_t codes[64];
  for (int i = 0; i < 32; ++i) {
    codes[2 * i] = source[i] >> 4;
    codes[2 * i + 1] = source[i] & 15;
  }
  for (int half = 0; half < 2; ++half) {
    for (int i = 0; i < 16; ++i) {
      out[half * 256 + (i / 4) * 64 + row * 4 + i % 4] =
          static_cast<std::uint8_t>(codes[half * 32 + i] | (codes[half * 32 + i + 16] << 4));
    }
  }
}

/// One panel; `Statistic` is float (absmax) or a byte (its code).
template <typename Statistic>
void packNf4Panel(WeightType type, std::int64_t rows, std::int64_t columns, std::int64_t panel, const std::uint8_t* nibbles,
                  const Statistic* statistics, std::uint8_t* packed) {
  if (isFlatNf4(type, columns)) {
    if (panel != 0) return;  // flat: one piece, copied with the first panel
    const Nf4Parts parts = nf4Parts(type, rows, columns);
    std::memcpy(packed, nibbles, static_cast<std::size_t>(blocksOf(rows * columns, 2)));
    std::memcpy(packed + parts.statistics, statistics, static_cast<std::size_t>(parts.blocks) * sizeof(Statistic));
    return;
  }
  const PanelRows range = panelRows(rows, panel);
  const std::int64_t blocks = columns / kNf4BlockCount;
  const std::int64_t blockBytes = kPanelRows * static_cast<std::int64_t>(sizeof(Statistic)) + 512;
  std::uint8_t* out = packed + panel * panelBytes(type, columns);
  std::memset(out, 0, static_cast<std::size_t>(panelBytes(type, columns)));
  for (int row = 0; row < range.count; ++row) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t index = (range.first + row) * blocks + b;
      std::uint8_t* target = out + b * blockBytes;
      std::memcpy(target + row * static_cast<std::int64_t>(sizeof(Statistic)), statistics + index, sizeof(Statistic));
      packNf4Block(nibbles + index * 32, row, target + blockBytes - 512);
    }
  }
}

}  // namespace

std::uint64_t packedBytes(WeightType type, std::int64_t rows, std::int64_t columns) {
  if (rows <= 0 || columns <= 0) return 0;
  if (type == WeightType::nf4 || type == WeightType::nf4dq) return static_cast<std::uint64_t>(nf4Parts(type, rows, columns).end);
  return static_cast<std::uint64_t>(panelCount(rows) * panelBytes(type, columns));
}

void pack_panel(WeightType type, std::int64_t rows, std::int64_t columns, std::int64_t panel, const void* source,
                std::uint8_t* packed) {
  const int count = panelRows(rows, panel).count;
  std::uint8_t* out = packed + panel * panelBytes(type, columns);
  switch (type) {
    case WeightType::f32: return packNumbers(static_cast<const unsigned char*>(source), count, columns, reinterpret_cast<float*>(out));
    case WeightType::f16:
    case WeightType::bf16:
      return packNumbers(static_cast<const unsigned char*>(source), count, columns, reinterpret_cast<std::uint16_t*>(out));
    case WeightType::q8: return packQ8(static_cast<const unsigned char*>(source), count, blocksOf(columns, 32), out);
    case WeightType::q4: return packQ4(static_cast<const unsigned char*>(source), count, blocksOf(columns, 32), out);
    case WeightType::nf4:
    case WeightType::nf4dq: return;  // these have functions of their own
  }
}

void pack_panel_nf4(std::int64_t rows, std::int64_t columns, std::int64_t panel, const std::uint8_t* nibbles,
                    const float* absmax, std::uint8_t* packed) {
  packNf4Panel(WeightType::nf4, rows, columns, panel, nibbles, absmax, packed);
}

void pack_panel_nf4dq(std::int64_t rows, std::int64_t columns, std::int64_t panel, const std::uint8_t* nibbles,
                      const std::uint8_t* codes, std::uint8_t* packed) {
  packNf4Panel(WeightType::nf4dq, rows, columns, panel, nibbles, codes, packed);
}

void pack_nested_nf4dq(std::int64_t rows, std::int64_t columns, const float* nested, float offset, std::uint8_t* packed) {
  const Nf4Parts parts = nf4Parts(WeightType::nf4dq, rows, columns);
  std::memcpy(packed + parts.nested, nested, static_cast<std::size_t>(parts.nestedCount) * 4);
  std::memcpy(packed + parts.nested + parts.nestedCount * 4, &offset, 4);
}

void dequantize_row(const PackedMatrix& matrix, std::int64_t row, float* out) {
  constexpr std::int64_t kChunk = 128;
  float chunk[kChunk * kPanelRows];
  for (std::int64_t first = 0; first < matrix.columns; first += kChunk) {
    const std::int64_t last = first + kChunk < matrix.columns ? first + kChunk : matrix.columns;
    kernels().dequantizePanel(matrix, row / kPanelRows, first, last, chunk);
    for (std::int64_t c = first; c < last; ++c) out[c] = chunk[(c - first) * kPanelRows + row % kPanelRows];
  }
}

}  // namespace nibble

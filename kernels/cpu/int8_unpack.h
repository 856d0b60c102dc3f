// What the integer products of AVX2 and AVX-512 start from: blocks of a panel unpacked to int8 and fp32 scales.
#pragma once
#include "kernels/cpu/activation_layout.h"
#include "kernels/cpu/dequantize_impl.h"

namespace nibble {
namespace {

/// The NF4 code times 124.12, rounded: of all factors up to 127 the one with the least error on Gaussian weights, a relative mean
/// square of 2.3e-5 (127 gives 3.7e-5), against 8.4e-3 of NF4 itself.
alignas(16) constexpr std::int8_t kNf4Int8[16] = {-124, -86, -65, -49, -35, -23, -11, 0, 10, 20, 31, 42, 55, 70, 90, 124};
constexpr float kNf4Int8Scale = 124.12f;

constexpr std::int64_t kPieceBlocks = 32;  // blocks of 32 columns: 16 KB of int8

/// Weights are read once, in order, over panels that stand one behind the other: asking far ahead keeps the memory's queue full
/// across blocks. Measured from 512 bytes to 8 KB: q4 26 to 36 GB/s a core, none at all 30.
constexpr std::int64_t kPrefetchBytes = 8192;
inline void prefetchAhead(const void* p) { _mm_prefetch(static_cast<const char*>(p) + kPrefetchBytes, _MM_HINT_T0); }

/// Blocks [firstBlock, firstBlock + count) of 32 columns of a panel: int8 [block][8 groups][16 rows][4], scales [block][16].
struct Int8Piece {
  alignas(64) std::int8_t values[kPieceBlocks * 512];
  alignas(64) float scales[kPieceBlocks * 16];
};

inline void unpackNibbles(const std::uint8_t* bytes, const std::int8_t* codes, std::int8_t* values) {
  for (int j = 0; j < 4; ++j) expandNibbles(bytes + j * 64, codes, values + j * 64, values + 256 + j * 64);
}

inline void unpackHalfScales(const std::uint8_t* halves, float* scales) {
  for (int v = 0; v < kRowVecs; ++v) store(scales + v * kLanes, loadHalf(reinterpret_cast<const std::uint16_t*>(halves) + v * kLanes));
}

/// fp32 scales of the int8 code for the 16 rows of a block of 64.
inline void nf4Scales(const PackedMatrix& matrix, std::int64_t panel, std::int64_t block, const std::uint8_t* start, float* scales) {
  if (matrix.type == WeightType::nf4) {
    std::memcpy(scales, start, 64);
  } else {
    nf4dqAbsmax(matrix, panel, block, start, scales);
  }
  for (int row = 0; row < kPanelRows; ++row) scales[row] *= 1.0f / kNf4Int8Scale;
}

inline void unpackPiece(const PackedMatrix& matrix, std::int64_t panel, std::int64_t firstBlock, std::int64_t count, Int8Piece& piece) {
  const std::uint8_t* start = matrix.data + panel * panelBytes(matrix.type, matrix.columns);
  for (std::int64_t b = 0; b < count; ++b) {
    std::int8_t* values = piece.values + b * 512;
    float* scales = piece.scales + b * 16;
    if (matrix.type == WeightType::q8) {
      const std::uint8_t* block = start + (firstBlock + b) * kQ8PanelBlock;
      std::memcpy(values, block + kScaleBytes, 512);
      unpackHalfScales(block, scales);
    } else if (matrix.type == WeightType::q4) {
      const std::uint8_t* block = start + (firstBlock + b) * kQ4PanelBlock;
      unpackNibbles(block + kScaleBytes, kQ4Codebook, values);
      unpackHalfScales(block, scales);
    } else {
      const std::int64_t blockBytes = matrix.type == WeightType::nf4 ? kNf4PanelBlock : kNf4dqPanelBlock;
      const std::int64_t wide = (firstBlock + b) / 2;
      const std::uint8_t* block = start + wide * blockBytes;
      unpackNibbles(block + blockBytes - 512 + (firstBlock + b) % 2 * 256, kNf4Int8, values);
      if (b % 2 == 0) {
        nf4Scales(matrix, panel, wide, block, scales);
      } else {
        std::memcpy(scales, scales - 16, 64);
      }
    }
  }
}

}  // namespace
}  // namespace nibble

// The walk of the integer products over panels and pieces, for AVX2 and AVX-512. The including file has defined before:
// kInt8TileRows, int8Tile<N>() (rows against an unpacked piece) and int8Row() (one row against a packed panel).
#pragma once
#include "kernels/cpu/int8_unpack.h"
#include "kernels/cpu/kernel_table.h"

namespace nibble {
namespace {

template <int N>
inline void int8Rest(int rows, const Int8Piece& piece, std::int64_t blocks, const ActivationRow* x, float* y, std::int64_t yStride, bool add) {
  if constexpr (N > 1) {
    if (rows < N) return int8Rest<N - 1>(rows, piece, blocks, x, y, yStride, add);
  }
  int8Tile<N>(piece.values, piece.scales, blocks, x, y, yStride, add);
}

inline void copyTile(const float* tile, std::int64_t rows, int valid, float* y, std::int64_t yStride, bool add) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (int c = 0; c < valid; ++c) y[r * yStride + c] = tile[r * kPanelRows + c] + (add ? y[r * yStride + c] : 0.0f);
  }
}

/// All rows of activations against one unpacked piece.
inline void productOfInt8Piece(const PackedMatrix& matrix, const Int8Piece& piece, const std::uint8_t* activations, std::int64_t n,
                               const MatmulOutput& out, std::int64_t panel, std::int64_t firstBlock, std::int64_t blocks) {
  const std::int64_t left = matrix.rows - panel * kPanelRows;
  const int valid = static_cast<int>(left < kPanelRows ? left : kPanelRows);
  const bool add = out.add || firstBlock > 0;
  for (std::int64_t i = 0; i < n; i += kInt8TileRows) {
    const int rows = static_cast<int>(n - i < kInt8TileRows ? n - i : kInt8TileRows);
    ActivationRow x[kInt8TileRows];
    for (int r = 0; r < rows; ++r) {
      x[r] = activationRow(activations, matrix.columns, i + r);
      x[r].values += firstBlock * 32;
      x[r].scales += firstBlock;
      x[r].corrections += firstBlock;
    }
    float* y = out.y + i * out.stride + panel * kPanelRows;
    if (valid == kPanelRows) {
      int8Rest<kInt8TileRows>(rows, piece, blocks, x, y, out.stride, add);
    } else {
      float tile[kInt8TileRows * kPanelRows];
      int8Rest<kInt8TileRows>(rows, piece, blocks, x, tile, kPanelRows, false);
      copyTile(tile, rows, valid, y, out.stride, add);
    }
  }
}

inline void int8Rows(const PackedMatrix& matrix, const std::uint8_t* activations, std::int64_t n, const MatmulOutput& out,
                     std::int64_t firstPanel, std::int64_t lastPanel) {
  Int8Piece piece;
  const std::int64_t blocks = activationBlocks(matrix.columns);
  for (std::int64_t first = 0; first < blocks; first += kPieceBlocks) {  // the piece of activations stays in the cache
    const std::int64_t count = blocks - first < kPieceBlocks ? blocks - first : kPieceBlocks;
    for (std::int64_t panel = firstPanel; panel < lastPanel; ++panel) {
      unpackPiece(matrix, panel, first, count, piece);
      productOfInt8Piece(matrix, piece, activations, n, out, panel, first, count);
    }
  }
}

/// One row: every weight is read once and used at once.
inline void int8Decode(const PackedMatrix& matrix, const std::uint8_t* activations, const MatmulOutput& out, std::int64_t firstPanel,
                       std::int64_t lastPanel) {
  const ActivationRow x = activationRow(activations, matrix.columns, 0);
  for (std::int64_t panel = firstPanel; panel < lastPanel; ++panel) {
    float tile[kPanelRows];
    int8Row(matrix, panel, x, tile);
    const std::int64_t left = matrix.rows - panel * kPanelRows;
    copyTile(tile, 1, static_cast<int>(left < kPanelRows ? left : kPanelRows), out.y + panel * kPanelRows, 0, out.add);
  }
}

decltype(KernelTable::matmulA8) g_otherFormats = nullptr;  // set once, with the table

inline void matmulInt8(const PackedMatrix& matrix, const std::uint8_t* activations, std::int64_t n, const MatmulOutput& out,
                       std::int64_t firstPanel, std::int64_t lastPanel) {
  const bool isNf4 = matrix.type == WeightType::nf4 || matrix.type == WeightType::nf4dq;
  if (matrix.type != WeightType::q8 && matrix.type != WeightType::q4 && (!isNf4 || isFlatNf4(matrix.type, matrix.columns))) {
    return g_otherFormats(matrix, activations, n, out, firstPanel, lastPanel);
  }
  if (n == 1) return int8Decode(matrix, activations, out, firstPanel, lastPanel);
  int8Rows(matrix, activations, n, out, firstPanel, lastPanel);
}

}  // namespace

void NIBBLE_LEVEL(setInt8)(KernelTable& table) {
  g_otherFormats = table.matmulA8;
  table.matmulA8 = matmulInt8;
}

}  // namespace nibble

// Products in fp32 at one level: weights dequantized piece by piece into the first-level cache, then register tiles.
// The 8-bit product here (activations turned back to fp32) is the portable one; AVX2 and AVX-512 have integer ones.
#pragma once
#include "kernels/cpu/activation_layout.h"
#include "kernels/cpu/decode_a32_impl.h"
#include "kernels/cpu/dequantize_impl.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/sgemm_impl.h"

namespace nibble {
namespace {

constexpr std::int64_t kPieceColumns = 256;  // a piece of a panel: 16 KB of fp32
constexpr std::int64_t kRowTile = 48;        // rows of a piece of turned-back activations

/// n rows of a piece into y, of which only the panel's valid rows exist.
inline void productOfPiece(const float* w, std::int64_t k, const float* x, std::int64_t n, std::int64_t xStride, float* y,
                           std::int64_t yStride, int valid, bool add) {
  if (valid == kPanelRows) return sgemmPanel(w, kPanelRows, k, x, n, xStride, y, yStride, add);
  float tile[kTileRows * kPanelRows];
  for (std::int64_t i = 0; i < n; i += kTileRows) {
    const std::int64_t rows = n - i < kTileRows ? n - i : kTileRows;
    sgemmPanel(w, kPanelRows, k, x + i * xStride, rows, xStride, tile, kPanelRows, false);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (int c = 0; c < valid; ++c) {
        float& target = y[(i + r) * yStride + c];
        target = add ? target + tile[r * kPanelRows + c] : tile[r * kPanelRows + c];
      }
    }
  }
}

inline int validRows(const PackedMatrix& matrix, std::int64_t panel) {
  const std::int64_t left = matrix.rows - panel * kPanelRows;
  return static_cast<int>(left < kPanelRows ? left : kPanelRows);
}

inline void pieceA32(const PackedMatrix& matrix, const float* x, std::int64_t n, std::int64_t xStride, const MatmulOutput& out,
                     std::int64_t panel, std::int64_t first, std::int64_t last) {
  alignas(64) float buffer[kPieceColumns * kPanelRows];
  const float* weights = buffer;
  if (matrix.type == WeightType::f32) {
    weights = reinterpret_cast<const float*>(matrix.data + panel * panelBytes(matrix.type, matrix.columns)) + first * kPanelRows;
  } else {
    dequantizePanel(matrix, panel, first, last, buffer);
  }
  productOfPiece(weights, last - first, x + first, n, xStride, out.y + panel * kPanelRows, out.stride, validRows(matrix, panel),
                 out.add || first > 0);
}

inline void pieceA8(const PackedMatrix& matrix, const std::uint8_t* activations, std::int64_t n, const MatmulOutput& out,
                    std::int64_t panel, std::int64_t first, std::int64_t last) {
  alignas(64) float weights[kPieceColumns * kPanelRows];
  alignas(64) float x[kRowTile * kPieceColumns];
  dequantizePanel(matrix, panel, first, last, weights);
  for (std::int64_t i = 0; i < n; i += kRowTile) {
    const std::int64_t rows = n - i < kRowTile ? n - i : kRowTile;
    for (std::int64_t r = 0; r < rows; ++r) {
      const ActivationRow row = activationRow(activations, matrix.columns, i + r);
      for (std::int64_t c = first; c < last; ++c) {
        x[r * kPieceColumns + c - first] = static_cast<float>(row.values[c]) * row.scales[c / 32];
      }
    }
    productOfPiece(weights, last - first, x, rows, kPieceColumns, out.y + i * out.stride + panel * kPanelRows, out.stride,
                   validRows(matrix, panel), out.add || first > 0);
  }
}

/// Visits the pieces of panels [firstPanel, lastPanel): along the panel for one row (weights stream once through the cache), down
/// the panels for many (the piece of x stays in the cache).
template <typename Piece>
inline void visitPieces(const PackedMatrix& matrix, std::int64_t n, std::int64_t firstPanel, std::int64_t lastPanel, const Piece& piece) {
  const std::int64_t columns = matrix.columns;
  const auto end = [columns](std::int64_t first) { return first + kPieceColumns < columns ? first + kPieceColumns : columns; };
  if (n <= kTileRows) {
    for (std::int64_t panel = firstPanel; panel < lastPanel; ++panel) {
      for (std::int64_t first = 0; first < columns; first += kPieceColumns) piece(panel, first, end(first));
    }
    return;
  }
  for (std::int64_t first = 0; first < columns; first += kPieceColumns) {
    for (std::int64_t panel = firstPanel; panel < lastPanel; ++panel) piece(panel, first, end(first));
  }
}

/// One row: every weight is read once and used at once.
inline void decodeA32(const PackedMatrix& matrix, const float* x, const MatmulOutput& out, std::int64_t firstPanel, std::int64_t lastPanel) {
  for (std::int64_t panel = firstPanel; panel < lastPanel; ++panel) {
    const PanelSums sums = sumPanel(matrix, panel, x);
    float tile[kPanelRows];
    for (int v = 0; v < kRowVecs; ++v) store(tile + v * kLanes, sums.lanes[v]);
    float* y = out.y + panel * kPanelRows;
    const int valid = validRows(matrix, panel);
    for (int r = 0; r < valid; ++r) y[r] = out.add ? y[r] + tile[r] : tile[r];
  }
}

inline void matmulA32(const PackedMatrix& matrix, const float* x, std::int64_t n, std::int64_t xStride, const MatmulOutput& out,
                      std::int64_t firstPanel, std::int64_t lastPanel) {
  if (n == 1 && !isFlatNf4(matrix.type, matrix.columns)) return decodeA32(matrix, x, out, firstPanel, lastPanel);
  visitPieces(matrix, n, firstPanel, lastPanel, [&](std::int64_t panel, std::int64_t first, std::int64_t last) {
    pieceA32(matrix, x, n, xStride, out, panel, first, last);
  });
}

inline void matmulA8(const PackedMatrix& matrix, const std::uint8_t* activations, std::int64_t n, const MatmulOutput& out,
                     std::int64_t firstPanel, std::int64_t lastPanel) {
  visitPieces(matrix, n, firstPanel, lastPanel, [&](std::int64_t panel, std::int64_t first, std::int64_t last) {
    pieceA8(matrix, activations, n, out, panel, first, last);
  });
}

}  // namespace

void NIBBLE_LEVEL(setMatmul)(KernelTable& table) {
  table.dequantizePanel = dequantizePanel;
  table.matmulA32 = matmulA32;
  table.matmulA8 = matmulA8;
}

}  // namespace nibble

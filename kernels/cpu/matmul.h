// Products y = x · Wᵀ of a packed matrix with one row (decode: memory bound) or many rows (prefill: blocked).
// Work is split by panels of 16 output rows; an output element's value does not depend on the split.
#pragma once
#include <cstdint>

#include "kernels/cpu/packed_matrix.h"

namespace nibble {

/// Where a product goes: y[row × stride + output], set or added to (the residual).
struct MatmulOutput {
  float* y = nullptr;       // (n, ≥ matrix.rows)
  std::int64_t stride = 0;  ///< floats from one row of y to the next
  bool add = false;         ///< y += product
};

/// fp32 activations x (n, columns) with `xStride` floats from row to row; weights exact. Panels [firstPanel, lastPanel).
void matmul_a32(const PackedMatrix& matrix, const float* x, std::int64_t n, std::int64_t xStride, const MatmulOutput& out,
                std::int64_t firstPanel, std::int64_t lastPanel);

/// Bytes of n rows of 8-bit activations: opaque, int8 and an fp32 scale per 32 columns.
std::uint64_t activationBytes(std::int64_t n, std::int64_t columns);

/// Quantizes rows [firstRow, lastRow) of x (n, columns) into `activations` (activationBytes(n, columns), 64-byte aligned):
/// per 32 columns scale = max |x| / 127, round to nearest.
void quantize_activations(const float* x, std::int64_t columns, std::int64_t xStride, std::uint8_t* activations,
                          std::int64_t firstRow, std::int64_t lastRow);

/// 8-bit activations of n rows. Integer products for q8, q4 and nf4 (its code rounded to 8 bits: relative error of a weight
/// below 3e-5 in the mean square); exact weights for the other types.
void matmul_a8(const PackedMatrix& matrix, const std::uint8_t* activations, std::int64_t n, const MatmulOutput& out,
               std::int64_t firstPanel, std::int64_t lastPanel);

}  // namespace nibble

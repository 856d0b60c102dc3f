// The public products: calls through the table of the level in use, and the portable quantization of activations.
#include "kernels/cpu/matmul.h"

#include "kernels/cpu/activation_layout.h"
#include "kernels/cpu/kernel_table.h"

namespace nibble {

void matmul_a32(const PackedMatrix& matrix, const float* x, std::int64_t n, std::int64_t xStride, const MatmulOutput& out,
                std::int64_t firstPanel, std::int64_t lastPanel) {
  kernels().matmulA32(matrix, x, n, xStride, out, firstPanel, lastPanel);
}

std::uint64_t activationBytes(std::int64_t n, std::int64_t columns) {
  return static_cast<std::uint64_t>(n * activationRowBytes(columns));
}

void quantize_activations(const float* x, std::int64_t columns, std::int64_t xStride, std::uint8_t* activations,
                          std::int64_t firstRow, std::int64_t lastRow) {
  kernels().quantizeActivations(x, columns, xStride, activations, firstRow, lastRow);
}

void matmul_a8(const PackedMatrix& matrix, const std::uint8_t* activations, std::int64_t n, const MatmulOutput& out,
               std::int64_t firstPanel, std::int64_t lastPanel) {
  kernels().matmulA8(matrix, activations, n, out, firstPanel, lastPanel);
}

}  // namespace nibble

// Weight matrices as the CPU kernels read them: panels of 16 rows, interleaved so that one vector holds one column (or four)
// of all the rows of a panel. As many bytes a weight as the file layout (blocks.h); the last panel is padded with zeros.
// Pack panel by panel, from any thread. Nothing here allocates.
#pragma once
#include <cstdint>

namespace nibble {

/// In the order of core's Format.
enum class WeightType : std::uint8_t { f32, f16, bf16, q8, nf4, nf4dq, q4 };

constexpr int kPanelRows = 16;

/// A (rows, columns) matrix, y = W x. Does not own `data`, which is best aligned to 64 bytes.
struct PackedMatrix {
  WeightType type = WeightType::f32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  const std::uint8_t* data = nullptr;
};

/// Panels of a matrix: the unit in which the work is split.
constexpr std::int64_t panelCount(std::int64_t rows) { return (rows + kPanelRows - 1) / kPanelRows; }

/// Bytes of the packed matrix.
std::uint64_t packedBytes(WeightType type, std::int64_t rows, std::int64_t columns);

/// Packs one panel of an f32, f16, bf16, q8 or q4 matrix. `source`: the panel's first row (row 16 × panel) in the file layout:
/// row-major numbers, or BlockQ8 / BlockQ4, ceil(columns / 32) of them a row.
void pack_panel(WeightType type, std::int64_t rows, std::int64_t columns, std::int64_t panel, const void* source,
                std::uint8_t* packed);

/// Packs one panel of an nf4 matrix from the whole tensor's nibbles and absmax (one per 64 weights of the flattened tensor).
void pack_panel_nf4(std::int64_t rows, std::int64_t columns, std::int64_t panel, const std::uint8_t* nibbles,
                    const float* absmax, std::uint8_t* packed);

/// Packs one panel of an nf4-dq matrix from the whole tensor's nibbles and absmax codes.
void pack_panel_nf4dq(std::int64_t rows, std::int64_t columns, std::int64_t panel, const std::uint8_t* nibbles,
                      const std::uint8_t* codes, std::uint8_t* packed);

/// Stores the nested statistics of an nf4-dq matrix, once: an absmax per 256 blocks, and the offset.
void pack_nested_nf4dq(std::int64_t rows, std::int64_t columns, const float* nested, float offset, std::uint8_t* packed);

/// The exact values of one row, (columns) fp32; for embeddings.
void dequantize_row(const PackedMatrix& matrix, std::int64_t row, float* out);

}  // namespace nibble

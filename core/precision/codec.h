// Reference codecs: rows of fp32 to and from the file layout of every format. Ranges are independent, so a caller splits a tensor
// over threads as it likes (the engine: panels of 16 rows). The numbers themselves come from kernels/cpu/quantize.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/precision/format.h"

namespace nibble {

enum class DType : std::uint8_t;  // of files; core/model/weights.h

/// `count` numbers of a file, at any alignment, as fp32.
void toFloat(DType type, const std::byte* in, std::int64_t count, float* out);

/// (rows, columns) fp32 to the file layout of f32, f16, bf16, q8 or q4 (not nf4, which runs over the flattened tensor).
/// Rows of q8 and q4 are padded with zeros to whole blocks; `out` has storedBytes(format, rows, columns) bytes.
/// `importance`: (columns) weights of the squared error of q4, or empty.
void quantizeRows(Format format, const float* x, std::int64_t rows, std::int64_t columns, std::span<const float> importance, void* out);

/// The inverse of quantizeRows.
void dequantizeRows(Format format, const void* in, std::int64_t rows, std::int64_t columns, float* out);

/// A tensor in nf4, flattened; with double quantization `codes`, `nested` and `offset` hold what `absmax` held.
struct Nf4Tensor {
  std::int64_t count = 0;             ///< weights
  std::vector<std::uint8_t> nibbles;  // (ceil(count / 2))
  std::vector<float> absmax;          // (ceil(count / 64)), or empty when double quantized
  std::vector<std::uint8_t> codes;    // (ceil(count / 64))
  std::vector<float> nested;          // (ceil(blocks / 256))
  float offset = 0.0f;
  bool isDouble() const { return !codes.empty(); }
};

/// Room for `count` weights; then quantizeNf4 in any order over ranges that start at multiples of 64.
Nf4Tensor makeNf4Tensor(std::int64_t count);
void quantizeNf4(Nf4Tensor& tensor, const float* x, std::int64_t first, std::int64_t last);  ///< x: weights first … last - 1

/// The mean of all absmax values: the offset of double quantization.
float meanAbsmax(std::span<const float> absmax);

/// Replaces absmax by codes, nested absmax and `offset`, once everything is quantized.
void doubleQuantize(Nf4Tensor& tensor, float offset);

void dequantizeNf4(const Nf4Tensor& tensor, std::int64_t first, std::int64_t last, float* out);  ///< first: a multiple of 64

}  // namespace nibble

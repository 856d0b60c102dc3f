// See codec.h: rows to blocks, block by block through the kernels.
#include "core/precision/codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/model/weights.h"
#include "kernels/cpu/quantize.h"

namespace nibble {
namespace {

constexpr std::int64_t kBlock = 32;

std::int64_t blocksOf(std::int64_t columns) { return (columns + kBlock - 1) / kBlock; }

/// Calls quantize(x, importance, blocks, out) for the whole blocks of a row, and for its padded rest.
template <typename Block, typename Quantize>
void quantizeBlockRows(const float* x, std::int64_t rows, std::int64_t columns, std::span<const float> importance, Block* out,
                       const Quantize& quantize) {
  const std::int64_t whole = columns / kBlock, rest = columns % kBlock;
  const float* weights = importance.empty() ? nullptr : importance.data();
  for (std::int64_t row = 0; row < rows; ++row, x += columns, out += blocksOf(columns)) {
    quantize(x, weights, whole, out);
    if (rest == 0) continue;
    float padded[kBlock] = {}, paddedWeights[kBlock] = {};
    std::copy_n(x + whole * kBlock, rest, padded);
    if (weights != nullptr) std::copy_n(weights + whole * kBlock, rest, paddedWeights);
    quantize(padded, weights != nullptr ? paddedWeights : nullptr, 1, out + whole);
  }
}

template <typename Block, typename Dequantize>
void dequantizeBlockRows(const Block* in, std::int64_t rows, std::int64_t columns, float* out, const Dequantize& dequantize) {
  const std::int64_t whole = columns / kBlock, rest = columns % kBlock;
  for (std::int64_t row = 0; row < rows; ++row, in += blocksOf(columns), out += columns) {
    dequantize(in, whole, out);
    if (rest == 0) continue;
    float padded[kBlock];
    dequantize(in + whole, 1, padded);
    std::copy_n(padded, rest, out + whole * kBlock);
  }
}

}  // namespace

void toFloat(DType type, const std::byte* in, std::int64_t count, float* out) {
  switch (type) {
    case DType::f32: std::memcpy(out, in, static_cast<std::size_t>(count) * sizeof(float)); return;
    case DType::f16: return f16_to_f32(in, count, out);
    case DType::bf16: return bf16_to_f32(in, count, out);
  }
}

void quantizeRows(Format format, const float* x, std::int64_t rows, std::int64_t columns, std::span<const float> importance, void* out) {
  switch (format) {
    case Format::f32: std::memcpy(out, x, static_cast<std::size_t>(rows * columns) * sizeof(float)); return;
    case Format::f16: return f32_to_f16(x, rows * columns, static_cast<std::uint16_t*>(out));
    case Format::bf16: return f32_to_bf16(x, rows * columns, static_cast<std::uint16_t*>(out));
    case Format::q8:
      return quantizeBlockRows(x, rows, columns, {}, static_cast<BlockQ8*>(out),
                               [](const float* row, const float*, std::int64_t blocks, BlockQ8* target) { quantize_q8(row, blocks, target); });
    case Format::q4: return quantizeBlockRows(x, rows, columns, importance, static_cast<BlockQ4*>(out), quantize_q4);
    case Format::nf4:
    case Format::nf4dq: return;  // over the flattened tensor: quantizeNf4
  }
}

void dequantizeRows(Format format, const void* in, std::int64_t rows, std::int64_t columns, float* out) {
  switch (format) {
    case Format::f32: std::memcpy(out, in, static_cast<std::size_t>(rows * columns) * sizeof(float)); return;
    case Format::f16: return f16_to_f32(in, rows * columns, out);
    case Format::bf16: return bf16_to_f32(in, rows * columns, out);
    case Format::q8: return dequantizeBlockRows(static_cast<const BlockQ8*>(in), rows, columns, out, dequantize_q8);
    case Format::q4: return dequantizeBlockRows(static_cast<const BlockQ4*>(in), rows, columns, out, dequantize_q4);
    case Format::nf4:
    case Format::nf4dq: return;
  }
}

Nf4Tensor makeNf4Tensor(std::int64_t count) {
  Nf4Tensor tensor;
  tensor.count = count;
  tensor.nibbles.resize(static_cast<std::size_t>((count + 1) / 2));
  tensor.absmax.resize(static_cast<std::size_t>((count + kNf4BlockCount - 1) / kNf4BlockCount));
  return tensor;
}

void quantizeNf4(Nf4Tensor& tensor, const float* x, std::int64_t first, std::int64_t last) {
  quantize_nf4(x, last - first, tensor.nibbles.data() + first / 2, tensor.absmax.data() + first / kNf4BlockCount);
}

float meanAbsmax(std::span<const float> absmax) {
  double sum = 0.0;
  for (float value : absmax) sum += value;
  return absmax.empty() ? 0.0f : static_cast<float>(sum / static_cast<double>(absmax.size()));
}

void doubleQuantize(Nf4Tensor& tensor, float offset) {
  const auto blocks = static_cast<std::int64_t>(tensor.absmax.size());
  tensor.offset = offset;
  tensor.codes.resize(tensor.absmax.size());
  tensor.nested.resize(static_cast<std::size_t>((blocks + kNf4NestedBlockCount - 1) / kNf4NestedBlockCount));
  quantize_absmax(tensor.absmax.data(), blocks, offset, tensor.codes.data(), tensor.nested.data());
  tensor.absmax.clear();
  tensor.absmax.shrink_to_fit();
}

void dequantizeNf4(const Nf4Tensor& tensor, std::int64_t first, std::int64_t last, float* out) {
  if (!tensor.isDouble()) {
    return dequantize_nf4(tensor.nibbles.data() + first / 2, tensor.absmax.data() + first / kNf4BlockCount, last - first, out);
  }
  constexpr std::int64_t kGroup = std::int64_t{kNf4BlockCount} * kNf4NestedBlockCount;  // weights that share a nested absmax
  while (first < last) {
    const std::int64_t group = first / kGroup;
    const std::int64_t end = std::min(last, (group + 1) * kGroup);
    const std::int64_t firstBlock = first / kNf4BlockCount, blocks = (end - first + kNf4BlockCount - 1) / kNf4BlockCount;
    float absmax[kNf4NestedBlockCount];
    dequantize_absmax(tensor.codes.data() + firstBlock, tensor.nested.data() + group, tensor.offset, blocks, absmax);
    dequantize_nf4(tensor.nibbles.data() + first / 2, absmax, end - first, out);
    out += end - first;
    first = end;
  }
}

}  // namespace nibble

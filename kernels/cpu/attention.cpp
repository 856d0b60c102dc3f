// Sizes of the KV cache, appending to it, and the joining of parts; the attention itself is in attention_impl.h.
#include "kernels/cpu/attention.h"

#include <cmath>
#include <cstring>

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/kv_layout.h"
#include "kernels/half.h"

namespace nibble {
namespace {

void quantizeRow(const float* x, std::int8_t* values, std::uint16_t* scale) {
  float peak = 0.0f, poison = 0.0f;
  for (int i = 0; i < 32; ++i) {
    peak = std::fabs(x[i]) > peak ? std::fabs(x[i]) : peak;
    poison += x[i] * 0.0f;
  }
  const float inverse = peak > 0.0f ? 127.0f / peak : 0.0f;
  for (int i = 0; i < 32; ++i) values[i] = static_cast<std::int8_t>(floatBits(x[i] * inverse + 12582912.0f));
  *scale = floatToHalf(peak / 127.0f + poison);
}

void storeKey(const KvShape& shape, const float* k, int slot, std::uint8_t* panel) {
  switch (shape.type) {
    case KvType::f32:
      for (int d = 0; d < shape.headDim; ++d) reinterpret_cast<float*>(panel)[d * kKeyPanel + slot] = k[d];
      return;
    case KvType::f16:
      for (int d = 0; d < shape.headDim; ++d) reinterpret_cast<std::uint16_t*>(panel)[d * kKeyPanel + slot] = floatToHalf(k[d]);
      return;
    case KvType::q8:
      for (int first = 0; first < shape.headDim; first += 32, panel += kKeyPanel * sizeof(BlockQ8)) {
        BlockQ8 block;
        quantizeRow(k + first, block.values, &block.scale);
        std::memcpy(panel + slot * 2, &block.scale, 2);
        for (int i = 0; i < 32; ++i) panel[kKeyPanel * 2 + i * kKeyPanel + slot] = static_cast<std::uint8_t>(block.values[i]);
      }
      return;
  }
}

void storeValue(const KvShape& shape, const float* v, std::uint8_t* row) {
  switch (shape.type) {
    case KvType::f32: std::memcpy(row, v, static_cast<std::size_t>(shape.headDim) * 4); return;
    case KvType::f16:
      for (int d = 0; d < shape.headDim; ++d) reinterpret_cast<std::uint16_t*>(row)[d] = floatToHalf(v[d]);
      return;
    case KvType::q8:
      for (int first = 0; first < shape.headDim; first += 32, row += sizeof(BlockQ8)) {
        BlockQ8 block;
        quantizeRow(v + first, block.values, &block.scale);
        std::memcpy(row, &block, sizeof block);
      }
      return;
  }
}

}  // namespace

std::uint64_t kvBytes(const KvShape& shape) { return static_cast<std::uint64_t>(kvHeadBytes(shape) * shape.kvHeads); }

void append_kv(const KvShape& shape, const float* k, const float* v, std::int64_t rowStride, std::int64_t first, std::int64_t n,
               std::uint8_t* keys, std::uint8_t* values) {
  const std::int64_t rowBytes = kvRowBytes(shape);
  for (std::int64_t row = 0; row < n; ++row) {
    const std::int64_t position = first + row;
    for (int head = 0; head < shape.kvHeads; ++head) {
      const std::int64_t start = head * kvHeadBytes(shape);
      const std::int64_t offset = row * rowStride + static_cast<std::int64_t>(head) * shape.headDim;
      storeKey(shape, k + offset, static_cast<int>(position % kKeyPanel), keys + start + position / kKeyPanel * kKeyPanel * rowBytes);
      storeValue(shape, v + offset, values + start + position * rowBytes);
    }
  }
}

std::uint64_t attentionWorkspace(std::int64_t n, int heads, int headDim, std::int64_t positions) {
  const std::int64_t rows = n < kSplitRows ? n : kSplitRows;
  return static_cast<std::uint64_t>(rows * heads * partCount(rows, positions) * (paddedHeadDim(headDim) + 2));
}

std::int64_t attentionItems(const AttentionArguments& a) {
  const std::int64_t tiles = (a.n * (a.heads / a.shape.kvHeads) + kAttentionQueries - 1) / kAttentionQueries;
  return tiles * a.shape.kvHeads * partCount(a.n, a.first + a.n);
}

void attend(const AttentionArguments& arguments, std::int64_t firstItem, std::int64_t lastItem) {
  kernels().attend(arguments, firstItem, lastItem);
}

void attend_combine(const AttentionArguments& a) {
  const std::int64_t parts = partCount(a.n, a.first + a.n);
  if (parts <= 1) return;
  const int headDim = a.shape.headDim;
  const std::int64_t width = paddedHeadDim(headDim) + 2;
  for (std::int64_t row = 0; row < a.n; ++row) {
    for (int head = 0; head < a.heads; ++head) {
      const float* part = a.workspace + (row * a.heads + head) * parts * width;
      float peak = -INFINITY, sum = 0.0f;
      for (std::int64_t p = 0; p < parts; ++p) peak = std::fmax(peak, part[p * width + width - 2]);
      float* out = a.out + row * a.outStride + static_cast<std::int64_t>(head) * headDim;
      for (int d = 0; d < headDim; ++d) out[d] = 0.0f;
      for (std::int64_t p = 0; p < parts; ++p) {
        const float factor = std::exp(part[p * width + width - 2] - peak);
        if (factor == 0.0f) continue;  // an empty part holds no sums
        sum += factor * part[p * width + width - 1];
        for (int d = 0; d < headDim; ++d) out[d] += factor * part[p * width + d];
      }
      for (int d = 0; d < headDim; ++d) out[d] /= sum;
    }
  }
}

}  // namespace nibble

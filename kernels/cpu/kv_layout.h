// The bytes of the KV cache: per KV head, panels of 16 positions. A panel of keys: f32, f16 [head_dim][16 positions]; q8 per 32
// dimensions 16 fp16 scales and int8 [32][16]. Values: rows of f32, f16 or BlockQ8. Both take the same bytes.
#pragma once
#include "kernels/blocks.h"
#include "kernels/cpu/attention.h"

namespace nibble {

constexpr int kKeyPanel = 16;
constexpr std::int64_t kPartKeys = 1024;  ///< a decode step splits a long cache into parts of this many positions
constexpr std::int64_t kSplitRows = 4;    ///< with more query rows there is work enough without splitting

constexpr int kAttentionQueries = 48;     ///< queries of one KV head that an item takes

static inline std::int64_t kvRowBytes(const KvShape& shape) {
  switch (shape.type) {
    case KvType::f32: return shape.headDim * 4;
    case KvType::f16: return shape.headDim * 2;
    case KvType::q8: return shape.headDim / BlockQ8::kCount * static_cast<std::int64_t>(sizeof(BlockQ8));
  }
  return 0;
}

static inline std::int64_t kvHeadBytes(const KvShape& shape) {
  return (shape.positions + kKeyPanel - 1) / kKeyPanel * kKeyPanel * kvRowBytes(shape);
}

static inline std::int64_t partCount(std::int64_t n, std::int64_t positions) {
  return n > kSplitRows ? 1 : (positions + kPartKeys - 1) / kPartKeys;
}

static inline int paddedHeadDim(int headDim) { return (headDim + 15) / 16 * 16; }

}  // namespace nibble

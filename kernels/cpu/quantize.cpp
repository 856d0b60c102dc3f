// The public quantizers, and those that are the same at every level.
#include "kernels/cpu/quantize.h"

#include <cmath>

#include "kernels/cpu/kernel_table.h"
#include "kernels/dynamic_code.h"
#include "kernels/half.h"

namespace nibble {
namespace {

/// The nearest value of the dynamic code: the interval by bisection, then its midpoint. NaN compares as less: code 0.
std::uint8_t dynamicCode(float x) {
  int low = 0, high = 255;  // kDynamicCode[low] < x <= kDynamicCode[high], if x is within
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    if (x > kDynamicCode[middle]) low = middle;
    else high = middle;
  }
  const float midpoint = (kDynamicCode[low] + kDynamicCode[high]) * 0.5f;
  return static_cast<std::uint8_t>(x > midpoint ? high : low);
}

}  // namespace

void quantize_q8(const float* x, std::int64_t blocks, BlockQ8* out) { kernels().quantizeQ8(x, blocks, out); }

void quantize_q4(const float* x, const float* importance, std::int64_t blocks, BlockQ4* out) {
  kernels().quantizeQ4(x, importance, blocks, out);
}

void quantize_nf4(const float* x, std::int64_t count, std::uint8_t* nibbles, float* absmax) {
  kernels().quantizeNf4(x, count, nibbles, absmax);
}

void quantize_absmax(const float* absmax, std::int64_t blocks, float offset, std::uint8_t* codes, float* nested) {
  for (std::int64_t first = 0; first < blocks; first += kNf4NestedBlockCount) {
    const std::int64_t last = first + kNf4NestedBlockCount < blocks ? first + kNf4NestedBlockCount : blocks;
    float peak = 0.0f;
    for (std::int64_t b = first; b < last; ++b) peak = std::fmax(peak, std::fabs(absmax[b] - offset));
    nested[first / kNf4NestedBlockCount] = peak;
    const float inverse = 1.0f / peak;
    for (std::int64_t b = first; b < last; ++b) codes[b] = dynamicCode((absmax[b] - offset) * inverse);
  }
}

void dequantize_absmax(const std::uint8_t* codes, const float* nested, float offset, std::int64_t blocks, float* absmax) {
  for (std::int64_t b = 0; b < blocks; ++b) absmax[b] = kDynamicCode[codes[b]] * nested[b / kNf4NestedBlockCount] + offset;
}

void dequantize_q8(const BlockQ8* blocks, std::int64_t count, float* out) {
  for (std::int64_t b = 0; b < count; ++b, out += 32) {
    const float scale = halfToFloat(blocks[b].scale);
    for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(blocks[b].values[i]) * scale;
  }
}

void dequantize_q4(const BlockQ4* blocks, std::int64_t count, float* out) {
  for (std::int64_t b = 0; b < count; ++b, out += 32) {
    const float scale = halfToFloat(blocks[b].scale);
    for (int i = 0; i < 16; ++i) {
      out[i] = static_cast<float>(kQ4Codebook[blocks[b].nibbles[i] & 15]) * scale;
      out[i + 16] = static_cast<float>(kQ4Codebook[blocks[b].nibbles[i] >> 4]) * scale;
    }
  }
}

void dequantize_nf4(const std::uint8_t* nibbles, const float* absmax, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint8_t byte = nibbles[i / 2];
    out[i] = kNf4Code[i % 2 == 0 ? byte >> 4 : byte & 15] * absmax[i / kNf4BlockCount];
  }
}

void f16_to_f32(const void* in, std::int64_t count, float* out) { kernels().widenHalves(in, count, out); }
void bf16_to_f32(const void* in, std::int64_t count, float* out) { kernels().widenBf16(in, count, out); }
void f32_to_f16(const float* in, std::int64_t count, std::uint16_t* out) { kernels().narrowToHalves(in, count, out); }

void f32_to_bf16(const float* in, std::int64_t count, std::uint16_t* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = floatToBf16(in[i]);
}

}  // namespace nibble

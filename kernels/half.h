// IEEE half and bfloat16 to and from fp32, bit by bit: round to nearest even, subnormals kept, NaN stays NaN.
// Internal linkage on purpose: files compiled for different instruction sets include it.
#pragma once
#include <cstdint>
#include <cstring>

namespace nibble {

static inline std::uint32_t floatBits(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

static inline float bitsFloat(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

static inline float halfToFloat(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) return bitsFloat(sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13) | (magnitude > 0x7c00u ? 0x400000u : 0u));
  if (magnitude >= 0x400u) return bitsFloat(sign | ((magnitude << 13) + 0x38000000u));
  // subnormal: magnitude × 2^-24, exact in fp32
  return bitsFloat(sign | floatBits(static_cast<float>(magnitude) * 5.9604644775390625e-8f));
}

static inline std::uint16_t floatToHalf(float value) {
  const std::uint32_t bits = floatBits(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
  if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);  // rounds beyond 65504
  if (magnitude < 0x38800000u) {
    // adding 0.5 lets the adder round to a multiple of 2^-24, the subnormals' spacing
    return static_cast<std::uint16_t>(sign | (floatBits(bitsFloat(magnitude) + 0.5f) - 0x3f000000u));
  }
  const std::uint32_t odd = (magnitude >> 13) & 1u;
  return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13));
}

static inline float bf16ToFloat(std::uint16_t value) { return bitsFloat(static_cast<std::uint32_t>(value) << 16); }

static inline std::uint16_t floatToBf16(float value) {
  const std::uint32_t bits = floatBits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

}  // namespace nibble

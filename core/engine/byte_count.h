// Byte sums and products that stick at UINT64_MAX instead of wrapping, for sizes computed from a model's config.
#pragma once
#include <cstdint>
#include <limits>

namespace nibble {

class ByteCount {
 public:
  constexpr ByteCount() = default;
  /// Negative counts become 0.
  constexpr ByteCount(std::int64_t value) : m_value(value < 0 ? 0 : static_cast<std::uint64_t>(value)) {}
  constexpr ByteCount(int value) : ByteCount(static_cast<std::int64_t>(value)) {}
  constexpr ByteCount(std::uint64_t value) : m_value(value) {}

  constexpr std::uint64_t value() const { return m_value; }
  constexpr ByteCount operator+(ByteCount other) const {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(m_value, other.m_value, &sum) ? kMost : sum;
  }
  constexpr ByteCount operator*(ByteCount other) const {
    std::uint64_t product = 0;
    return __builtin_mul_overflow(m_value, other.m_value, &product) ? kMost : product;
  }
  constexpr ByteCount& operator+=(ByteCount other) { return *this = *this + other; }
  /// The next multiple of `step`.
  constexpr ByteCount alignedTo(std::uint64_t step) const {
    const std::uint64_t rest = m_value % step;
    return rest == 0 ? *this : *this + ByteCount(step - rest);
  }

 private:
  static constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t m_value = 0;
};

}  // namespace nibble

// Unsigned 64-bit arithmetic that remembers an overflow: every size that comes from a file goes through it.
#pragma once
#include <cstdint>

namespace nibble {

/// A size from an untrusted file. Once an operation wrapped (or a negative value came in), `valid()` stays false.
///   const Checked end = Checked(offset) + Checked(rows) * columns * 2;
///   if (!end.fitsIn(file.size())) return fail(...);
class Checked {
 public:
  constexpr Checked(std::uint64_t value)
      : m_value(value) {}  // NOLINT: implicit on purpose, so that expressions read as sums
  /// From a signed field; negative is invalid.
  static constexpr Checked fromSigned(std::int64_t value) {
    Checked result(value < 0 ? 0 : static_cast<std::uint64_t>(value));
    result.m_valid = value >= 0;
    return result;
  }

  constexpr bool valid() const { return m_valid; }
  /// The value; 0 where invalid.
  constexpr std::uint64_t value() const { return m_valid ? m_value : 0; }
  constexpr bool fitsIn(std::uint64_t limit) const { return m_valid && m_value <= limit; }

  friend constexpr Checked operator+(Checked a, Checked b) {
    return combine(a, b,
                   [](std::uint64_t x, std::uint64_t y, std::uint64_t* r) { return __builtin_add_overflow(x, y, r); });
  }
  friend constexpr Checked operator-(Checked a, Checked b) {
    return combine(a, b,
                   [](std::uint64_t x, std::uint64_t y, std::uint64_t* r) { return __builtin_sub_overflow(x, y, r); });
  }
  friend constexpr Checked operator*(Checked a, Checked b) {
    return combine(a, b,
                   [](std::uint64_t x, std::uint64_t y, std::uint64_t* r) { return __builtin_mul_overflow(x, y, r); });
  }
  /// Rounded up to a multiple of `alignment` (0 is invalid).
  constexpr Checked alignedUp(std::uint64_t alignment) const {
    if (alignment == 0) return invalid();
    const std::uint64_t rest = m_value % alignment;
    return rest == 0 ? *this : *this + Checked(alignment - rest);
  }
  /// Equal only if both are valid.
  friend constexpr bool operator==(Checked a, Checked b) { return a.m_valid && b.m_valid && a.m_value == b.m_value; }

 private:
  static constexpr Checked invalid() { return fromSigned(-1); }
  template <typename Operation>
  static constexpr Checked combine(Checked a, Checked b, Operation operation) {
    std::uint64_t result = 0;
    if (!a.m_valid || !b.m_valid || operation(a.m_value, b.m_value, &result)) return invalid();
    return Checked(result);
  }

  std::uint64_t m_value = 0;
  bool m_valid = true;
};

}  // namespace nibble

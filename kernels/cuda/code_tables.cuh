// Looking up 4-bit codes for tensor cores.
//
// PRMT with the nibbles as selectors looks up eight bytes; a selector with its top bit set yields the sign of the byte
// that its other bits select (0 or -1). Codes 0 … 7 and 8 … 15 have a table each. q4's are added in the mma, and each
// table's entries make up for what the other one yields for them; nf4's, all without a sign, yield nothing for the
// other's codes and are summed apart.
#pragma once
#include "kernels/blocks.h"
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/product_formats.cuh"

namespace nibble {
namespace gpu {

/// Two tables of eight bytes, for codes 0 … 7 and 8 … 15. Where their lookups go into one sum they must add up to the
/// code: lower[i] + (upper[i] < 0 ? -1 : 0) = code i and upper[i] + (lower[i] < 0 ? -1 : 0) = code 8 + i. The upper
/// table is read with inverted selectors, so it stands reversed in its words.
struct CodeTables {
  int lower[8] = {}, upper[8] = {};
  bool solved = true;

  /// Entries i for code i = `low` and code 8 + i = `high`.
  constexpr void solve(int i, int low, int high) {
    for (int signs = 0; signs < 4; ++signs) {
      const int l = low + (signs >> 1), u = high + (signs & 1);
      if ((l < 0) != ((signs & 1) == 1) || (u < 0) != (signs >> 1 == 1) || l > 127 || u > 127 || l < -128 || u < -128)
        continue;
      lower[i] = l;
      upper[i] = u;
      return;
    }
    solved = false;
  }
  /// Word i (0, 1) of a table as the lookups take it.
  constexpr std::uint32_t lowerWord(int i) const {
    return pack4(lower[4 * i] & 255, lower[4 * i + 1] & 255, lower[4 * i + 2] & 255, lower[4 * i + 3] & 255);
  }
  constexpr std::uint32_t upperWord(int i) const {
    return pack4(upper[7 - 4 * i] & 255, upper[6 - 4 * i] & 255, upper[5 - 4 * i] & 255, upper[4 - 4 * i] & 255);
  }
};

/// Inverts and shifts selectors on the multiplier: the unit for logic has its hands full with lookups.
struct Multiplier {
  std::uint32_t ones, upperOnly;
  __device__ __forceinline__ void keep() {
    ones = heldConstant(0xffffffffu);
    upperOnly = heldConstant(0x0100u);
  }
  __device__ __forceinline__ std::uint32_t inverted(std::uint32_t q) const {
    std::uint32_t r;
    asm("mad.lo.u32 %0, %1, %2, %2;" : "=r"(r) : "r"(q), "r"(ones));
    return r;
  }
  __device__ __forceinline__ std::uint32_t upperHalf(std::uint32_t q) const { return __dp2a_lo(q, upperOnly, 0u); }
};

/// The selectors of one word of each of the lane's two rows: codes 0 … 3 and 4 … 7, as they are and inverted.
struct WordSelectors {
  std::uint32_t plain[4], inverted[4];
  __device__ __forceinline__ WordSelectors(const Multiplier& by, std::uint32_t top, std::uint32_t bottom)
      : plain{top, bottom, by.upperHalf(top), by.upperHalf(bottom)},
        inverted{by.inverted(top), by.inverted(bottom), by.inverted(plain[2]), by.inverted(plain[3])} {}
};

/// A pair of tables in registers; the second word of each is an immediate.
template <typename Codes>
struct HeldTables {
  std::uint32_t lower, upper;
  __device__ __forceinline__ void keep() {
    lower = heldConstant(Codes::tables.lowerWord(0));
    upper = heldConstant(Codes::tables.upperWord(0));
  }
  /// All eight codes of a word of both rows, by table: into one sum or two.
  __device__ __forceinline__ void multiply(const WordSelectors& s, std::uint32_t b0, std::uint32_t b1, int (&below)[4],
                                           int (&above)[4]) const {
    constexpr std::uint32_t lower1 = Codes::tables.lowerWord(1), upper1 = Codes::tables.upperWord(1);
    static_assert(Codes::tables.solved, "bytes do not hold these codes");
    mma16832(below, lookup(lower, lower1, s.plain[0]), lookup(lower, lower1, s.plain[1]),
             lookup(lower, lower1, s.plain[2]), lookup(lower, lower1, s.plain[3]), b0, b1);
    mma16832(above, lookup(upper, upper1, s.inverted[0]), lookup(upper, upper1, s.inverted[1]),
             lookup(upper, upper1, s.inverted[2]), lookup(upper, upper1, s.inverted[3]), b0, b1);
  }
};

constexpr CodeTables q4Tables() {
  CodeTables t;
  for (int i = 0; i < 8; ++i) t.solve(i, kQ4Codebook[i], kQ4Codebook[8 + i]);
  return t;
}
struct Q4Codes {
  static constexpr CodeTables tables = q4Tables();
};

/// NF4's code as bytes: 0 … 7 (the negative ones, without their sign) in steps of 1/kNf4Below, 8 … 15 in steps of
/// 1/kNf4Above, summed apart, since what a lookup yields for the other half's codes, its entry's sign, is 0 then. The
/// steps are those of the smallest error for normal weights: 0.3 % of their root mean square, at most 0.25 % of the
/// block's largest (8-bit activations: 0.55 %; NF4 itself: 9.2 %).
constexpr float kNf4Below = 108.915f, kNf4Above = 124.705f;
constexpr int byteOfMagnitude(float v) {
  return static_cast<int>(v + 0.5f);
}
/// Whether a byte is a code's magnitude to 0.25 % of the block's largest, and its top bit free.
constexpr bool nf4Holds(int byte, float code, float step) {
  const float magnitude = code < 0 ? -code : code, error = static_cast<float>(byte) / step - magnitude;
  return byte <= 127 && error < 0.0025f && error > -0.0025f;
}
constexpr CodeTables nf4Tables() {
  CodeTables t;
  for (int i = 0; i < 8; ++i) {
    t.lower[i] = byteOfMagnitude(-kNf4Code[i] * kNf4Below);
    t.upper[i] = byteOfMagnitude(kNf4Code[8 + i] * kNf4Above);
    t.solved =
        t.solved && nf4Holds(t.lower[i], kNf4Code[i], kNf4Below) && nf4Holds(t.upper[i], kNf4Code[8 + i], kNf4Above);
  }
  return t;
}
struct Nf4Codes {
  static constexpr CodeTables tables = nf4Tables();
};

}  // namespace gpu
}  // namespace nibble

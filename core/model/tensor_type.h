// Element types that safetensors files name, and how wide they are.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace nibble {

enum class TensorType : std::uint8_t {
  boolean,
  u8,
  i8,
  f8e4m3,
  f8e5m2,
  f8e8m0,
  f8e4m3fnuz,
  f8e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  f64,
  i64,
  u64,
  c64,
  f4,
  f6e2m3,
  f6e3m2
};

/// "F32", "BF16" … as written in a header.
std::string_view tensorTypeName(TensorType type);
std::optional<TensorType> tensorTypeFromName(std::string_view name);
/// Bits of one element (F4 and F6 kinds are narrower than a byte).
unsigned tensorTypeBits(TensorType type);

}  // namespace nibble

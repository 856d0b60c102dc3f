// UTF-8, one character at a time, with every byte checked. Used by all of core/text.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nibble {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct Utf8Character {
  char32_t code = kReplacementCharacter;
  std::uint8_t length = 1;  ///< bytes consumed; 1 for an invalid byte
  bool valid = false;
};

/// The character at `text[at]` (at < size). Overlong forms, surrogates, code points past U+10FFFF and cut sequences are invalid.
inline Utf8Character utf8At(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < static_cast<std::size_t>(length)) return {};
  char32_t code = lead & (0xFF >> (length + 1));
  for (int i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  return {code, static_cast<std::uint8_t>(length), true};
}

/// Bytes that a character with this first byte takes in well-formed text (1 for a byte that cannot start one).
inline std::size_t utf8Length(char first) {
  const auto lead = static_cast<std::uint8_t>(first);
  return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

void appendUtf8(std::string& out, char32_t code);

/// `text` with every invalid byte replaced by U+FFFD.
std::string validUtf8(std::string_view text);

}  // namespace nibble

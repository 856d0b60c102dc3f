// Printable Latin-1 characters stand for themselves; the other 68 bytes get U+0100 and on, in order.
#include "core/text/byte_alphabet.h"

#include <array>

#include "core/text/utf8.h"

namespace nibble {
namespace {

constexpr int kShifted = 0x100;
constexpr int kCodes = kShifted + 68;

bool printable(int byte) { return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE; }

const std::array<char32_t, 256>& codeOfByte() {
  static const std::array<char32_t, 256> table = [] {
    std::array<char32_t, 256> codes{};
    char32_t next = kShifted;
    for (int byte = 0; byte < 256; ++byte) codes[byte] = printable(byte) ? static_cast<char32_t>(byte) : next++;
    return codes;
  }();
  return table;
}

const std::array<int, kCodes>& byteOfCode() {
  static const std::array<int, kCodes> table = [] {
    std::array<int, kCodes> bytes{};
    bytes.fill(-1);
    for (int byte = 0; byte < 256; ++byte) bytes[codeOfByte()[byte]] = byte;
    return bytes;
  }();
  return table;
}

}  // namespace

std::string spelledInByteAlphabet(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) appendUtf8(out, codeOfByte()[static_cast<std::uint8_t>(c)]);
  return out;
}

std::optional<std::string> bytesFromByteAlphabet(std::string_view spelled) {
  std::string bytes;
  for (std::size_t at = 0; at < spelled.size();) {
    const Utf8Character character = utf8At(spelled, at);
    if (!character.valid || character.code >= kCodes || byteOfCode()[character.code] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(byteOfCode()[character.code]));
    at += character.length;
  }
  return bytes;
}

}  // namespace nibble

// Keeps the bytes of an unfinished character back until the rest has come.
#include "core/text/utf8_joiner.h"

#include "core/text/utf8.h"

namespace nibble {
namespace {

/// How many bytes at the end of `text` could still become a character when more come: 0 to 3.
std::size_t unfinishedBytes(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<std::uint8_t>(text[text.size() - back]);
    if (byte >= 0x80 && byte < 0xC0) continue;
    if (byte < 0xC2 || byte > 0xF4 || utf8Length(static_cast<char>(byte)) <= back) return 0;
    // The second byte can already rule the sequence out: overlong forms, surrogates, past U+10FFFF.
    if (back >= 2) {
      const auto second = static_cast<std::uint8_t>(text[text.size() - back + 1]);
      const std::uint8_t low = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
      const std::uint8_t high = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
      if (second < low || second > high) return 0;
    }
    return back;
  }
  return 0;
}

}  // namespace

std::string Utf8Joiner::push(std::string_view bytes) {
  m_pending.append(bytes);
  const std::size_t whole = m_pending.size() - unfinishedBytes(m_pending);
  std::string out = validUtf8(std::string_view(m_pending).substr(0, whole));
  m_pending.erase(0, whole);
  return out;
}

std::string Utf8Joiner::finish() {
  std::string out = validUtf8(m_pending);
  m_pending.clear();
  return out;
}

}  // namespace nibble

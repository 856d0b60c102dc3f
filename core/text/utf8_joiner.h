// Joins bytes that arrive in pieces into whole UTF-8 characters, so that a stream never shows half a character.
#pragma once
#include <string>
#include <string_view>

namespace nibble {

class Utf8Joiner {
 public:
  /// Takes bytes, returns all whole characters that are complete now; invalid bytes become U+FFFD.
  std::string push(std::string_view bytes);
  /// What is left at the end, incomplete characters as U+FFFD.
  std::string finish();

 private:
  std::string m_pending;  // at most 3 bytes
};

}  // namespace nibble

// GPT-2's alphabet: every byte written as one printable character, so that byte-level vocabularies can be JSON (space is "Ġ").
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace nibble {

/// "Ġhello" for " hello".
std::string spelledInByteAlphabet(std::string_view bytes);

/// The bytes of a spelled piece; nothing if it holds a character that is not in the alphabet.
std::optional<std::string> bytesFromByteAlphabet(std::string_view spelled);

}  // namespace nibble

// Classes of characters that tokenizers cut at. Backed by libutf8proc's tables, with shortcuts for ASCII.
#pragma once
#include <cstdint>

namespace nibble {

enum class CharacterClass : std::uint8_t { letter, number, space, other };

/// Letter is \p{L}, number \p{N}, space the Unicode property White_Space (\s).
CharacterClass characterClass(char32_t code);

bool isWhiteSpace(char32_t code);
bool isWordCharacter(char32_t code);  ///< \w: letters, marks, decimal digits, connectors, joiners
bool isPunctuation(char32_t code);    ///< \p{P} and the ASCII symbols
bool isNumeric(char32_t code);        ///< \p{N}

}  // namespace nibble

// The pre-tokenizers that nearly all byte-level models use, written by hand: many times faster than their patterns, and the same cuts.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/text/unicode_classes.h"

namespace nibble {

/// How the patterns of GPT-2, Llama 3 and Qwen 2 differ.
struct ScannerRules {
  bool anyCase = false;      ///< 'S as well as 's
  bool anyPrefix = false;    ///< a word takes one character in front that is no letter, number or line break; else one space
  int maxDigits = 0;         ///< digits in a number; 0: any number, and a space in front
  bool lineBreaks = false;   ///< line breaks belong to the punctuation before them, and white space before them to them
};

inline constexpr ScannerRules kGpt2Rules{};
inline constexpr ScannerRules kLlama3Rules{true, true, 3, true};
inline constexpr ScannerRules kQwen2Rules{true, true, 1, true};

/// The rules that do what a pattern says, if it is one of the three.
std::optional<ScannerRules> rulesOfPattern(std::string_view pattern);

class WordScanner {
 public:
  /// `text` is valid UTF-8.
  WordScanner(const ScannerRules& rules, std::string_view text) : m_rules(rules), m_text(text) {}

  /// The end of the word that starts at `begin` (< size). Every character belongs to a word.
  std::size_t wordEnd(std::size_t begin) const;

 private:
  struct Character {
    char32_t code = 0;
    std::size_t end = 0;  // where the next one starts
    CharacterClass kind = CharacterClass::space;
  };
  /// The character at `at`; past the end a space with end == at.
  Character characterAt(std::size_t at) const;
  std::size_t runEnd(std::size_t at, CharacterClass kind, int limit = 0) const;
  std::size_t contractionEnd(std::size_t at) const;
  std::size_t spaceEnd(std::size_t begin) const;
  std::size_t punctuationEnd(std::size_t at) const;

  ScannerRules m_rules;
  std::string_view m_text;
};

}  // namespace nibble

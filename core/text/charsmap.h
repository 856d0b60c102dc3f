// SentencePiece's precompiled normalization rules (nmt_nfkc and others): a double-array trie in the Darts layout whose values
// point at NUL-terminated replacements. Source: sentencepiece's builder.cc and darts-clone's unit layout.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace nibble {

class Charsmap {
 public:
  struct Rule {
    std::size_t length = 0;       ///< bytes of the text that are replaced; 0: no rule
    std::string_view replacement;  ///< may be empty
  };

  /// `blob`: u32 size of the trie in bytes, the trie's 32-bit units, the replacements. Errors: fileMalformed.
  static Result<Charsmap> parse(std::string_view blob, const std::string& file, const std::string& field);

  static constexpr std::size_t kMaxRuleBytes = 256;  ///< of text and of replacement; longer ones are no rules (real ones have 36)

  /// The longest rule that fits `text` at its start (SentencePiece), or the shortest (tokenizers' Precompiled).
  Rule longest(std::string_view text) const { return match(text, false); }
  Rule shortest(std::string_view text) const { return match(text, true); }

 private:
  Rule match(std::string_view text, bool first) const;

  std::vector<std::uint32_t> m_units;
  std::string m_replacements;
};

}  // namespace nibble

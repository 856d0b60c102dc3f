// SentencePiece's own normalization: charsmap, spaces escaped as U+2581, dummy prefix, extra spaces removed. User-defined pieces
// pass through untouched. Source: sentencepiece's normalizer.cc.
#pragma once
#include <memory>
#include <optional>

#include "core/text/byte_trie.h"
#include "core/text/charsmap.h"
#include "core/text/sentencepiece_model.h"
#include "core/text/text_normalizer.h"

namespace nibble {

class SentencePieceNormalizer : public TextNormalizer {
 public:
  /// `prefixEverywhere`: the dummy prefix also comes after special tokens (transformers' legacy way), not only at the start.
  SentencePieceNormalizer(const SentencePieceModel& model, std::optional<Charsmap> charsmap,
                          std::shared_ptr<const ByteTrie> userDefined, bool prefixEverywhere);
  std::string apply(std::string_view text, bool first) const override;

 private:
  /// What the text at `at` becomes, and how many bytes that takes.
  std::string_view normalizedAt(std::string_view text, std::size_t at, std::size_t& length) const;
  void appendEscaped(std::string& out, std::string_view text) const;
  void stripTrailingSpaces(std::string& out) const;

  std::optional<Charsmap> m_charsmap;
  std::shared_ptr<const ByteTrie> m_userDefined;
  std::string_view m_space;
  bool m_dummyPrefix, m_removeExtra, m_escape, m_asSuffix, m_prefixEverywhere;
};

}  // namespace nibble

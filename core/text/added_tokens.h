// Tokens that stand beside the vocabulary: special ones and those that users added. Cuts text at them before anything else happens.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/byte_trie.h"

namespace nibble {

struct AddedToken {
  std::int32_t id = -1;
  std::string content;
  bool special = false;     ///< steers the model: never made from text that a user typed
  bool leftStrip = false;   ///< takes the white space before it along
  bool rightStrip = false;  ///< takes the white space after it along
  bool singleWord = false;  ///< not inside a word
  bool normalized = false;  ///< looked for in normalized text
};

class AddedTokens {
 public:
  /// A stretch of text, or (id ≥ 0) a token.
  struct Segment {
    std::string_view text;
    std::int32_t id = -1;
  };
  enum class Stage { raw, normalized };
  static constexpr std::size_t kMaxContentBytes = 1024;

  AddedTokens() = default;
  explicit AddedTokens(std::vector<AddedToken> tokens);

  const std::vector<AddedToken>& all() const { return m_tokens; }
  /// The token with this id; null: none.
  const AddedToken* find(std::int32_t id) const;

  /// Cuts `text` at the tokens of a stage, the leftmost longest first. Without `parseSpecial`, special tokens and those that look
  /// like markup ("<tool_call>") are plain text. Sets the texts under which the tokens of the second stage are looked for.
  std::vector<Segment> split(std::string_view text, Stage stage, bool parseSpecial) const;

  /// Replaces what the tokens of the normalized stage are looked for under; one text per token of `all()`.
  void setNormalizedContents(const std::vector<std::string>& contents);
  bool hasNormalized() const { return !m_normalized.empty(); }

 private:
  struct Found {
    std::size_t begin = 0, end = 0;
    const AddedToken* token = nullptr;
  };
  Found matchAt(const ByteTrie& trie, std::string_view text, std::size_t at, std::size_t floor, bool parseSpecial) const;

  std::vector<AddedToken> m_tokens;  // sorted by id
  std::vector<bool> m_steers;        // by place in m_tokens: not to be made from a user's text
  ByteTrie m_raw, m_normalized;      // values: places in m_tokens
};

}  // namespace nibble

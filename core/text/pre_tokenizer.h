// The seam for cutting normalized text into words that no piece crosses (GPT-2, Llama-3 and Qwen ways, patterns, Metaspace).
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace nibble {

/// Words as views into `text`, or into `rewritten` where a step changed the text (a space put in front, spaces escaped).
struct WordList {
  std::string rewritten;
  std::vector<std::string_view> words;
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  /// `first`: nothing came before this stretch. `list` is empty when it comes in; the views live as long as `text` and `list`.
  virtual void split(std::string_view text, bool first, WordList& list) const = 0;
};

}  // namespace nibble

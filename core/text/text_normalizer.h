// The seam for what happens to text before it is cut into pieces.
#pragma once
#include <string>
#include <string_view>

namespace nibble {

class TextNormalizer {
 public:
  virtual ~TextNormalizer() = default;
  /// `first`: nothing came before this stretch (no special token, no text). The result is valid UTF-8.
  virtual std::string apply(std::string_view text, bool first) const = 0;
};

}  // namespace nibble

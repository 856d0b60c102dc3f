// A regular expression from a tokenizer's file, run by PCRE2 under limits: neither a hostile pattern nor a hostile text takes long.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace nibble {

class TextPattern {
 public:
  struct Match {
    std::size_t begin = 0, end = 0;
  };

  /// `field` is the pattern's place in `file`. Errors: fileMalformed (does not compile), fileUnsupported (set operations that
  /// PCRE2 would read as plain characters, longer than 64 KiB).
  static Result<TextPattern> compile(std::string_view pattern, const std::string& file, const std::string& field);
  /// Finds exactly this text.
  static TextPattern literal(std::string_view text);

  TextPattern(TextPattern&&) noexcept;
  TextPattern& operator=(TextPattern&&) noexcept;
  ~TextPattern();

  /// All matches that are not empty, from left to right. `text` is valid UTF-8. Where a limit is reached (10 M steps for one match,
  /// or the time of the PatternTime that is open) the rest of the text has no more matches; that is logged.
  std::vector<Match> matches(std::string_view text) const;

 private:
  struct Compiled;
  TextPattern();
  std::vector<Match> literalMatches(std::string_view text) const;

  std::string m_literal;
  std::unique_ptr<Compiled> m_compiled;  // null: m_literal
};

/// While one lives, all patterns that its thread runs share 3 s of time. One encoding opens one; within another it does nothing.
class PatternTime {
 public:
  PatternTime();
  ~PatternTime();
  PatternTime(const PatternTime&) = delete;
  PatternTime& operator=(const PatternTime&) = delete;

 private:
  bool m_opened;
};

}  // namespace nibble

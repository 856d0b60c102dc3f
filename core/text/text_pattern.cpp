// PCRE2 with UTF and Unicode properties, interpreted (its limits hold there, and a pattern from a file is never made into code).
#include "core/text/text_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <chrono>

#include "core/base/logging.h"
#include "core/text/utf8.h"

namespace nibble {
namespace {

constexpr std::size_t kMaxPatternBytes = 64 << 10;
constexpr std::uint32_t kMatchLimit = 10'000'000;
constexpr std::uint32_t kHeapLimitKiB = 64 << 10;
constexpr std::uint32_t kParenthesisLimit = 100;
constexpr std::chrono::seconds kTimeLimit{3};

/// What the open PatternTime of this thread has left; nothing is open before the first.
thread_local bool timeIsOpen = false;
thread_local std::chrono::steady_clock::duration timeLeft{};

template <typename T, void (*release)(T*)>
struct Release {
  void operator()(T* pointer) const { release(pointer); }
};
template <typename T, void (*release)(T*)>
using Owned = std::unique_ptr<T, Release<T, release>>;

}  // namespace

struct TextPattern::Compiled {
  Owned<pcre2_code, pcre2_code_free> code;
  Owned<pcre2_match_context, pcre2_match_context_free> limits;
};

TextPattern::TextPattern() = default;
TextPattern::TextPattern(TextPattern&&) noexcept = default;
TextPattern& TextPattern::operator=(TextPattern&&) noexcept = default;
TextPattern::~TextPattern() = default;

Result<TextPattern> TextPattern::compile(std::string_view pattern, const std::string& file, const std::string& field) {
  if (pattern.size() > kMaxPatternBytes) return fail(ErrorCode::fileUnsupported, "a pattern longer than 64 KiB", file, field);
  if (pattern.find("&&") != std::string_view::npos) {
    return fail(ErrorCode::fileUnsupported, "a pattern with the set operation &&", file, field);
  }
  const Owned<pcre2_compile_context, pcre2_compile_context_free> context(pcre2_compile_context_create(nullptr));
  TextPattern made;
  made.m_compiled = std::make_unique<Compiled>();
  made.m_compiled->limits.reset(pcre2_match_context_create(nullptr));
  if (!context || !made.m_compiled->limits) return fail(ErrorCode::failed, "no memory for a pattern", file, field);
  pcre2_set_parens_nest_limit(context.get(), kParenthesisLimit);
  int code = 0;
  PCRE2_SIZE at = 0;
  constexpr std::uint32_t kFlags = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
  made.m_compiled->code.reset(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), kFlags, &code, &at, context.get()));
  if (!made.m_compiled->code) {
    unsigned char words[128] = {};
    pcre2_get_error_message(code, words, sizeof words);
    return fail(ErrorCode::fileMalformed, std::string(reinterpret_cast<char*>(words)) + " at byte " + std::to_string(at), file, field);
  }
  pcre2_set_match_limit(made.m_compiled->limits.get(), kMatchLimit);
  pcre2_set_heap_limit(made.m_compiled->limits.get(), kHeapLimitKiB);
  return made;
}

TextPattern TextPattern::literal(std::string_view text) {
  TextPattern made;
  made.m_literal = text;
  return made;
}

std::vector<TextPattern::Match> TextPattern::literalMatches(std::string_view text) const {
  std::vector<Match> found;
  if (m_literal.empty()) return found;
  for (std::size_t at = text.find(m_literal); at != std::string_view::npos; at = text.find(m_literal, at + m_literal.size())) {
    found.push_back({at, at + m_literal.size()});
  }
  return found;
}

PatternTime::PatternTime() : m_opened(!timeIsOpen) {
  if (m_opened) timeLeft = kTimeLimit;
  timeIsOpen = true;
}

PatternTime::~PatternTime() {
  if (m_opened) timeIsOpen = false;
}

std::vector<TextPattern::Match> TextPattern::matches(std::string_view text) const {
  if (!m_compiled) return literalMatches(text);
  const PatternTime time;  // a caller without one gets the limit for this text alone
  std::vector<Match> found;
  const Owned<pcre2_match_data, pcre2_match_data_free> data(pcre2_match_data_create_from_pattern(m_compiled->code.get(), nullptr));
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t at = 0, count = 0; data && at < text.size(); ++count) {
    const bool late = count % 64 == 0 && std::chrono::steady_clock::now() - start >= timeLeft;
    const int result = late ? PCRE2_ERROR_MATCHLIMIT
                            : pcre2_match(m_compiled->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                          PCRE2_NO_UTF_CHECK, data.get(), m_compiled->limits.get());
    if (result == PCRE2_ERROR_NOMATCH) break;
    if (result < 0) {
      logger("model")->warn("a tokenizer's pattern reached a limit at byte {} of {}; the rest stays whole", at, text.size());
      break;
    }
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data.get());
    if (range[1] > range[0] && range[0] >= at) {
      found.push_back({range[0], range[1]});
      at = range[1];
    } else {
      at = std::max(at, range[1]);
      if (at < text.size()) at += utf8At(text, at).length;
    }
  }
  timeLeft -= std::chrono::steady_clock::now() - start;
  return found;
}

}  // namespace nibble

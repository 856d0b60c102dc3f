// The steps. libutf8proc is given at most a stretch of text between two characters that nothing can combine with.
#include "core/text/normalizer_steps.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

#include "core/text/unicode_classes.h"
#include "core/text/utf8.h"

namespace nibble {
namespace {

/// How far a text may grow: no real normalizer comes near.
std::size_t mostBytes(std::size_t size) { return size * 32 + (64 << 10); }

/// Characters that no form changes and that combine with nothing of their own kind: a text of these alone stays as it is.
bool isInert(char32_t code) {
  return code < 0xA0 || (code >= 0x3400 && code <= 0x4DBF) || (code >= 0x4E00 && code <= 0x9FFF) ||
         code == 0x2010 || code == 0x3001 || code == 0x3002;
}

/// Latin, Greek and Cyrillic letters that are in the composed forms already.
bool isComposed(char32_t code) {
  return isInert(code) || (code >= 0xA0 && code < 0x300) || (code >= 0x400 && code < 0x483) || (code >= 0xFF01 && code <= 0xFF5E);
}

int combiningClass(char32_t code) { return utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class; }

/// Sorts each run of combining marks by class. That is part of every form, and libutf8proc's own sort is quadratic.
void orderMarks(std::vector<char32_t>& codes) {
  for (std::size_t at = 0; at < codes.size();) {
    std::size_t end = at;
    while (end < codes.size() && combiningClass(codes[end]) != 0) ++end;
    if (end - at > 1) {
      std::stable_sort(codes.begin() + static_cast<std::ptrdiff_t>(at), codes.begin() + static_cast<std::ptrdiff_t>(end),
                       [](char32_t a, char32_t b) { return combiningClass(a) < combiningClass(b); });
    }
    at = std::max(end, at + 1);
  }
}

void appendForm(std::string& out, std::string_view stretch, int options) {
  std::vector<char32_t> codes;
  for (std::size_t at = 0; at < stretch.size();) {
    const Utf8Character character = utf8At(stretch, at);
    codes.push_back(character.code);
    at += character.length;
  }
  orderMarks(codes);
  std::string ordered;
  for (const char32_t code : codes) appendUtf8(ordered, code);
  utf8proc_uint8_t* result = nullptr;
  const utf8proc_ssize_t length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(ordered.data()),
                                               static_cast<utf8proc_ssize_t>(ordered.size()), &result,
                                               static_cast<utf8proc_option_t>(options));
  if (length < 0) {
    out.append(stretch);
    return;
  }
  out.append(reinterpret_cast<const char*>(result), static_cast<std::size_t>(length));
  std::free(result);
}

std::string mapCharacters(const std::string& text, void (*append)(std::string&, char32_t)) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8At(text, at);
    append(out, character.code);
    at += character.length;
  }
  return out;
}

}  // namespace

std::string UnicodeFormStep::apply(std::string text) const {
  const bool composes = m_form == UnicodeForm::nfc;
  const auto stays = [&](char32_t code) { return composes ? isComposed(code) : isInert(code); };
  int options = UTF8PROC_STABLE;
  options |= m_form == UnicodeForm::nfc || m_form == UnicodeForm::nfkc ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
  if (m_form == UnicodeForm::nfkc || m_form == UnicodeForm::nfkd) options |= UTF8PROC_COMPAT;
  std::string out;
  std::size_t done = 0;   // what stands in `out`
  std::size_t last = 0;   // start of the last character that stays
  bool pending = false;   // a character since `done` may change
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8At(text, at);
    if (stays(character.code)) {
      if (pending) appendForm(out, std::string_view(text).substr(done, at - done), options);
      if (pending) done = at;
      pending = false;
      last = at;
    } else if (!pending) {
      // The character before may combine with this one, so it goes along.
      out.append(text, done, last > done ? last - done : 0);
      done = std::max(done, last);
      pending = true;
    }
    at += character.length;
  }
  if (done == 0 && !pending) return text;
  if (pending) {
    appendForm(out, std::string_view(text).substr(done), options);
  } else {
    out.append(text, done);
  }
  return out;
}

std::string LowercaseStep::apply(std::string text) const {
  return mapCharacters(text, [](std::string& out, char32_t code) {
    // The one letter whose lower case is two characters.
    appendUtf8(out, static_cast<char32_t>(code == 0x130 ? 'i' : utf8proc_tolower(static_cast<utf8proc_int32_t>(code))));
    if (code == 0x130) appendUtf8(out, 0x307);
  });
}

std::string StripAccentsStep::apply(std::string text) const {
  return mapCharacters(text, [](std::string& out, char32_t code) {
    const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(code));
    if (category != UTF8PROC_CATEGORY_MN && category != UTF8PROC_CATEGORY_MC && category != UTF8PROC_CATEGORY_ME) appendUtf8(out, code);
  });
}

std::string StripStep::apply(std::string text) const {
  std::size_t begin = 0, end = 0, firstText = text.size();
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8At(text, at);
    if (!isWhiteSpace(character.code)) {
      firstText = std::min(firstText, at);
      end = at + character.length;
    }
    at += character.length;
  }
  if (m_left) begin = firstText;
  if (!m_right) end = text.size();
  return begin < end ? text.substr(begin, end - begin) : std::string();
}

std::string PrependStep::apply(std::string text) const { return text.empty() ? text : m_prefix + text; }

std::string ReplaceStep::apply(std::string text) const {
  const std::vector<TextPattern::Match> matches = m_pattern.matches(text);
  if (matches.empty() || matches.size() * m_content.size() > mostBytes(text.size())) return text;
  std::string out;
  std::size_t at = 0;
  for (const TextPattern::Match& match : matches) {
    out.append(text, at, match.begin - at);
    out.append(m_content);
    at = match.end;
  }
  out.append(text, at);
  return out;
}

std::string CharsmapStep::apply(std::string text) const {
  constexpr std::size_t kLongestCluster = 5;  // longer ones are taken a character at a time
  const std::string_view view = text;
  std::string out;
  for (std::size_t at = 0; at < view.size();) {
    std::size_t end = at + utf8At(view, at).length;
    utf8proc_int32_t state = 0;
    for (std::size_t before = at; end < view.size(); before = end, end += utf8At(view, end).length) {
      const auto left = static_cast<utf8proc_int32_t>(utf8At(view, before).code);
      if (utf8proc_grapheme_break_stateful(left, static_cast<utf8proc_int32_t>(utf8At(view, end).code), &state)) break;
    }
    const std::string_view cluster = view.substr(at, end - at);
    at = end;
    if (cluster.size() <= kLongestCluster) {
      if (const Charsmap::Rule rule = m_charsmap.shortest(cluster); rule.length > 0) {
        out.append(rule.replacement);
        continue;
      }
    }
    for (std::size_t i = 0; i < cluster.size();) {
      const std::string_view character = cluster.substr(i, utf8At(cluster, i).length);
      const Charsmap::Rule rule = m_charsmap.shortest(character);
      out.append(rule.length > 0 ? rule.replacement : character);
      i += character.size();
    }
  }
  return out;
}

std::string StepNormalizer::apply(std::string_view text, bool) const {
  std::string result = validUtf8(text);
  for (const auto& step : m_steps) {
    if (result.size() > mostBytes(text.size())) break;  // a file whose replacements multiply
    result = step->apply(std::move(result));
  }
  return result;
}

}  // namespace nibble

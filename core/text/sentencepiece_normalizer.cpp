// One pass over the text, a rule, a user-defined piece or a character at a time.
#include "core/text/sentencepiece_normalizer.h"

#include "core/text/utf8.h"

namespace nibble {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";     // U+2581
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

SentencePieceNormalizer::SentencePieceNormalizer(const SentencePieceModel& model, std::optional<Charsmap> charsmap,
                                                 std::shared_ptr<const ByteTrie> userDefined, bool prefixEverywhere)
    : m_charsmap(std::move(charsmap)),
      m_userDefined(std::move(userDefined)),
      m_space(model.escapeWhitespaces ? kSpaceMark : " "),
      m_dummyPrefix(model.addDummyPrefix),
      m_removeExtra(model.removeExtraWhitespaces),
      m_escape(model.escapeWhitespaces),
      m_asSuffix(model.whitespaceAsSuffix),
      m_prefixEverywhere(prefixEverywhere) {}

std::string_view SentencePieceNormalizer::normalizedAt(std::string_view text, std::size_t at, std::size_t& length) const {
  if (m_userDefined->starts(text[at])) {
    if (const ByteTrie::Match match = m_userDefined->longest(text, at); match.value >= 0) {
      length = match.length;
      return text.substr(at, length);
    }
  }
  if (m_charsmap) {
    if (const Charsmap::Rule rule = m_charsmap->longest(text.substr(at)); rule.length > 0) {
      length = rule.length;
      return rule.replacement;
    }
  }
  const Utf8Character character = utf8At(text, at);
  length = character.length;
  return character.valid ? text.substr(at, length) : kReplacement;
}

void SentencePieceNormalizer::appendEscaped(std::string& out, std::string_view text) const {
  if (!m_escape) {
    out.append(text);
    return;
  }
  for (const char c : text) {
    if (c == ' ') {
      out.append(kSpaceMark);
    } else {
      out.push_back(c);
    }
  }
}

void SentencePieceNormalizer::stripTrailingSpaces(std::string& out) const {
  while (out.size() >= m_space.size() && std::string_view(out).substr(out.size() - m_space.size()) == m_space) {
    out.resize(out.size() - m_space.size());
  }
}

std::string SentencePieceNormalizer::apply(std::string_view text, bool first) const {
  std::size_t at = 0, length = 0;
  while (m_removeExtra && at < text.size() && normalizedAt(text, at, length) == " ") at += length;
  std::string out;
  if (at == text.size()) return out;
  const bool prefix = m_dummyPrefix && (first || m_prefixEverywhere);
  out.reserve(text.size() + text.size() / 2);
  if (prefix && !m_asSuffix) out.append(m_space);
  bool afterSpace = m_removeExtra;
  for (; at < text.size(); at += length) {
    std::string_view piece = normalizedAt(text, at, length);
    while (afterSpace && piece.starts_with(' ')) piece.remove_prefix(1);
    if (!piece.empty()) {
      appendEscaped(out, piece);
      afterSpace = m_removeExtra && piece.ends_with(' ');
    }
  }
  if (m_removeExtra) stripTrailingSpaces(out);
  if (prefix && m_asSuffix) out.append(m_space);
  return out;
}

}  // namespace nibble

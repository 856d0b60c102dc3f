// Each alternative of the patterns, in their order. The patterns themselves stand below, where they are recognized.
#include "core/text/word_scanner.h"

#include "core/text/utf8.h"

namespace nibble {
namespace {

constexpr std::string_view kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kGpt2Grouped = R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

bool isLineBreak(char32_t code) { return code == '\r' || code == '\n'; }

}  // namespace

std::optional<ScannerRules> rulesOfPattern(std::string_view pattern) {
  if (pattern == kGpt2 || pattern == kGpt2Grouped) return kGpt2Rules;
  if (pattern == kLlama3) return kLlama3Rules;
  if (pattern == kQwen2) return kQwen2Rules;
  return std::nullopt;
}

WordScanner::Character WordScanner::characterAt(std::size_t at) const {
  if (at >= m_text.size()) return {0, at, CharacterClass::space};
  const Utf8Character character = utf8At(m_text, at);
  return {character.code, at + character.length, characterClass(character.code)};
}

std::size_t WordScanner::runEnd(std::size_t at, CharacterClass kind, int limit) const {
  for (int count = 0; at < m_text.size() && (limit == 0 || count < limit); ++count) {
    const Character character = characterAt(at);
    if (character.kind != kind) break;
    at = character.end;
  }
  return at;
}

/// 's 't 're 've 'm 'll 'd at `at`, which holds the apostrophe. `at` itself if it is none of them.
std::size_t WordScanner::contractionEnd(std::size_t at) const {
  const auto letterAt = [&](std::size_t place) -> char32_t {
    const Character character = characterAt(place);
    if (!m_rules.anyCase) return character.code;
    if (character.code == 0x17F) return U's';  // the long s is an s when case does not count
    return character.code >= 'A' && character.code <= 'Z' ? character.code + 32 : character.code;
  };
  const std::size_t first = at + 1;
  const std::size_t second = characterAt(first).end;
  switch (letterAt(first)) {
    case 's':
    case 't':
    case 'm':
    case 'd': return second;
    case 'r':
    case 'v': return letterAt(second) == 'e' ? second + 1 : at;
    case 'l': return letterAt(second) == 'l' ? second + 1 : at;
    default: return at;
  }
}

std::size_t WordScanner::punctuationEnd(std::size_t at) const {
  std::size_t end = runEnd(at, CharacterClass::other);
  while (m_rules.lineBreaks && end < m_text.size() && isLineBreak(static_cast<std::uint8_t>(m_text[end]))) ++end;
  return end;
}

/// `\s*[\r\n]+` (where the rules have it), then `\s+(?!\S)`, then `\s+`: the last space before a word is left to the word.
std::size_t WordScanner::spaceEnd(std::size_t begin) const {
  std::size_t at = begin, last = begin, afterBreak = begin;
  while (at < m_text.size()) {
    const Character character = characterAt(at);
    if (character.kind != CharacterClass::space) break;
    last = at;
    at = character.end;
    if (isLineBreak(character.code)) afterBreak = at;
  }
  if (m_rules.lineBreaks && afterBreak > begin) return afterBreak;
  return at == m_text.size() || last == begin ? at : last;
}

std::size_t WordScanner::wordEnd(std::size_t begin) const {
  const Character first = characterAt(begin);
  if (first.code == '\'') {
    if (const std::size_t end = contractionEnd(begin); end > begin) return end;
  }
  if (first.kind == CharacterClass::letter) return runEnd(first.end, CharacterClass::letter);
  const Character second = characterAt(first.end);
  const bool prefix = m_rules.anyPrefix ? first.kind != CharacterClass::number && !isLineBreak(first.code) : first.code == ' ';
  if (prefix && second.kind == CharacterClass::letter) return runEnd(second.end, CharacterClass::letter);
  if (first.kind == CharacterClass::number) return runEnd(begin, CharacterClass::number, m_rules.maxDigits);
  if (first.code == ' ' && m_rules.maxDigits == 0 && second.kind == CharacterClass::number) {
    return runEnd(second.end, CharacterClass::number);
  }
  if (first.kind == CharacterClass::other) return punctuationEnd(begin);
  if (first.code == ' ' && second.kind == CharacterClass::other) return punctuationEnd(first.end);
  return spaceEnd(begin);
}

}  // namespace nibble

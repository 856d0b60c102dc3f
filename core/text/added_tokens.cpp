// Matching with the rules of Hugging Face's tokenizers (added_vocabulary.rs): leftmost longest, strips, single words.
#include "core/text/added_tokens.h"

#include <algorithm>

#include "core/text/unicode_classes.h"
#include "core/text/utf8.h"

namespace nibble {
namespace {

bool looksLikeMarkup(std::string_view text) {
  return text.size() > 2 && ((text.front() == '<' && text.back() == '>') || (text.front() == '[' && text.back() == ']'));
}

/// The character that ends right before `at` (> 0).
Utf8Character characterBefore(std::string_view text, std::size_t at) {
  std::size_t start = at - 1;
  while (start > 0 && at - start < 4 && (static_cast<std::uint8_t>(text[start]) & 0xC0) == 0x80) --start;
  return utf8At(text, start);
}

bool wordBefore(std::string_view text, std::size_t at) { return at > 0 && isWordCharacter(characterBefore(text, at).code); }
bool wordAt(std::string_view text, std::size_t at) { return at < text.size() && isWordCharacter(utf8At(text, at).code); }

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : m_tokens(std::move(tokens)) {
  std::sort(m_tokens.begin(), m_tokens.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  std::vector<std::pair<std::string_view, std::int32_t>> raw;
  for (std::size_t i = 0; i < m_tokens.size(); ++i) {
    const AddedToken& token = m_tokens[i];
    m_steers.push_back(token.special || looksLikeMarkup(token.content));
    // Special tokens are looked for before normalization whatever their flag says: a template that spells one means it.
    if (!token.content.empty() && (token.special || !token.normalized)) raw.emplace_back(token.content, static_cast<std::int32_t>(i));
  }
  m_raw = ByteTrie(std::move(raw));
}

void AddedTokens::setNormalizedContents(const std::vector<std::string>& contents) {
  std::vector<std::pair<std::string_view, std::int32_t>> entries;
  for (std::size_t i = 0; i < m_tokens.size(); ++i) {
    if (!m_tokens[i].special && m_tokens[i].normalized && !contents[i].empty()) {
      entries.emplace_back(contents[i], static_cast<std::int32_t>(i));
    }
  }
  m_normalized = ByteTrie(std::move(entries));
}

const AddedToken* AddedTokens::find(std::int32_t id) const {
  const auto at = std::lower_bound(m_tokens.begin(), m_tokens.end(), id,
                                   [](const AddedToken& token, std::int32_t wanted) { return token.id < wanted; });
  return at != m_tokens.end() && at->id == id ? &*at : nullptr;
}

AddedTokens::Found AddedTokens::matchAt(const ByteTrie& trie, std::string_view text, std::size_t at, std::size_t floor,
                                        bool parseSpecial) const {
  Found found;
  trie.eachMatch(text, at, [&](std::int32_t value, std::size_t length) {
    if (parseSpecial || !m_steers[value]) found = {at, at + length, &m_tokens[value]};
  });
  if (found.token == nullptr) return found;
  if (found.token->singleWord && (wordBefore(text, found.begin) || wordAt(text, found.end))) return {};
  while (found.token->leftStrip && found.begin > floor) {
    const Utf8Character before = characterBefore(text, found.begin);
    if (!isWhiteSpace(before.code)) break;
    found.begin -= before.length;
  }
  while (found.token->rightStrip && found.end < text.size()) {
    const Utf8Character after = utf8At(text, found.end);
    if (!isWhiteSpace(after.code)) break;
    found.end += after.length;
  }
  return found;
}

std::vector<AddedTokens::Segment> AddedTokens::split(std::string_view text, Stage stage, bool parseSpecial) const {
  const ByteTrie& trie = stage == Stage::raw ? m_raw : m_normalized;
  std::vector<Segment> segments;
  std::size_t floor = 0;
  for (std::size_t at = 0; at < text.size() && !trie.empty();) {
    Found found;
    if (trie.starts(text[at])) found = matchAt(trie, text, at, floor, parseSpecial);
    if (found.token == nullptr) {
      ++at;
      continue;
    }
    if (found.begin > floor) segments.push_back({text.substr(floor, found.begin - floor), -1});
    segments.push_back({text.substr(found.begin, found.end - found.begin), found.token->id});
    at = floor = found.end;
  }
  if (floor < text.size()) segments.push_back({text.substr(floor), -1});
  return segments;
}

}  // namespace nibble

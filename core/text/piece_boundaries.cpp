// Collecting the pairs and finding the cuts.
#include "core/text/piece_boundaries.h"

#include <algorithm>

#include "core/text/utf8.h"
#include "core/text/vocabulary.h"

namespace nibble {
namespace {

std::uint64_t pairKey(char32_t left, char32_t right) { return static_cast<std::uint64_t>(left) << 32 | (right + 1ull); }

}  // namespace

void PieceBoundaries::addPiece(std::string_view piece) {
  char32_t before = 0;
  for (std::size_t at = 0; at < piece.size();) {
    const Utf8Character character = utf8At(piece, at);
    const char32_t code = folded(character.code);
    if (at > 0) {
      if (before < 128 && code < 128) {
        m_ascii.set(before * 128 + code);
      } else {
        m_pairs.push_back(pairKey(before, code));
      }
    }
    before = code;
    at += character.length;
  }
}

void PieceBoundaries::build() {
  std::vector<std::uint64_t> pairs = std::move(m_pairs);
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  std::size_t slots = 16;
  while (slots < pairs.size() * 2) slots *= 2;
  m_pairs.assign(slots, 0);
  for (const std::uint64_t pair : pairs) {
    std::size_t at = hashNumber(pair) & (slots - 1);
    while (m_pairs[at] != 0) at = (at + 1) & (slots - 1);
    m_pairs[at] = pair;
  }
}

bool PieceBoundaries::joined(char32_t left, char32_t right) const {
  if (left < 128 && right < 128) return m_ascii.test(left * 128 + right);
  const std::uint64_t key = pairKey(left, right);
  const std::size_t mask = m_pairs.size() - 1;
  for (std::size_t at = hashNumber(key) & mask; m_pairs[at] != 0; at = (at + 1) & mask) {
    if (m_pairs[at] == key) return true;
  }
  return false;
}

std::size_t PieceBoundaries::stretchEnd(std::string_view text, std::size_t begin) const {
  Utf8Character character = utf8At(text, begin);
  std::size_t at = begin + character.length;
  char32_t before = folded(character.code);
  while (at < text.size()) {
    character = utf8At(text, at);
    const char32_t code = folded(character.code);
    if (!joined(before, code)) break;
    before = code;
    at += character.length;
  }
  return at;
}

}  // namespace nibble

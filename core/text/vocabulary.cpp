// Storage and hash index of a tokenizer's pieces.
#include "core/text/vocabulary.h"

#include <chrono>
#include <cstring>

namespace nibble {
namespace {

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    static const int anchor = 0;  // its address is random where addresses are
    const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    return (now * 0x9E3779B97F4A7C15ull) ^ reinterpret_cast<std::uintptr_t>(&anchor);
  }();
  return value;
}

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint64_t hashBytes(std::string_view bytes) {
  static const std::uint64_t start = seed();
  std::uint64_t hash = start ^ (bytes.size() * 0xA0761D6478BD642Full);
  while (bytes.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    hash = fold(hash ^ word, 0xE7037ED1A0B428DBull);
    bytes.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) rest |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[i])) << (8 * i);
  return fold(hash ^ rest, 0x8EBC6AF09C88C6E3ull);
}

std::uint64_t hashNumber(std::uint64_t number) {
  static const std::uint64_t start = seed();
  return fold(number ^ start, 0x9E3779B97F4A7C15ull);
}

Vocabulary::Added Vocabulary::add(std::int64_t id, std::string_view piece, bool listed) {
  if (id < 0 || id >= kMaxIds) return Added::idOutOfRange;
  if (piece.size() > kMaxPieceBytes || m_text.size() + piece.size() > kMaxTextBytes) return Added::tooMuchText;
  if (static_cast<std::size_t>(id) >= m_spans.size()) m_spans.resize(id + 1);
  Span& span = m_spans[id];
  if (span.offset != kNowhere) return Added::idTaken;
  span.offset = static_cast<std::uint32_t>(m_text.size());
  span.length = static_cast<std::uint32_t>(piece.size()) & 0x7FFFFFFF;
  span.listed = listed;
  m_text.append(piece);
  return Added::ok;
}

void Vocabulary::buildIndex() {
  std::size_t slots = 16;
  while (slots < m_spans.size() * 2) slots *= 2;
  m_index.assign(slots, -1);
  for (std::int32_t id = 0; id < size(); ++id) {
    if (!contains(id) || !m_spans[id].listed) continue;
    std::size_t at = hashBytes(piece(id)) & (slots - 1);
    while (m_index[at] >= 0 && piece(m_index[at]) != piece(id)) at = (at + 1) & (slots - 1);
    if (m_index[at] < 0) m_index[at] = id;
  }
}

std::int32_t Vocabulary::find(std::string_view text) const {
  if (m_index.empty()) return -1;
  const std::size_t mask = m_index.size() - 1;
  for (std::size_t at = hashBytes(text) & mask; m_index[at] >= 0; at = (at + 1) & mask) {
    if (piece(m_index[at]) == text) return m_index[at];
  }
  return -1;
}

std::string_view Vocabulary::piece(std::int64_t id) const {
  if (!contains(id)) return {};
  const Span& span = m_spans[id];
  return std::string_view(m_text).substr(span.offset, span.length);
}

bool Vocabulary::contains(std::int64_t id) const {
  return id >= 0 && id < size() && m_spans[id].offset != kNowhere;
}

}  // namespace nibble

// Walking the Darts units, each step checked against the array's end, because the blob comes from a file.
#include "core/text/charsmap.h"

#include <algorithm>

namespace nibble {
namespace {

std::uint32_t littleEndian32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[at + i])) << (8 * i);
  return value;
}

bool hasLeaf(std::uint32_t unit) { return (unit >> 8) & 1; }
std::uint32_t leafValue(std::uint32_t unit) { return unit & 0x7FFFFFFF; }
std::uint32_t label(std::uint32_t unit) { return unit & 0x800000FF; }  // a leaf's sign bit never equals a byte
std::uint32_t offset(std::uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

}  // namespace

Result<Charsmap> Charsmap::parse(std::string_view blob, const std::string& file, const std::string& field) {
  if (blob.size() < 4) return fail(ErrorCode::fileMalformed, "the rules are shorter than their header", file, field);
  const std::uint32_t size = littleEndian32(blob, 0);
  if (size == 0 || size % 4 != 0 || size > blob.size() - 4) {
    return fail(ErrorCode::fileMalformed, "a trie of " + std::to_string(size) + " bytes does not fit", file, field);
  }
  Charsmap map;
  map.m_units.reserve(size / 4);
  for (std::size_t at = 4; at < 4 + static_cast<std::size_t>(size); at += 4) map.m_units.push_back(littleEndian32(blob, at));
  map.m_replacements = blob.substr(4 + static_cast<std::size_t>(size));
  return map;
}

Charsmap::Rule Charsmap::match(std::string_view text, bool first) const {
  Rule rule;
  std::size_t node = offset(m_units[0]);
  for (std::size_t i = 0; i < text.size() && i < kMaxRuleBytes; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    node ^= byte;
    if (node >= m_units.size() || label(m_units[node]) != byte) break;
    const std::uint32_t unit = m_units[node];
    node ^= offset(unit);
    if (!hasLeaf(unit)) continue;
    if (node >= m_units.size()) break;
    const std::size_t start = leafValue(m_units[node]);
    if (start > m_replacements.size()) break;
    const std::size_t end = std::min(m_replacements.find('\0', start), m_replacements.size());
    if (end - start > kMaxRuleBytes) continue;
    rule = {i + 1, std::string_view(m_replacements).substr(start, end - start)};
    if (first) break;
  }
  return rule;
}

}  // namespace nibble

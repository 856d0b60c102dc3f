// A trie over bytes for longest matches and for all matches at a place: user-defined pieces, unigram pieces, added tokens.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace nibble {

class ByteTrie {
 public:
  struct Match {
    std::int32_t value = -1;  ///< −1: none
    std::size_t length = 0;
  };

  ByteTrie() = default;
  /// Keys must not be empty; of equal keys the first given counts. Values are ≥ 0. The keys are not kept.
  explicit ByteTrie(std::vector<std::pair<std::string_view, std::int32_t>> entries);

  bool empty() const { return m_nodes.empty(); }

  /// The longest key that `text` has at `at`.
  Match longest(std::string_view text, std::size_t at) const {
    Match best;
    eachMatch(text, at, [&](std::int32_t value, std::size_t length) { best = {value, length}; });
    return best;
  }

  /// Whether some key starts with this byte.
  bool starts(char first) const { return !m_nodes.empty() && m_roots[static_cast<std::uint8_t>(first)] >= 0; }

  /// Calls `visit(value, length)` for every key that `text` has at `at`, shortest first.
  template <typename Visit>
  void eachMatch(std::string_view text, std::size_t at, Visit visit) const {
    if (at >= text.size() || m_nodes.empty()) return;
    std::int32_t node = m_roots[static_cast<std::uint8_t>(text[at])];
    for (std::size_t end = at + 1; node >= 0; ++end) {
      if (m_nodes[node].value >= 0) visit(m_nodes[node].value, end - at);
      if (end == text.size()) return;
      node = child(node, static_cast<std::uint8_t>(text[end]));
    }
  }

 private:
  struct Node {
    std::int32_t firstChild = 0;
    std::int32_t value = -1;
    std::uint16_t children = 0;  // up to 256, so more than a byte
    std::uint8_t label = 0;
  };
  struct Range;

  std::int32_t child(std::int32_t node, std::uint8_t label) const {
    std::int32_t low = m_nodes[node].firstChild;
    std::int32_t high = low + m_nodes[node].children;
    while (high - low > 4) {
      const std::int32_t middle = low + (high - low) / 2;
      (m_nodes[middle].label <= label ? low : high) = middle;
    }
    for (; low < high; ++low) {
      if (m_nodes[low].label == label) return low;
    }
    return -1;
  }

  std::vector<Node> m_nodes;  // breadth first; the children of a node lie side by side, sorted by label
  std::array<std::int32_t, 256> m_roots{};
};

}  // namespace nibble

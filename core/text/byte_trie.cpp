// Building the trie: keys are sorted once, then cut level by level into runs with the same next byte.
#include "core/text/byte_trie.h"

#include <algorithm>

namespace nibble {

struct ByteTrie::Range {  // keys [first, last) share their first `depth` bytes, which is what node `node` stands for
  std::size_t first, last, depth;
  std::int32_t node;
};

ByteTrie::ByteTrie(std::vector<std::pair<std::string_view, std::int32_t>> entries) {
  m_roots.fill(-1);
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Range> level{{0, entries.size(), 0, -1}};
  if (entries.empty()) return;
  while (!level.empty()) {
    std::vector<Range> below;
    for (Range range : level) {
      // The shorter key sorts first, so keys that end here stand in front.
      while (range.first < range.last && entries[range.first].first.size() == range.depth) {
        Node& node = m_nodes[range.node];
        if (node.value < 0) node.value = entries[range.first].second;
        ++range.first;
      }
      if (range.node >= 0) m_nodes[range.node].firstChild = static_cast<std::int32_t>(m_nodes.size());
      for (std::size_t start = range.first; start < range.last;) {
        const auto label = static_cast<std::uint8_t>(entries[start].first[range.depth]);
        std::size_t end = start + 1;
        while (end < range.last && static_cast<std::uint8_t>(entries[end].first[range.depth]) == label) ++end;
        const auto node = static_cast<std::int32_t>(m_nodes.size());
        m_nodes.push_back({0, -1, 0, label});
        if (range.node >= 0) ++m_nodes[range.node].children;
        if (range.node < 0) m_roots[label] = node;
        below.push_back({start, end, range.depth + 1, node});
        start = end;
      }
    }
    level = std::move(below);
  }
}

}  // namespace nibble

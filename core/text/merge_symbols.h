// Byte-pair encoding of one stretch of text in O(n log n): repeatedly joins the neighbouring pair with the lowest rank, the
// leftmost of equals. Who calls it says what joins and how well (SentencePiece by the joined text, merges by the two ids).
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

namespace nibble {

inline constexpr std::uint32_t kNoMerge = 0xFFFFFFFF;

struct PairMerge {
  std::uint32_t rank = kNoMerge;  ///< lower joins first
  std::int32_t id = -1;           ///< what the pair becomes
};

/// A piece of the text; `end` is where the next one begins.
struct MergeSymbol {
  std::int32_t id = -1;
  std::uint32_t begin = 0;
  std::int32_t previous = -1;
  std::int32_t next = -1;
  PairMerge merge{};  ///< with `next`
};

/// Reused from one word to the next, so that words cost no allocation.
struct MergeScratch {
  std::vector<MergeSymbol> symbols;
  std::vector<std::uint64_t> heap;  // rank << 32 | index of the left symbol
};

/// Joins all there is to join in `scratch.symbols` (each with id and begin set, in order; `textEnd` is the end of the last).
/// `lookup(leftId, rightId, begin, end) → PairMerge`. Afterwards the chain from symbol 0 along `next` is the result.
template <typename Lookup>
class SymbolMerger {
 public:
  SymbolMerger(MergeScratch& scratch, std::uint32_t textEnd, Lookup lookup)
      : m_symbols(scratch.symbols), m_heap(scratch.heap), m_textEnd(textEnd), m_lookup(lookup) {}

  void run() {
    const auto count = static_cast<std::int32_t>(m_symbols.size());
    for (std::int32_t i = 0; i < count; ++i) {
      m_symbols[i].previous = i - 1;
      m_symbols[i].next = i + 1 < count ? i + 1 : -1;
    }
    for (std::int32_t i = 0; i < count; ++i) price(i);
    count <= kScanLimit ? runByScan() : runByHeap();
  }

 private:
  static constexpr std::int32_t kScanLimit = 24;  // below it a scan beats a heap

  void price(std::int32_t left) {
    MergeSymbol& symbol = m_symbols[left];
    symbol.merge = {};
    if (symbol.next < 0) return;
    const MergeSymbol& right = m_symbols[symbol.next];
    const std::uint32_t end = right.next < 0 ? m_textEnd : m_symbols[right.next].begin;
    symbol.merge = m_lookup(symbol.id, right.id, symbol.begin, end);
  }

  /// Joins `left` with what follows and prices the two pairs that change.
  void join(std::int32_t left) {
    MergeSymbol& symbol = m_symbols[left];
    symbol.id = symbol.merge.id;
    MergeSymbol& gone = m_symbols[symbol.next];
    gone.merge = {};  // so that entries in the heap that name it are stale
    symbol.next = gone.next;
    if (symbol.next >= 0) m_symbols[symbol.next].previous = left;
    price(left);
    if (symbol.previous >= 0) price(symbol.previous);
  }

  void runByScan() {
    while (true) {
      std::uint32_t rank = kNoMerge;
      std::int32_t best = -1;
      for (std::int32_t i = m_symbols.empty() ? -1 : 0; i >= 0; i = m_symbols[i].next) {
        if (m_symbols[i].merge.rank < rank) {
          rank = m_symbols[i].merge.rank;
          best = i;
        }
      }
      if (best < 0) return;
      join(best);
    }
  }

  void push(std::int32_t left) {
    if (m_symbols[left].merge.rank == kNoMerge) return;
    m_heap.push_back(entry(left));
    std::push_heap(m_heap.begin(), m_heap.end(), std::greater<>());
  }

  std::uint64_t entry(std::int32_t left) const {
    return static_cast<std::uint64_t>(m_symbols[left].merge.rank) << 32 | static_cast<std::uint32_t>(left);
  }

  void runByHeap() {
    m_heap.clear();
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(m_symbols.size()); ++i) {
      if (m_symbols[i].merge.rank != kNoMerge) m_heap.push_back(entry(i));
    }
    std::make_heap(m_heap.begin(), m_heap.end(), std::greater<>());
    while (!m_heap.empty()) {
      std::pop_heap(m_heap.begin(), m_heap.end(), std::greater<>());
      const std::uint64_t top = m_heap.back();
      m_heap.pop_back();
      const auto left = static_cast<std::int32_t>(top & 0xFFFFFFFF);
      if (m_symbols[left].merge.rank != top >> 32) continue;  // the pair has changed since
      join(left);
      push(left);
      if (m_symbols[left].previous >= 0) push(m_symbols[left].previous);
    }
  }

  std::vector<MergeSymbol>& m_symbols;
  std::vector<std::uint64_t>& m_heap;
  std::uint32_t m_textEnd;
  Lookup m_lookup;
};

}  // namespace nibble

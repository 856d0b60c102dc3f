// Byte-pair encoding of one stretch of text in O(n log n), linear where text repeats itself: repeatedly joins the neighbouring
// pair with the lowest rank, the leftmost of equals. Who calls it says what joins and how well (SentencePiece by the joined text,
// merges by the two ids).
#pragma once
#include <cstdint>
#include <vector>

#include "core/text/merge_queue.h"

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
  std::vector<std::uint64_t> heap;  // PairHeap's
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
    if (count <= kScanLimit) return runByScan();
    count <= kHeapLimit ? runByQueue(PairHeap(m_heap)) : runByQueue(PairRuns());
  }

 private:
  static constexpr std::int32_t kScanLimit = 24;    // up to it a scan beats a heap
  static constexpr std::int32_t kHeapLimit = 4096;  // and a heap beats runs

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
    gone.merge = {};  // so that what the queue holds about it is stale
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

  template <typename Queue>
  void runByQueue(Queue queue) {
    const auto push = [&](std::int32_t left) {
      if (m_symbols[left].merge.rank != kNoMerge) queue.push({m_symbols[left].merge.rank, left});
    };
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(m_symbols.size()); ++i) push(i);
    for (QueuedPair pair; queue.pop(pair);) {
      if (m_symbols[pair.left].merge.rank != pair.rank) continue;  // the pair has changed since
      join(pair.left);
      push(pair.left);
      if (m_symbols[pair.left].previous >= 0) push(m_symbols[pair.left].previous);
    }
  }

  std::vector<MergeSymbol>& m_symbols;
  std::vector<std::uint64_t>& m_heap;
  std::uint32_t m_textEnd;
  Lookup m_lookup;
};

}  // namespace nibble

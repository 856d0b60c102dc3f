// Queues of pairs waiting to be joined, lowest rank first, leftmost first among equals: a heap for words, and for very long
// stretches one sorted run per rank, which makes text that repeats itself linear.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <unordered_map>
#include <vector>

namespace nibble {

struct QueuedPair {
  std::uint32_t rank = 0;
  std::int32_t left = 0;  ///< index of the left symbol
};

class PairHeap {
 public:
  explicit PairHeap(std::vector<std::uint64_t>& storage) : m_heap(storage) { m_heap.clear(); }

  void push(QueuedPair pair) {
    m_heap.push_back(static_cast<std::uint64_t>(pair.rank) << 32 | static_cast<std::uint32_t>(pair.left));
    std::push_heap(m_heap.begin(), m_heap.end(), std::greater<>());
  }

  bool pop(QueuedPair& pair) {
    if (m_heap.empty()) return false;
    std::pop_heap(m_heap.begin(), m_heap.end(), std::greater<>());
    pair = {static_cast<std::uint32_t>(m_heap.back() >> 32), static_cast<std::int32_t>(m_heap.back() & 0xFFFFFFFF)};
    m_heap.pop_back();
    return true;
  }

 private:
  std::vector<std::uint64_t>& m_heap;  // rank << 32 | left
};

class PairRuns {
 public:
  void push(QueuedPair pair) {
    Run& run = m_runs[pair.rank];
    if (run.empty()) m_ranks.push(pair.rank);
    // Pairs of a rank nearly always come from left to right; the few that do not go to a heap beside the run.
    if (run.sorted.empty() || pair.left >= run.sorted.back()) {
      run.sorted.push_back(pair.left);
    } else {
      run.late.push(pair.left);
    }
  }

  bool pop(QueuedPair& pair) {
    if (m_ranks.empty()) return false;
    pair.rank = m_ranks.top();
    Run& run = m_runs[pair.rank];
    const bool fromRun = run.next < run.sorted.size() && (run.late.empty() || run.sorted[run.next] <= run.late.top());
    if (fromRun) {
      pair.left = run.sorted[run.next++];
    } else {
      pair.left = run.late.top();
      run.late.pop();
    }
    if (run.next == run.sorted.size()) {
      run.sorted.clear();
      run.next = 0;
    }
    if (run.empty()) m_ranks.pop();
    return true;
  }

 private:
  struct Run {
    std::vector<std::int32_t> sorted;
    std::size_t next = 0;  // in sorted
    std::priority_queue<std::int32_t, std::vector<std::int32_t>, std::greater<>> late;
    bool empty() const { return next == sorted.size() && late.empty(); }
  };

  std::unordered_map<std::uint32_t, Run> m_runs;  // by rank
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> m_ranks;  // those whose run is not empty, once each
};

}  // namespace nibble

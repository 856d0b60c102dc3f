// Measures on rows of logits (rows, vocab), for tests that compare two backends.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace nibble::test {

inline std::size_t likeliest(std::span<const float> row) {
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

/// Lead of the likeliest logit over the second.
inline float leadOf(std::span<const float> row) {
  std::vector<float> sorted(row.begin(), row.end());
  std::partial_sort(sorted.begin(), sorted.begin() + 2, sorted.end(), std::greater<>());
  return sorted[0] - sorted[1];
}

/// Mean KL divergence of rows of logits, in nats.
inline double meanKl(std::span<const float> reference, std::span<const float> other, std::size_t vocab) {
  double sum = 0;
  const std::size_t rows = reference.size() / vocab;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto normalizer = [&](std::span<const float> row) {
      const double top = row[likeliest(row)];
      double total = 0;
      for (const float x : row) total += std::exp(x - top);
      return std::log(total) + top;
    };
    const auto p = reference.subspan(r * vocab, vocab), q = other.subspan(r * vocab, vocab);
    const double np = normalizer(p), nq = normalizer(q);
    for (std::size_t i = 0; i < vocab; ++i) sum += std::exp(p[i] - np) * ((p[i] - np) - (q[i] - nq));
  }
  return sum / static_cast<double>(rows);
}

}  // namespace nibble::test

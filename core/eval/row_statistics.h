// What one row of logits adds to an evaluation. Sums run in fp64; the exponentials in fp32, by the CPU kernels.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "core/eval/evaluate.h"

namespace nibble {

struct RowShape {
  float maximum = 0;
  float logSumExp = 0;
  std::size_t top = 0;  ///< index of the maximum, the lowest of equals
};

/// NaN or infinity anywhere makes logSumExp NaN.
RowShape rowShape(std::span<const float> logits);

/// KL(reference ‖ this) of one position in nats, never under 0.
float klDivergence(const LogitRecord::Row& reference, std::span<const float> logits, const RowShape& shape);

/// Adds up the histogram of logit errors over rows.
class LogitErrorSums {
 public:
  void add(const LogitRecord::Row& reference, std::span<const float> logits);
  LogitErrors result() const;

 private:
  std::array<std::int64_t, 80> m_counts{};
  std::int64_t m_total = 0;
  double m_errorSquares = 0, m_referenceSquares = 0;
};

}  // namespace nibble

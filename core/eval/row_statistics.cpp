#include "core/eval/row_statistics.h"

#include <algorithm>
#include <cmath>

namespace nibble {

RowShape rowShape(std::span<const float> logits) {
  RowShape shape;
  shape.maximum = logits[0];
  for (std::size_t i = 1; i < logits.size(); ++i) {
    if (logits[i] > shape.maximum) {
      shape.maximum = logits[i];
      shape.top = i;
    }
  }
  double sum = 0;
  for (float logit : logits) sum += static_cast<double>(std::exp(logit - shape.maximum));
  shape.logSumExp = shape.maximum + static_cast<float>(std::log(sum));
  return shape;
}

float klDivergence(const LogitRecord::Row& reference, std::span<const float> logits, const RowShape& shape) {
  // The record's rounding leaves the reference a hair off normal; dividing by its sum keeps that error out of the first order.
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const float logReference = reference.logit(i) - reference.logSumExp;
    const float logThis = logits[i] - shape.logSumExp;
    const auto weight = static_cast<double>(std::exp(logReference));
    weights += weight;
    sum += weight * static_cast<double>(logReference - logThis);
  }
  return static_cast<float>(std::max(sum / weights - std::log(weights), 0.0));
}

void LogitErrorSums::add(const LogitRecord::Row& reference, std::span<const float> logits) {
  double meanReference = 0, meanThis = 0;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (reference.levels[i] == 65535) continue;  // too far under the maximum to be known
    meanReference += static_cast<double>(reference.logit(i));
    meanThis += static_cast<double>(logits[i]);
    ++count;
  }
  if (count == 0) return;
  const auto shift = static_cast<float>((meanThis - meanReference) / static_cast<double>(count));
  const auto center = static_cast<float>(meanReference / static_cast<double>(count));
  constexpr double kScale = 80.0 / (LogitErrors::kHigh - LogitErrors::kLow);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (reference.levels[i] == 65535) continue;
    const float known = reference.logit(i);
    const float error = logits[i] - known - shift;
    m_errorSquares += static_cast<double>(error) * static_cast<double>(error);
    m_referenceSquares += static_cast<double>(known - center) * static_cast<double>(known - center);
    const double bin = (static_cast<double>(error) - LogitErrors::kLow) * kScale;
    if (bin >= 0 && bin < 80) ++m_counts[static_cast<std::size_t>(bin)];
  }
  m_total += count;
}

LogitErrors LogitErrorSums::result() const {
  LogitErrors errors;
  if (m_total == 0) return errors;
  for (std::size_t i = 0; i < m_counts.size(); ++i) errors.shares[i] = static_cast<double>(m_counts[i]) / static_cast<double>(m_total);
  errors.relativeMse = m_referenceSquares > 0 ? m_errorSquares / m_referenceSquares : 0;
  return errors;
}

}  // namespace nibble

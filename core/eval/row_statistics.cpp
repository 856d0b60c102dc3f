#include "core/eval/row_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/cpu/elementwise.h"

namespace nibble {

namespace {

constexpr std::size_t kStep = 64;  // terms summed in fp32 before they join a double

/// softmax(row) through the vectorized kernel, and log Σ exp from the likeliest id, whose probability is the best
/// conditioned.
double softmaxOf(std::span<const float> row, std::size_t top, std::vector<float>& probabilities) {
  probabilities.assign(row.begin(), row.end());
  softmax(probabilities.data(), static_cast<std::int64_t>(row.size()), 1.0f);
  return static_cast<double>(row[top]) - std::log(static_cast<double>(probabilities[top]));
}

std::size_t indexOfMaximum(std::span<const float> row) {
  return static_cast<std::size_t>(std::max<std::int64_t>(argmax(row.data(), static_cast<std::int64_t>(row.size())), 0));
}

/// Buffers of one thread's rows: an evaluation goes over ten thousands of them.
struct Scratch {
  std::vector<float> probabilities, logits;
};
Scratch& scratch() {
  thread_local Scratch buffers;
  return buffers;
}

}  // namespace

RowShape rowShape(std::span<const float> logits) {
  RowShape shape;
  shape.top = indexOfMaximum(logits);
  shape.maximum = logits[shape.top];
  if (!allFinite(logits.data(), static_cast<std::int64_t>(logits.size()))) {
    shape.logSumExp = std::numeric_limits<float>::quiet_NaN();
    return shape;
  }
  shape.logSumExp = static_cast<float>(softmaxOf(logits, shape.top, scratch().probabilities));
  return shape;
}

float klDivergence(const LogitRecord::Row& reference, std::span<const float> logits, const RowShape& shape) {
  auto& [weights, known] = scratch();
  known.resize(logits.size());
  for (std::size_t i = 0; i < known.size(); ++i) known[i] = reference.logit(i);
  // The record's rounding leaves the reference a hair off normal; its own normalizer keeps that error out of the first
  // order.
  const double logSumExp = softmaxOf(known, indexOfMaximum(known), weights);
  double sum = 0;
  for (std::size_t first = 0; first < logits.size(); first += kStep) {
    float part = 0;
    for (std::size_t i = first; i < std::min(first + kStep, logits.size()); ++i)
      part += weights[i] * (known[i] - logits[i]);
    sum += static_cast<double>(part);
  }
  return static_cast<float>(std::max(sum - logSumExp + static_cast<double>(shape.logSumExp), 0.0));
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
  for (std::size_t i = 0; i < m_counts.size(); ++i)
    errors.shares[i] = static_cast<double>(m_counts[i]) / static_cast<double>(m_total);
  errors.relativeMse = m_referenceSquares > 0 ? m_errorSquares / m_referenceSquares : 0;
  return errors;
}

}  // namespace nibble

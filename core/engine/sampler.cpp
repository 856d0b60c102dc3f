#include "core/engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "kernels/cpu/elementwise.h"

namespace nibble {
namespace {

constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15ull;

std::int32_t indexOfMaximum(std::span<const float> values) {
  return static_cast<std::int32_t>(argmax(values.data(), static_cast<std::int64_t>(values.size())));
}

Result<void> outOfRange(const char* field, const char* rule) {
  return fail(ErrorCode::wrongUsage, rule, {}, field);
}

}  // namespace

Result<void> checkSampling(const SamplingOptions& options) {
  const auto finite = [](float value) { return std::isfinite(value); };
  if (!finite(options.temperature) || options.temperature < 0) return outOfRange("temperature", "must be 0 or more");
  if (options.topK < 0) return outOfRange("top_k", "must be 0 (off) or more");
  if (!finite(options.topP) || options.topP <= 0 || options.topP > 1)
    return outOfRange("top_p", "must be above 0 and at most 1");
  if (!finite(options.minP) || options.minP < 0 || options.minP > 1) return outOfRange("min_p", "must be from 0 to 1");
  if (!finite(options.repetitionPenalty) || options.repetitionPenalty <= 0) {
    return outOfRange("repetition_penalty", "must be above 0");
  }
  if (!finite(options.presencePenalty)) return outOfRange("presence_penalty", "must be a finite number");
  if (!finite(options.frequencyPenalty)) return outOfRange("frequency_penalty", "must be a finite number");
  if (options.penaltyWindow < 0) return outOfRange("penalty_window", "must be 0 or more");
  return {};
}

bool usesPenalties(const SamplingOptions& options) {
  if (options.greedy) return false;
  return options.repetitionPenalty != 1.0f || options.presencePenalty != 0.0f || options.frequencyPenalty != 0.0f;
}

Sampler::Sampler(const SamplingOptions& options, std::span<const std::int32_t> prompt)
    : m_options(options), m_state(options.seed), m_recent(prompt.begin(), prompt.end()) {}

float Sampler::draw() {
  const float next = nextDraw();
  m_state += kStep;
  return next;
}

float Sampler::nextDraw() const {
  // SplitMix64 (Steele, Lea, Flood 2014): any seed, zero included, gives a full-period sequence.
  std::uint64_t mixed = m_state + kStep;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ull;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBull;
  mixed ^= mixed >> 31;
  return static_cast<float>(mixed >> 40) * 0x1.0p-24f;
}

void Sampler::undoDraw() {
  m_state -= kStep;
}

void Sampler::accept(std::int32_t id) {
  m_recent.push_back(id);
  ++m_answerCounts[id];
}

Result<std::int32_t> Sampler::choose(std::span<const float> logits) {
  if (logits.empty()) return fail(ErrorCode::failed, "no logits to choose from");
  if (!allFinite(logits.data(), static_cast<std::int64_t>(logits.size())))
    return fail(ErrorCode::notANumber, "logits hold NaN or infinity", {}, "logits");
  if (m_options.greedy) return indexOfMaximum(logits);
  penalize(logits);
  if (m_options.temperature <= 0.0f) return indexOfMaximum(m_logits);
  return chooseByTemperature();
}

void Sampler::penalize(std::span<const float> logits) {
  m_logits.assign(logits.begin(), logits.end());
  const auto known = [&](std::int32_t id) { return id >= 0 && static_cast<std::size_t>(id) < m_logits.size(); };
  if (m_options.repetitionPenalty != 1.0f) {
    const std::size_t window = std::min(m_recent.size(), static_cast<std::size_t>(m_options.penaltyWindow));
    const std::unordered_set<std::int32_t> seen(m_recent.end() - static_cast<std::ptrdiff_t>(window), m_recent.end());
    for (const std::int32_t id : seen) {
      if (!known(id)) continue;
      float& logit = m_logits[static_cast<std::size_t>(id)];
      logit = logit > 0 ? logit / m_options.repetitionPenalty : logit * m_options.repetitionPenalty;
    }
  }
  for (const auto& [id, count] : m_answerCounts) {
    if (!known(id)) continue;
    m_logits[static_cast<std::size_t>(id)] -=
        m_options.presencePenalty + m_options.frequencyPenalty * static_cast<float>(count);
  }
}

/// Puts the best `count` candidates in front, best first; the first `sorted` are there already.
void Sampler::sortBest(std::size_t sorted, std::size_t count) {
  const auto better = [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  };
  const auto at = [&](std::size_t i) { return m_candidates.begin() + static_cast<std::ptrdiff_t>(i); };
  std::partial_sort(at(sorted), at(count), m_candidates.end(), better);
}

double Sampler::weightOf(std::size_t index) const {
  return std::exp(static_cast<double>(m_candidates[index].logit) - static_cast<double>(m_best));
}

/// How many of the best `count` candidates have topP of their weight together. Sorts no more than it needs.
std::size_t Sampler::keepTopP(std::size_t count) {
  double total = 0.0, sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) total += weightOf(i);
  std::size_t sorted = m_options.topK > 0 ? count : 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == sorted) {
      const std::size_t more = std::min(count, std::max<std::size_t>(64, 2 * sorted));
      sortBest(sorted, more);
      sorted = more;
    }
    sum += weightOf(i);
    if (sum >= static_cast<double>(m_options.topP) * total) return i + 1;
  }
  return count;
}

/// Moves the candidates whose weight is at least minP (the best one's is 1) to the front, in order. Returns how many.
std::size_t Sampler::keepMinP(std::size_t count) {
  const auto end = m_candidates.begin() + static_cast<std::ptrdiff_t>(count);
  const double least = static_cast<double>(m_options.minP);
  const auto kept = std::stable_partition(m_candidates.begin(), end, [&](const Candidate& candidate) {
    return std::exp(static_cast<double>(candidate.logit) - static_cast<double>(m_best)) >= least;
  });
  return static_cast<std::size_t>(kept - m_candidates.begin());
}

/// One draw over the first `count` candidates.
std::int32_t Sampler::drawFrom(std::size_t count) {
  double total = 0.0, sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) total += weightOf(i);
  const double target = static_cast<double>(draw()) * total;
  for (std::size_t i = 0; i < count; ++i) {
    sum += weightOf(i);
    if (target < sum) return m_candidates[i].id;
  }
  return m_candidates[count - 1].id;
}

std::int32_t Sampler::chooseByTemperature() {
  m_candidates.resize(m_logits.size());
  for (std::size_t i = 0; i < m_logits.size(); ++i) {
    m_candidates[i] = {m_logits[i] / m_options.temperature, static_cast<std::int32_t>(i)};
  }
  const std::int32_t likeliest = indexOfMaximum(m_logits);
  m_best = m_candidates[static_cast<std::size_t>(likeliest)].logit;
  // A tiny temperature may have pushed logits past the range of a float: the best one then has all the weight.
  if (!std::isfinite(m_best)) return likeliest;
  std::size_t count = m_candidates.size();
  if (m_options.topK > 0) {
    count = std::min(count, static_cast<std::size_t>(m_options.topK));
    sortBest(0, count);
  }
  if (m_options.topP < 1.0f) count = keepTopP(count);
  if (m_options.minP > 0.0f) count = keepMinP(count);
  return drawFrom(count);
}

}  // namespace nibble

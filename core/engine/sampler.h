// Chooses the next id from logits on the host, by the rules of sampling.h. One Sampler lives as long as one answer.
#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/engine/sampling.h"

namespace nibble {

/// Errors: wrongUsage naming the option that is out of range or not a number.
Result<void> checkSampling(const SamplingOptions& options);

/// True if the options look at ids chosen before, so that a device without that history cannot sample.
bool usesPenalties(const SamplingOptions& options);

class Sampler {
 public:
  /// `prompt`: the ids before the answer, oldest first (only the last `penaltyWindow` are looked at).
  Sampler(const SamplingOptions& options, std::span<const std::int32_t> prompt);

  /// The next id for `logits` (vocab). Consumes one draw unless greedy. Does not remember the id: see accept().
  /// Errors: notANumber if any logit is NaN or infinite.
  Result<std::int32_t> choose(std::span<const float> logits);

  /// A chosen id joins the answer, for the penalties of the next.
  void accept(std::int32_t id);

  /// The next uniform number in [0, 1), 24 bits; the same sequence for the same seed.
  float draw();
  /// What draw() will give next.
  float nextDraw() const;
  /// Takes the last draw back: it was not used.
  void undoDraw();

 private:
  struct Candidate {
    float logit;
    std::int32_t id;
  };
  void penalize(std::span<const float> logits);
  std::int32_t chooseByTemperature();
  void sortBest(std::size_t sorted, std::size_t count);
  double weightOf(std::size_t index) const;
  std::size_t keepTopP(std::size_t count);
  std::size_t keepMinP(std::size_t count);
  std::int32_t drawFrom(std::size_t count);

  SamplingOptions m_options;
  std::uint64_t m_state;
  std::vector<std::int32_t> m_recent;  // ids in order, prompt and answer
  std::unordered_map<std::int32_t, int> m_answerCounts;
  std::vector<float> m_logits;          // (vocab) after penalties
  std::vector<Candidate> m_candidates;  // kept ones first
  float m_best = 0;                     // the largest logit over the temperature
};

}  // namespace nibble

// How the next token is chosen from logits: plain values, shared by Engine requests, settings and backends.
#pragma once
#include <cstdint>

namespace nibble {

/// Order: penalties, temperature, top-k, top-p, min-p, then one draw. `greedy` is the plain maximum of the logits, no
/// penalty; of equal logits the lowest id wins.
struct SamplingOptions {
  bool greedy = false;
  float temperature = 0.8f;  ///< > 0; 0 behaves as greedy with penalties
  int topK = 40;             ///< 0: off
  float topP = 0.8f;         ///< 1: off
  float minP = 0.0f;         ///< 0: off
  float repetitionPenalty =
      1.0f;                      ///< 1: off; divides positive logits, multiplies negative ones (CTRL, arXiv:1909.05858)
  float presencePenalty = 0.0f;  ///< subtracted once from every id seen in the answer
  float frequencyPenalty = 0.0f;  ///< subtracted once per occurrence in the answer
  int penaltyWindow = 256;        ///< how many last ids (prompt included) repetitionPenalty looks at
  std::uint64_t seed = 0;         ///< same seed, same logits: same ids
  bool operator==(const SamplingOptions&) const = default;
};

}  // namespace nibble

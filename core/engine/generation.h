// One answer: reads the prompt (reusing what the cache already holds), then chooses ids until the model, the limit or
// the user stops.
#pragma once
#include <chrono>
#include <stop_token>

#include "core/engine/local_engine.h"
#include "core/engine/sampler.h"
#include "core/text/utf8_joiner.h"

namespace nibble {

class Generation {
 public:
  Generation(LoadedModel& model, EngineCounters& counters, const GenerateRequest& request, const GenerateSink& sink,
             std::stop_token stop);

  /// Errors: contextFull, wrongUsage (an id outside the vocabulary, sampling options), notANumber, the backend's.
  /// A stop by the user is a result, not an error.
  Result<GenerateResult> run(std::vector<std::int32_t> prompt);

 private:
  using Clock = std::chrono::steady_clock;
  Result<void> check(const std::vector<std::int32_t>& prompt) const;
  Result<std::int32_t> readPrompt(const std::vector<std::int32_t>& prompt, Sampler& sampler);
  Result<void> decodeAnswer(std::int32_t first, Sampler& sampler);
  Result<std::int32_t> nextId(std::int32_t id, Sampler& sampler);
  bool take(std::int32_t id);
  void emit(std::int32_t id, std::string text);
  void finish();

  LoadedModel& m_model;
  EngineCounters& m_counters;
  const GenerateRequest& m_request;
  const GenerateSink& m_sink;
  std::stop_token m_stop;
  Transformer m_transformer;
  Clock::time_point m_started;
  GenerateResult m_result;
  Utf8Joiner m_joiner;
  bool m_deviceSamples = true;  // until the backend says it does not for these options
};

}  // namespace nibble

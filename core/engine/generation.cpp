#include "core/engine/generation.h"

#include <algorithm>

namespace nibble {
namespace {

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void add(std::atomic<double>& sum, double more) {
  sum.store(sum.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

std::size_t commonPrefix(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
  const auto [first, second] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(first - a.begin());
}

}  // namespace

Generation::Generation(LoadedModel& model, EngineCounters& counters, const GenerateRequest& request,
                       const GenerateSink& sink, std::stop_token stop)
    : m_model(model),
      m_counters(counters),
      m_request(request),
      m_sink(sink),
      m_stop(std::move(stop)),
      m_transformer(model.transformer()),
      m_started(Clock::now()),
      m_deviceSamples(!usesPenalties(request.sampling)) {}

Result<GenerateResult> Generation::run(std::vector<std::int32_t> prompt) {
  NIBBLE_CHECK(check(prompt));
  m_result.statistics.promptTokens = static_cast<std::int64_t>(prompt.size());
  m_result.statistics.loadSeconds = m_model.loadSeconds;
  Sampler sampler(m_request.sampling, prompt);
  auto first = readPrompt(prompt, sampler);
  const auto decodeStart = Clock::now();
  Result<void> outcome;
  if (first)
    outcome = decodeAnswer(*first, sampler);
  else
    outcome = fail(std::move(first.error()));
  if (!outcome && outcome.error().code != ErrorCode::cancelled) {
    m_model.cachedIds.clear();  // what the failed step left in the cache is not known
    m_counters.contextUsed = 0;
    return fail(m_model.explained(std::move(outcome.error())));
  }
  if (!outcome) m_result.stop = StopReason::cancelled;
  m_result.statistics.decodeSeconds = m_result.statistics.newTokens > 1 ? secondsSince(decodeStart) : 0.0;
  finish();
  return std::move(m_result);
}

Result<void> Generation::check(const std::vector<std::int32_t>& prompt) const {
  NIBBLE_CHECK(checkSampling(m_request.sampling));
  if (prompt.empty()) return fail(ErrorCode::wrongUsage, "the prompt is empty", {}, "prompt");
  const int vocab = m_model.info.config.vocab;
  for (const std::int32_t id : prompt) {
    if (id < 0 || id >= vocab)
      return fail(ErrorCode::wrongUsage,
                  "id " + std::to_string(id) + " is outside the vocabulary of " + std::to_string(vocab), {}, "ids");
  }
  if (static_cast<std::int64_t>(prompt.size()) > m_model.request.context) {
    return fail(ErrorCode::contextFull,
                "the prompt has " + std::to_string(prompt.size()) + " ids, the context " +
                    std::to_string(m_model.request.context),
                {}, "context");
  }
  return {};
}

/// Runs what the cache does not hold yet and chooses the answer's first id.
Result<std::int32_t> Generation::readPrompt(const std::vector<std::int32_t>& prompt, Sampler& sampler) {
  // The last id always runs, as its logits are needed.
  const std::size_t reused = std::min(commonPrefix(m_model.cachedIds, prompt), prompt.size() - 1);
  m_model.cachedIds.resize(reused);
  m_result.statistics.reusedTokens = static_cast<std::int64_t>(reused);
  std::int64_t counted = 0;
  auto mark = Clock::now();
  const auto progress = [&](std::int64_t done) {
    m_model.cachedIds.assign(prompt.begin(), prompt.begin() + static_cast<std::ptrdiff_t>(reused) + done);
    m_counters.contextUsed = static_cast<std::int64_t>(m_model.cachedIds.size());
    m_counters.promptTokens += static_cast<std::uint64_t>(done - counted);
    add(m_counters.prefillSeconds, secondsSince(mark));
    mark = Clock::now();
    counted = done;
    GenerateEvent event;
    event.prefill = true;
    event.promptTokens = static_cast<std::int64_t>(prompt.size());
    event.promptDone = static_cast<std::int64_t>(m_model.cachedIds.size());
    event.contextUsed = event.promptDone;
    if (m_sink) m_sink(event);
  };
  const auto start = Clock::now();
  auto logits =
      m_transformer.prefill(std::span(prompt).subspan(reused), static_cast<std::int64_t>(reused), progress, m_stop);
  m_result.statistics.prefillSeconds = secondsSince(start);
  if (!logits) return fail(std::move(logits.error()));
  return sampler.choose(*logits);
}

Result<void> Generation::decodeAnswer(std::int32_t first, Sampler& sampler) {
  std::int32_t id = first;
  while (m_result.statistics.newTokens < m_request.maxTokens) {
    if (m_stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped while answering");
    if (take(id)) return {};
    sampler.accept(id);
    const bool full = static_cast<std::int64_t>(m_model.cachedIds.size()) >= m_model.request.context;
    if (full || m_result.statistics.newTokens >= m_request.maxTokens) break;
    const auto start = Clock::now();
    NIBBLE_TRY(const std::int32_t next, nextId(id, sampler));
    add(m_counters.decodeSeconds, secondsSince(start));
    id = next;
  }
  m_result.stop = StopReason::length;
  return {};
}

/// Runs `id` and chooses the one behind it, on the device where it can.
Result<std::int32_t> Generation::nextId(std::int32_t id, Sampler& sampler) {
  const auto position = static_cast<std::int64_t>(m_model.cachedIds.size());
  std::optional<std::int32_t> next;
  if (m_deviceSamples) {
    SampledStep step{id, position, sampler.draw(), std::nullopt};
    const bool another =
        m_result.statistics.newTokens + 1 < m_request.maxTokens && position + 1 < m_model.request.context;
    if (another) step.nextDraw = sampler.nextDraw();
    NIBBLE_TRY(next, m_model.backend->decodeAndSample(step, m_request.sampling));
    if (!next) {
      m_deviceSamples = false;
      sampler.undoDraw();
    }
  }
  if (!next) {
    NIBBLE_TRY(const auto logits, m_transformer.decode(id, position));
    NIBBLE_TRY(next, sampler.choose(logits));
  }
  m_model.cachedIds.push_back(id);
  m_counters.contextUsed = static_cast<std::int64_t>(m_model.cachedIds.size());
  return *next;
}

/// Adds an id to the answer. True: it ends the answer.
bool Generation::take(std::int32_t id) {
  if (m_result.ids.empty()) m_result.statistics.firstTokenSeconds = secondsSince(m_started);
  m_result.ids.push_back(id);
  ++m_result.statistics.newTokens;
  ++m_counters.newTokens;
  const auto& eos = m_model.info.config.eosIds;
  if (std::find(eos.begin(), eos.end(), id) != eos.end()) {
    m_result.stop = StopReason::eos;
    emit(id, {});
    return true;
  }
  // `first` is false: the prompt came before, so a leading space is part of the text.
  emit(id, m_model.tokenizer ? m_joiner.push(m_model.tokenizer->bytesOf(id, false, false)) : std::string());
  return false;
}

void Generation::emit(std::int32_t id, std::string text) {
  m_result.text += text;
  if (!m_sink) return;
  GenerateEvent event;
  event.id = id;
  event.text = std::move(text);
  event.promptTokens = m_result.statistics.promptTokens;
  event.newTokens = m_result.statistics.newTokens;
  event.contextUsed = static_cast<std::int64_t>(m_model.cachedIds.size());
  m_sink(event);
}

void Generation::finish() {
  if (std::string rest = m_joiner.finish(); !rest.empty())
    emit(m_result.ids.empty() ? 0 : m_result.ids.back(), std::move(rest));
  GenerateStatistics& figures = m_result.statistics;
  const double read = static_cast<double>(figures.promptTokens - figures.reusedTokens);
  if (figures.prefillSeconds > 0) figures.prefillTokensPerSecond = read / figures.prefillSeconds;
  if (figures.decodeSeconds > 0)
    figures.decodeTokensPerSecond = static_cast<double>(figures.newTokens - 1) / figures.decodeSeconds;
}

}  // namespace nibble

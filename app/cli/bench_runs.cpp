#include "app/cli/bench_runs.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "app/cli/read_bandwidth.h"

namespace nibble {

namespace {

constexpr double kEnoughSeconds = 2.0;  // a prompt is repeated until so much was measured, or three times
constexpr int kRepeats = 3;

using Clock = std::chrono::steady_clock;

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  return values[below] + (place - static_cast<double>(below)) * (values[std::min(below + 1, values.size() - 1)] - values[below]);
}

}  // namespace

BenchRunner::BenchRunner(Engine& engine, int threads, Console& console, std::stop_token stop)
    : m_engine(engine), m_threads(threads), m_console(console), m_stop(std::move(stop)), m_info(*engine.info()) {}

Result<double> BenchRunner::bandwidth() {
  if (m_stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
  if (m_info.device.id == "cpu") return measureReadBandwidth(m_threads);
  return m_engine.measureBandwidth();
}

/// Ids that no stop id is among, different each time, so that no prompt is found in the cache.
std::vector<std::int32_t> BenchRunner::randomIds(std::int64_t count) {
  std::vector<std::int32_t> ids;
  const auto& stops = m_info.config.eosIds;
  while (static_cast<std::int64_t>(ids.size()) < count) {
    m_random = m_random * 6364136223846793005u + 1442695040888963407u;
    const auto id = static_cast<std::int32_t>((m_random >> 33) % static_cast<std::uint64_t>(m_info.config.vocab));
    if (std::find(stops.begin(), stops.end(), id) == stops.end()) ids.push_back(id);
  }
  return ids;
}

Result<GenerateResult> BenchRunner::generate(std::vector<std::int32_t> ids, std::int64_t tokens, const GenerateSink& sink) {
  GenerateRequest request;
  request.ids = std::move(ids);
  request.maxTokens = static_cast<int>(tokens);
  request.sampling.greedy = true;
  NIBBLE_TRY(GenerateResult result, m_engine.generate(request, sink, m_stop));
  if (result.stop == StopReason::cancelled) return fail(ErrorCode::cancelled, "stopped");
  return result;
}

std::uint64_t BenchRunner::cacheBytesPerPosition() const {
  return m_info.context > 0 ? m_engine.statistics().plan.bytesOf(PartKind::kvCache) / static_cast<std::uint64_t>(m_info.context) : 0;
}

Result<BenchRun> BenchRunner::prefill(std::int64_t rows) {
  std::vector<double> seconds;
  const auto show = [&](const GenerateEvent& event) {
    if (event.prefill) m_console.progress("prefill " + std::to_string(rows), static_cast<double>(event.promptDone) / static_cast<double>(rows));
  };
  double spent = 0;
  std::int64_t passes = 0;
  for (int i = 0; i < kRepeats && (i == 0 || spent < kEnoughSeconds); ++i) {
    passes = 0;
    NIBBLE_TRY(const GenerateResult result, generate(randomIds(rows), 1, [&](const GenerateEvent& event) {
      passes += event.prefill ? 1 : 0;
      show(event);
    }));
    seconds.push_back(result.statistics.prefillSeconds);
    spent += seconds.back();
  }
  BenchRun run;
  run.prefill = true;
  run.tokens = rows;
  const double best = *std::min_element(seconds.begin(), seconds.end());
  run.medianMs = 1e3 * quantile(seconds, 0.5);
  run.p99Ms = 1e3 * quantile(seconds, 0.99);
  run.tokensPerSecond = static_cast<double>(rows) / best;
  run.gigabytesPerSecond = static_cast<double>(m_engine.statistics().backend.bytesPerToken) * static_cast<double>(std::max<std::int64_t>(passes, 1)) / best / 1e9;
  return run;
}

/// Random weights may choose a stop id: the run then goes on behind another id, until enough gaps between tokens are measured.
Result<BenchRun> BenchRunner::decode(std::int64_t depth, std::int64_t tokens) {
  std::vector<std::int32_t> ids = randomIds(std::max<std::int64_t>(depth, 1));
  std::vector<double> gaps;
  while (static_cast<std::int64_t>(gaps.size()) < tokens) {
    std::optional<Clock::time_point> last;
    const auto sink = [&](const GenerateEvent& event) {
      if (event.prefill) return m_console.progress("filling the cache", static_cast<double>(event.promptDone) / static_cast<double>(event.promptTokens));
      const auto now = Clock::now();
      if (last) gaps.push_back(std::chrono::duration<double>(now - *last).count());
      last = now;
    };
    NIBBLE_TRY(const GenerateResult result, generate(ids, tokens - static_cast<std::int64_t>(gaps.size()) + 1, sink));
    if (result.stop == StopReason::length && static_cast<std::int64_t>(gaps.size()) < tokens) break;  // the context is full
    ids.back() = randomIds(1)[0];
  }
  if (gaps.empty()) return fail(ErrorCode::failed, "no token was decoded", {}, "decode");
  gaps.resize(std::min(gaps.size(), static_cast<std::size_t>(tokens)));
  double seconds = 0;
  for (const double gap : gaps) seconds += gap;
  BenchRun run;
  run.tokens = static_cast<std::int64_t>(gaps.size());
  run.depth = depth;
  run.tokensPerSecond = static_cast<double>(run.tokens) / seconds;
  const double position = static_cast<double>(std::max<std::int64_t>(depth, 1)) + static_cast<double>(run.tokens) / 2;
  const double bytes = static_cast<double>(m_engine.statistics().backend.bytesPerToken) + static_cast<double>(cacheBytesPerPosition()) * position;
  run.gigabytesPerSecond = bytes * run.tokensPerSecond / 1e9;
  run.medianMs = 1e3 * quantile(gaps, 0.5);
  run.p99Ms = 1e3 * quantile(gaps, 0.99);
  return run;
}

}  // namespace nibble

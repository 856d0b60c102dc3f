#include "core/eval/evaluate.h"

#include <algorithm>
#include <cmath>

#include "core/eval/row_statistics.h"

namespace nibble {

namespace {

/// Cuts ids into windows and feeds each scored row to `visit(logits, nextId)`.
class WindowWalk {
 public:
  WindowWalk(Engine& engine, const EvaluateRequest& request) : m_engine(engine), m_request(request) {}

  Result<void> prepare() {
    const auto info = m_engine.info();
    if (!info) return fail(ErrorCode::wrongUsage, "no model is loaded");
    if (m_request.window < 2) return fail(ErrorCode::wrongUsage, "must be at least 2", {}, "window");
    if (m_request.window > info->context) {
      return fail(ErrorCode::contextFull, "the window of " + std::to_string(m_request.window) + " ids is longer than the context of " + std::to_string(info->context), {}, "window");
    }
    m_bos = info->config.bosId;
    m_runLength = m_bos >= 0 ? m_request.window - 1 : m_request.window;
    NIBBLE_TRY(m_ids, m_engine.tokenize(m_request.text, false, false));
    m_windows = static_cast<std::int64_t>(m_ids.size()) / m_runLength;
    if (m_windows == 0) {
      return fail(ErrorCode::fileMalformed, "has " + std::to_string(m_ids.size()) + " ids, fewer than one window of " + std::to_string(m_runLength), m_request.textName, "text");
    }
    return {};
  }

  std::int64_t windows() const { return m_windows; }
  int firstScoredRow() const { return m_request.secondHalf ? m_request.window / 2 : 0; }

  template <typename Visit>
  Result<void> run(std::int64_t window, std::stop_token stop, const Visit& visit) {
    const auto begin = m_ids.begin() + window * m_runLength;
    std::vector<std::int32_t> ids;
    if (m_bos >= 0) ids.push_back(m_bos);
    ids.insert(ids.end(), begin, begin + m_runLength);
    const auto sink = [&](std::int64_t firstRow, std::span<const float> rows, int vocabulary) -> Result<void> {
      const auto width = static_cast<std::size_t>(vocabulary);
      for (std::size_t k = 0; k * width < rows.size(); ++k) {
        const std::int64_t row = firstRow + static_cast<std::int64_t>(k);
        if (row < firstScoredRow() || row + 1 >= static_cast<std::int64_t>(ids.size())) continue;
        NIBBLE_CHECK(visit(rows.subspan(k * width, width), ids[static_cast<std::size_t>(row) + 1]));
      }
      return {};
    };
    return m_engine.logits(ids, 0, sink, stop);
  }

 private:
  Engine& m_engine;
  const EvaluateRequest& m_request;
  std::vector<std::int32_t> m_ids;
  std::int32_t m_bos = -1;
  std::int64_t m_runLength = 0;
  std::int64_t m_windows = 0;
};

/// Adds up what every evaluation needs; `more(logits, shape, id)` does the rest of one row.
template <typename More>
Result<EvaluateResult> walk(Engine& engine, const EvaluateRequest& request, const EvaluateSink& progress, std::stop_token stop, const More& more) {
  WindowWalk walk(engine, request);
  NIBBLE_CHECK(walk.prepare());
  EvaluateResult result;
  result.windows = walk.windows();
  for (std::int64_t window = 0; window < walk.windows(); ++window) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "evaluation stopped");
    NIBBLE_CHECK(walk.run(window, stop, [&](std::span<const float> logits, std::int32_t id) -> Result<void> {
      const RowShape shape = rowShape(logits);
      if (!std::isfinite(shape.logSumExp)) return fail(ErrorCode::notANumber, "the logits hold NaN or infinity", {}, "logits");
      result.nll += static_cast<double>(shape.logSumExp) - static_cast<double>(logits[static_cast<std::size_t>(id)]);
      ++result.scoredTokens;
      return more(logits, shape);
    }));
    if (progress) progress(window + 1, walk.windows());
  }
  result.perplexity = std::exp(result.nll / static_cast<double>(result.scoredTokens));
  return result;
}

constexpr std::size_t kRowsPerErrorRow = 8;  // a histogram of 10^7 logits needs no more of them

/// The value at `share` of the sorted values, between two of them by linear interpolation.
double quantile(const std::vector<float>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (static_cast<double>(sorted[above]) - sorted[below]);
}

}  // namespace

Result<EvaluateResult> evaluate(Engine& engine, const EvaluateRequest& request, const EvaluateSink& progress, std::stop_token stop) {
  return walk(engine, request, progress, stop, [](std::span<const float>, const RowShape&) -> Result<void> { return {}; });
}

Result<EvaluateResult> evaluateReference(Engine& engine, const EvaluateRequest& request, LogitRecord& record, const EvaluateSink& progress, std::stop_token stop) {
  NIBBLE_TRY(auto result, walk(engine, request, progress, stop, [&](std::span<const float> logits, const RowShape& shape) -> Result<void> {
    if (logits.size() != static_cast<std::size_t>(record.vocabulary())) return fail(ErrorCode::wrongUsage, "the record was made for another vocabulary");
    return record.append(logits, shape.maximum, shape.logSumExp);
  }));
  record.nll = result.nll;
  record.perplexity = result.perplexity;
  return result;
}

Result<EvaluateResult> evaluateAgainst(Engine& engine, const EvaluateRequest& request, LogitRecord& reference, const EvaluateSink& progress, std::stop_token stop) {
  reference.rewind();
  std::vector<float> divergences;
  LogitRecord::Row row;
  LogitErrorSums errors;
  std::int64_t sameTop = 0;
  NIBBLE_TRY(auto result, walk(engine, request, progress, stop, [&](std::span<const float> logits, const RowShape& shape) -> Result<void> {
    if (logits.size() != static_cast<std::size_t>(reference.vocabulary())) return fail(ErrorCode::wrongUsage, "the reference has another vocabulary");
    NIBBLE_CHECK(reference.next(row));
    divergences.push_back(klDivergence(row, logits, shape));
    sameTop += row.levels[shape.top] == 0 ? 1 : 0;
    if (divergences.size() % kRowsPerErrorRow == 1) errors.add(row, logits);
    return {};
  }));
  if (result.scoredTokens != reference.rows()) return fail(ErrorCode::wrongUsage, "the reference scored another number of positions");
  Divergence divergence;
  for (float value : divergences) divergence.klMean += static_cast<double>(value) / static_cast<double>(divergences.size());
  std::sort(divergences.begin(), divergences.end());
  divergence.klMedian = quantile(divergences, 0.5);
  divergence.klP99 = quantile(divergences, 0.99);
  divergence.sameTop = static_cast<double>(sameTop) / static_cast<double>(result.scoredTokens);
  divergence.referencePerplexity = reference.perplexity;
  divergence.retention = reference.perplexity / result.perplexity;
  divergence.logitErrors = errors.result();
  result.divergence = divergence;
  return result;
}

std::string_view wholeCharacters(std::string_view text, std::uint64_t bytes) {
  if (bytes >= text.size()) return text;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
  return text.substr(0, end);
}

}  // namespace nibble

// How good a loaded model is on a text: perplexity, and against a reference's recorded logits KL divergence, agreement and retention.
// The rule: the text is tokenized whole without bos and cut into runs of window − 1 ids; each run is preceded by bos, every id of
// the run is scored, the remainder is dropped. "Second half" scores as llama.cpp does: of each window only the ids after its middle.
// Models without bos get runs of `window` ids whose first is not scored.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/engine/engine.h"
#include "core/eval/logit_record.h"

namespace nibble {

struct EvaluateRequest {
  std::string text;
  std::string textName;          ///< for messages
  int window = 512;
  bool secondHalf = false;
};

/// Logit minus the reference's, both centred on their row's mean, in 80 bins over [−2, 2]; shares of all logits of every eighth row.
struct LogitErrors {
  static constexpr double kLow = -2.0, kHigh = 2.0;
  std::array<double, 80> shares{};
  double relativeMse = 0;        ///< E|error|² / E|centred reference|²
};

struct Divergence {
  double klMean = 0, klMedian = 0, klP99 = 0;   ///< KL(reference ‖ this), nats a position; p99 by linear interpolation
  double sameTop = 0;                           ///< share of positions whose likeliest token is the reference's
  double referencePerplexity = 0;
  double retention = 0;                         ///< referencePerplexity / perplexity
  LogitErrors logitErrors;
};

struct EvaluateResult {
  double perplexity = 0;
  double nll = 0;                ///< sum, nats
  std::int64_t scoredTokens = 0;
  std::int64_t windows = 0;
  std::optional<Divergence> divergence;
};

/// Windows done and in all.
using EvaluateSink = std::function<void(std::int64_t, std::int64_t)>;

/// Evaluates the model that `engine` has loaded. Errors: fileMalformed (fewer ids than one window), contextFull (the window is longer
/// than the planned context), cancelled, and the engine's own.
Result<EvaluateResult> evaluate(Engine& engine, const EvaluateRequest& request, const EvaluateSink& progress, std::stop_token stop);

/// The same, keeping the logits of every scored position: this model is the reference.
Result<EvaluateResult> evaluateReference(Engine& engine, const EvaluateRequest& request, LogitRecord& record, const EvaluateSink& progress, std::stop_token stop);

/// The same, compared with a reference's record of the same request. Errors also: wrongUsage (another vocabulary or number of positions).
Result<EvaluateResult> evaluateAgainst(Engine& engine, const EvaluateRequest& request, LogitRecord& reference, const EvaluateSink& progress, std::stop_token stop);

/// The first `bytes` bytes without a character cut in two.
std::string_view wholeCharacters(std::string_view text, std::uint64_t bytes);

}  // namespace nibble

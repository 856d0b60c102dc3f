// eval: perplexity of a text, and against a reference precision KL divergence, agreement and retention.
#include <algorithm>

#include "app/cli/json_line.h"
#include "app/cli/model_options.h"
#include "core/eval/evaluate.h"

namespace nibble {

namespace {

constexpr std::uint64_t kMostTextBytes = std::uint64_t{1} << 30;
constexpr std::int64_t kLogitBytes = 64 << 20;  // of logits kept at once
constexpr int kMostLogitRows = 256;

Result<EvaluateRequest> evaluateRequest(const Arguments& arguments) {
  EvaluateRequest request;
  const auto path = arguments.text("--text");
  if (!path) return wrongArgument("--text", "is missing");
  NIBBLE_TRY(const auto bytes, arguments.integer("--bytes", 1, INT64_MAX));
  NIBBLE_TRY(const auto window, arguments.integer("--window", 2, 65'536));
  const std::string score = arguments.text("--score").value_or("all");
  if (score != "all" && score != "second-half") return wrongArgument("--score", "needs all or second-half, not \"" + score.substr(0, 40) + "\"");
  NIBBLE_TRY(const std::string text, readNamedText("--text", *path, kMostTextBytes));
  request.text = bytes ? std::string(wholeCharacters(text, static_cast<std::uint64_t>(*bytes))) : text;
  request.textName = *path;
  request.window = static_cast<int>(window.value_or(request.window));
  request.secondHalf = score == "second-half";
  return request;
}

void planForWindow(LoadRequest& load, const EvaluateRequest& request, int vocabulary) {
  if (load.context == 0) load.context = request.window;
  load.prefillChunk = std::min(request.window, 2048);
  load.logitRows = static_cast<int>(std::clamp<std::int64_t>(kLogitBytes / (std::int64_t{vocabulary} * 4), 1, std::min(load.prefillChunk, kMostLogitRows)));
}

EvaluateSink progressOf(Console& console, const char* label) {
  return [&console, label](std::int64_t done, std::int64_t total) { console.progress(label, static_cast<double>(done) / static_cast<double>(total)); };
}

Result<LogitRecord> recordReference(Engine& engine, const LoadRequest& load, const EvaluateRequest& request, int vocabulary, VerbContext& context) {
  NIBBLE_CHECK(loadModel(engine, load, context));
  NIBBLE_TRY(LogitRecord record, LogitRecord::create(vocabulary));
  NIBBLE_CHECK(evaluateReference(engine, request, record, progressOf(context.console, "reference"), context.stop));
  engine.unload();
  return record;
}

void print(Console& console, const EvaluateResult& result, double bits) {
  if (console.json()) {
    JsonLine out;
    out.add("perplexity", result.perplexity).add("nll", result.nll).add("scored_tokens", result.scoredTokens).add("windows", result.windows).add("bits_per_weight", bits);
    if (const auto& d = result.divergence) {
      out.add("kl_mean", d->klMean).add("kl_median", d->klMedian).add("kl_p99", d->klP99).add("same_top", d->sameTop);
      out.add("reference_perplexity", d->referencePerplexity).add("retention", d->retention);
    }
    console.result(out.text());
    return;
  }
  char line[200];
  std::snprintf(line, sizeof line, "perplexity %.4f over %lld tokens in %lld windows (nll %.3f nats; %.3f bits a layer weight)", result.perplexity, static_cast<long long>(result.scoredTokens),
                static_cast<long long>(result.windows), result.nll, bits);
  console.result(line);
  if (const auto& d = result.divergence) {
    std::snprintf(line, sizeof line, "KL mean %.6f, median %.6f, p99 %.6f nats; same top token %.2f %%; reference perplexity %.4f, retention %.2f %%", d->klMean, d->klMedian, d->klP99, 100 * d->sameTop,
                  d->referencePerplexity, 100 * d->retention);
    console.result(line);
  }
}

Result<int> run(VerbContext& context) {
  const Arguments& arguments = context.arguments;
  NIBBLE_TRY(LoadRequest load, loadRequest(arguments, arguments.operand(0), LoadPurpose::evaluation));
  NIBBLE_TRY(const EvaluateRequest request, evaluateRequest(arguments));
  NIBBLE_TRY(const std::filesystem::path folder, resolveModel(load.model));
  NIBBLE_TRY(const ModelConfig config, readModelConfig(folder));
  if (load.context > 0 && load.context < request.window) return wrongArgument("--context", "is less than the window of " + std::to_string(request.window));
  planForWindow(load, request, config.vocab);
  const auto engine = makeEngine();
  std::optional<LogitRecord> reference;
  if (const auto precision = arguments.text("--reference")) {
    NIBBLE_TRY(const LoadRequest referenceLoad, referenceRequest(load, *precision));
    NIBBLE_TRY(reference, recordReference(*engine, referenceLoad, request, config.vocab, context));
  }
  NIBBLE_CHECK(loadModel(*engine, load, context));
  const EvaluateSink progress = progressOf(context.console, "evaluating");
  NIBBLE_TRY(const EvaluateResult result, reference ? evaluateAgainst(*engine, request, *reference, progress, context.stop) : evaluate(*engine, request, progress, context.stop));
  print(context.console, result, engine->info()->bitsPerWeight);
  return 0;
}

}  // namespace

Verb evalVerb() {
  VerbSpec spec;
  spec.name = "eval";
  spec.summary = "perplexity of a text, and KL divergence to a reference precision";
  spec.synopsis = "MODEL --text FILE [--bytes N] [--window 512] [--score all|second-half] [--reference f32]";
  spec.operands = {"MODEL"};
  spec.requiredOperands = 1;
  spec.options = {{"--text", "FILE", "UTF-8 text"},
                  {"--bytes", "N", "only the first N bytes, without a character cut in two"},
                  {"--window", "N", "ids a window, bos included (default: 512)"},
                  {"--score", "all|second-half", "every id of a window, or those after its middle"},
                  {"--reference", "FORMAT", "also KL(reference ‖ this) in nats a position"}};
  spec.options = joined(joined(std::move(spec.options), modelOptions()), outputOptions());
  spec.examples = "  nibble-cli eval sample --text story.txt --precision q4 --reference f32\n"
                  "  nibble-cli eval ./model --text wiki.txt --bytes 200000 --window 512 --precision f32 --json\n";
  return {std::move(spec), run};
}

}  // namespace nibble

// logits: fp32 logits of all positions into a safetensors file.
#include <algorithm>

#include "app/cli/json_line.h"
#include "app/cli/logits_file.h"
#include "app/cli/model_options.h"

namespace nibble {

namespace {

constexpr std::int64_t kMostRowsAtOnce = 2048;      // of one pass; more ids than this are cut
constexpr std::int64_t kLogitBytes = 64 << 20;      // of logits kept at once

/// Rows of logits kept at once, so that a large vocabulary does not take gigabytes.
int logitRows(std::int64_t rows, int vocabulary) {
  return static_cast<int>(std::clamp<std::int64_t>(kLogitBytes / (std::int64_t{vocabulary} * 4), 1, std::min<std::int64_t>(rows, 256)));
}

Result<int> run(VerbContext& context) {
  const Arguments& arguments = context.arguments;
  NIBBLE_TRY(const auto given, arguments.integers("--ids", 0, INT32_MAX));
  if (given.empty()) return wrongArgument("--ids", "is missing");
  const auto out = arguments.text("--out");
  if (!out || out->empty()) return wrongArgument("--out", "is missing");
  NIBBLE_TRY(const auto chunk, arguments.integer("--chunk", 1, 65'536));
  NIBBLE_TRY(LoadRequest request, loadRequest(arguments, arguments.operand(0), LoadPurpose::evaluation));
  const std::vector<std::int32_t> ids(given.begin(), given.end());
  const auto count = static_cast<std::int64_t>(ids.size());
  if (request.context > 0 && request.context < count) return wrongArgument("--context", "is less than the " + std::to_string(count) + " ids");
  if (request.context == 0) request.context = count;
  NIBBLE_TRY(const std::filesystem::path folder, resolveModel(request.model));
  NIBBLE_TRY(const ModelConfig config, readModelConfig(folder));
  NIBBLE_CHECK(checkIds("--ids", ids, config));
  request.prefillChunk = static_cast<int>(std::min({chunk.value_or(count), count, kMostRowsAtOnce}));
  request.logitRows = logitRows(request.prefillChunk, config.vocab);

  const auto engine = makeEngine();
  NIBBLE_CHECK(loadModel(*engine, request, context));
  NIBBLE_TRY(LogitsFile file, LogitsFile::create(*out, count, config.vocab));
  const auto sink = [&](std::int64_t firstRow, std::span<const float> rows, int) -> Result<void> {
    NIBBLE_CHECK(file.append(rows));
    context.console.progress("logits", static_cast<double>(firstRow) / static_cast<double>(count));
    return {};
  };
  NIBBLE_CHECK(engine->logits(ids, static_cast<int>(chunk.value_or(0)), sink, context.stop));
  NIBBLE_CHECK(file.finish());
  if (context.console.json()) context.console.result(JsonLine().add("rows", count).add("columns", config.vocab).text());
  else context.console.result(std::to_string(count) + " rows of " + std::to_string(config.vocab) + " logits in " + *out);
  return 0;
}

}  // namespace

Verb logitsVerb() {
  VerbSpec spec;
  spec.name = "logits";
  spec.summary = "fp32 logits of all positions into a safetensors file";
  spec.synopsis = "MODEL --ids 1,2,3 --out F.safetensors [--chunk N]";
  spec.operands = {"MODEL"};
  spec.requiredOperands = 1;
  spec.options = {{"--ids", "1,2,3", "the token ids"}, {"--out", "FILE", "gets the tensor `logits` (ids, vocabulary)"}, {"--chunk", "N", "N ids a pass; 1: token by token (default: all in one)"}};
  spec.options = joined(joined(std::move(spec.options), modelOptions()), outputOptions());
  spec.examples = "  nibble-cli logits sample --ids 1,390,412 --out logits.safetensors --precision f32 --json\n";
  return {std::move(spec), run};
}

}  // namespace nibble

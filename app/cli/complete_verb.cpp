// complete: continues a prompt or ids. The context is planned before the load from the ids and --max-tokens (dynamic rope
// depends on it), so the prompt is encoded here, before the engine opens the model.
#include "app/cli/interrupt.h"
#include "app/cli/json_line.h"
#include "app/cli/model_options.h"
#include "app/cli/sampling_options.h"
#include "core/text/tokenizer.h"

namespace nibble {

namespace {

constexpr std::int64_t kDefaultMaxTokens = 128;
constexpr int kInterrupted = 130;

/// Raw text with bos in front where the tokenizer adds it and the text has none, and no eos behind.
std::vector<std::int32_t> encodePrompt(const Tokenizer& tokenizer, const std::string& text, bool plain) {
  std::vector<std::int32_t> ids = tokenizer.encode(text, {.addSpecial = true, .parseSpecial = !plain});
  const auto bare = tokenizer.encode(text, {.addSpecial = false, .parseSpecial = !plain});
  if (ids.size() > bare.size() && ids.back() == tokenizer.eosId() && (bare.empty() || bare.back() != ids.back())) ids.pop_back();
  // A rendered template begins with bos already.
  if (ids.size() == bare.size() + 1 && ids.size() > 1 && ids[0] == tokenizer.bosId() && ids[1] == ids[0]) ids.erase(ids.begin());
  return ids;
}

Result<std::vector<std::int32_t>> promptIds(const Arguments& arguments) {
  const int given = arguments.has("--ids") + arguments.has("--prompt") + arguments.has("--prompt-file");
  if (given != 1) return wrongArgument("--ids, --prompt or --prompt-file", given == 0 ? "is missing: one of them" : "stand beside each other: give one of them");
  if (arguments.has("--ids")) {
    if (arguments.has("--plain")) return wrongArgument("--plain", "has no meaning beside --ids");
    NIBBLE_TRY(const auto ids, arguments.integers("--ids", 0, INT32_MAX));
    std::vector<std::int32_t> given(ids.begin(), ids.end());
    NIBBLE_TRY(const std::filesystem::path folder, resolveModel(arguments.operand(0)));
    NIBBLE_TRY(const ModelConfig config, readModelConfig(folder));
    NIBBLE_CHECK(checkIds("--ids", given, config));
    return given;
  }
  std::string text = arguments.text("--prompt").value_or("");
  if (const auto file = arguments.text("--prompt-file")) {
    NIBBLE_TRY(text, readNamedText("--prompt-file", *file));
  }
  NIBBLE_TRY(const std::filesystem::path folder, resolveModel(arguments.operand(0)));
  NIBBLE_TRY(const auto tokenizer, openTokenizer(folder));
  std::vector<std::int32_t> ids = encodePrompt(*tokenizer, text, arguments.has("--plain"));
  if (ids.empty()) return wrongArgument(arguments.has("--prompt") ? "--prompt" : "--prompt-file", "gives no ids: the text is empty");
  return ids;
}

const char* stopName(StopReason reason) { return reason == StopReason::eos ? "eos" : reason == StopReason::length ? "length" : "cancelled"; }

JsonLine statsJson(const GenerateStatistics& figures, double loadSeconds) {
  JsonLine out;
  out.add("load_s", loadSeconds).add("prefill_s", figures.prefillSeconds).add("prefill_tok_s", figures.prefillTokensPerSecond);
  return out.add("decode_s", figures.decodeSeconds).add("decode_tok_s", figures.decodeTokensPerSecond).add("ttft_s", figures.firstTokenSeconds);
}

void printResult(Console& console, const GenerateResult& answer, const LoadReport& load, const SamplingOptions& sampling) {
  const GenerateStatistics& figures = answer.statistics;
  if (console.json()) {
    JsonLine out;
    out.addRaw("ids", jsonArray(answer.ids)).add("text", answer.text).add("stop", stopName(answer.stop)).add("prompt_tokens", figures.promptTokens);
    out.add("stats", statsJson(figures, load.seconds));
    if (!sampling.greedy) out.add("seed", sampling.seed);
    console.result(out.text());
    return;
  }
  console.result("");
  char line[200];
  std::snprintf(line, sizeof line, "[%lld tokens, %.1f tok/s; prompt %lld tokens, %.1f tok/s; first token after %.3f s; loaded in %.2f s; stop: %s]", static_cast<long long>(figures.newTokens),
                figures.decodeTokensPerSecond, static_cast<long long>(figures.promptTokens), figures.prefillTokensPerSecond, figures.firstTokenSeconds, load.seconds, stopName(answer.stop));
  console.note(line);
}

Result<int> run(VerbContext& context) {
  const Arguments& arguments = context.arguments;
  NIBBLE_TRY(LoadRequest load, loadRequest(arguments, arguments.operand(0), LoadPurpose::decoding));
  NIBBLE_TRY(const auto maxTokens, arguments.integer("--max-tokens", 0, 100'000'000));
  NIBBLE_CHECK(samplingFrom(arguments, {}));  // misuse is told before a load that takes a while
  GenerateRequest request;
  NIBBLE_TRY(request.ids, promptIds(arguments));
  request.maxTokens = static_cast<int>(maxTokens.value_or(kDefaultMaxTokens));
  if (load.context == 0) load.context = static_cast<std::int64_t>(request.ids.size()) + request.maxTokens;

  const auto engine = makeEngine();
  NIBBLE_TRY(const LoadReport report, loadModel(*engine, load, context));
  NIBBLE_TRY(request.sampling, samplingFrom(arguments, engine->info()->suggestedSampling));
  Console& console = context.console;
  const auto sink = [&console](const GenerateEvent& event) {
    if (event.prefill) console.progress("prompt", static_cast<double>(event.promptDone) / static_cast<double>(event.promptTokens));
    else if (!console.json() && !event.text.empty()) console.result(event.text, false);
  };
  NIBBLE_TRY(const GenerateResult answer, engine->generate(request, sink, context.stop));
  printResult(console, answer, report, request.sampling);
  return answer.stop == StopReason::cancelled ? kInterrupted : 0;
}

}  // namespace

Verb completeVerb() {
  VerbSpec spec;
  spec.name = "complete";
  spec.summary = "continues a prompt or token ids";
  spec.synopsis = "MODEL (--ids 1,2,3 | --prompt TEXT | --prompt-file F) --max-tokens N (--greedy | --seed S --temperature … --top-k … --top-p … --min-p … --repetition-penalty …)";
  spec.operands = {"MODEL"};
  spec.requiredOperands = 1;
  spec.options = {{"--ids", "1,2,3", "the prompt as token ids"},
                  {"--prompt", "TEXT", "raw text: no template, bos in front where the tokenizer adds it"},
                  {"--prompt-file", "FILE", "the same from a file"},
                  {"--plain", "", "special tokens in the prompt are plain text"},
                  {"--max-tokens", "N", "at most so many new tokens (default: 128)"}};
  spec.options = joined(joined(joined(std::move(spec.options), samplingOptions()), modelOptions()), outputOptions());
  spec.examples = "  nibble-cli complete sample --prompt \"Once upon a time\" --max-tokens 64 --greedy\n"
                  "  nibble-cli complete ./model --ids 1,390,412 --max-tokens 16 --greedy --precision f32 --json\n"
                  "  nibble-cli complete ./model --prompt-file story.txt --seed 7 --temperature 0.8 --top-p 0.9\n";
  return {std::move(spec), run};
}

}  // namespace nibble

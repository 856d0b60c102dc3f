// tokenize: JSON strings on stdin, ids out.
#include "app/cli/json_input.h"
#include "app/cli/json_line.h"
#include "app/cli/verb.h"
#include "core/engine/engine.h"
#include "core/text/tokenizer.h"

namespace nibble {

namespace {

Result<int> run(VerbContext& context) {
  NIBBLE_TRY(const std::filesystem::path folder, resolveModel(context.arguments.operand(0)));
  NIBBLE_TRY(const auto tokenizer, openTokenizer(folder));
  const bool neither = context.arguments.has("--no-special");
  const EncodeOptions options{.addSpecial = !neither && !context.arguments.has("--no-bos"), .parseSpecial = !neither && !context.arguments.has("--plain")};
  NIBBLE_CHECK(forEachInputLine([&](const std::string& line, std::int64_t number) -> Result<void> {
    NIBBLE_TRY(const JsonDocument document, parseInputLine(line, number));
    if (!document.root().isString()) return wrongInputLine(number, "needs a JSON string, holds " + std::string(document.root().kindName()));
    context.console.result(JsonLine().addRaw("ids", jsonArray(tokenizer->encode(document.root().string(), options))).text());
    return {};
  }, context.stop));
  return 0;
}

}  // namespace

Verb tokenizeVerb() {
  VerbSpec spec;
  spec.name = "tokenize";
  spec.summary = "text to token ids: JSON strings on stdin, one {\"ids\": […]} a line out";
  spec.synopsis = "FOLDER [--no-bos] [--plain] [--no-special]";
  spec.operands = {"FOLDER"};
  spec.requiredOperands = 1;
  spec.options = joined({{"--no-bos", "", "no bos or eos, even where the tokenizer's files say so"},
                         {"--plain", "", "special tokens in the text are plain text"},
                         {"--no-special", "", "both"}}, outputOptions());
  spec.examples = "  echo '\"Once upon a time\"' | nibble-cli tokenize sample\n  nibble-cli tokenize ./model --no-special < texts.jsonl > ids.jsonl\n";
  return {std::move(spec), run};
}

}  // namespace nibble

// detokenize: arrays of ids on stdin, text out. What tokenize puts around a text (bos, eos) is taken away again;
// every other special token is spelled.
#include "app/cli/json_input.h"
#include "app/cli/json_line.h"
#include "app/cli/verb.h"
#include "core/engine/engine.h"
#include "core/text/tokenizer.h"

namespace nibble {

namespace {

Result<std::vector<std::int32_t>> idsOf(JsonValue list, int vocabulary, std::int64_t number) {
  if (!list.isArray()) return wrongInputLine(number, "needs a JSON array of ids, holds " + std::string(list.kindName()));
  std::vector<std::int32_t> ids;
  for (const auto& item : list.items()) {
    const JsonValue id = item.value();
    if (!id.isInteger() || id.integer() < 0 || id.integer() >= vocabulary)
      return wrongInputLine(number, "item " + std::to_string(ids.size()) + " is not an id under " + std::to_string(vocabulary));
    ids.push_back(static_cast<std::int32_t>(id.integer()));
  }
  return ids;
}

/// What encoding puts before and behind a text.
struct Frame {
  std::int32_t before = -1, behind = -1;
};

Frame frameOf(const Tokenizer& tokenizer) {
  const auto framed = tokenizer.encode("a", {.addSpecial = true, .parseSpecial = false});
  const auto plain = tokenizer.encode("a", {.addSpecial = false, .parseSpecial = false});
  Frame frame;
  if (framed.size() <= plain.size()) return frame;
  if (framed.front() == tokenizer.bosId()) frame.before = framed.front();
  if (framed.back() == tokenizer.eosId()) frame.behind = framed.back();
  return frame;
}

Result<int> run(VerbContext& context) {
  NIBBLE_TRY(const std::filesystem::path folder, resolveModel(context.arguments.operand(0)));
  NIBBLE_TRY(const auto tokenizer, openTokenizer(folder));
  const Frame frame = frameOf(*tokenizer);
  NIBBLE_CHECK(forEachInputLine([&](const std::string& line, std::int64_t number) -> Result<void> {
    NIBBLE_TRY(const JsonDocument document, parseInputLine(line, number));
    NIBBLE_TRY(std::vector<std::int32_t> ids, idsOf(document.root(), tokenizer->vocabularySize(), number));
    if (!ids.empty() && frame.before >= 0 && ids.front() == frame.before) ids.erase(ids.begin());
    if (!ids.empty() && frame.behind >= 0 && ids.back() == frame.behind) ids.pop_back();
    context.console.result(JsonLine().add("text", tokenizer->decode(ids, true)).text());
    return {};
  }, context.stop));
  return 0;
}

}  // namespace

Verb detokenizeVerb() {
  VerbSpec spec;
  spec.name = "detokenize";
  spec.summary = "token ids to text: JSON arrays on stdin, one {\"text\": …} a line out";
  spec.synopsis = "FOLDER";
  spec.operands = {"FOLDER"};
  spec.requiredOperands = 1;
  spec.options = outputOptions();
  spec.examples = "  echo '[1, 390, 412]' | nibble-cli detokenize sample\n";
  return {std::move(spec), run};
}

}  // namespace nibble

// inspect: what a model folder holds.
#include <cstdio>

#include "app/cli/json_line.h"
#include "app/cli/verb.h"
#include "core/base/json.h"
#include "core/engine/engine.h"
#include "core/model/inspect_model.h"
#include "core/text/chat_template.h"
#include "core/text/tokenizer.h"

namespace nibble {

namespace {

/// A JSON value on one line.
void appendCompact(std::string& out, JsonValue value) {
  switch (value.kind()) {
    case JsonKind::boolean: out += value.boolean() ? "true" : "false"; break;
    case JsonKind::integer: out += std::to_string(value.integer()); break;
    case JsonKind::real: out += jsonNumber(value.number()); break;
    case JsonKind::string: out += jsonQuoted(value.string()); break;
    case JsonKind::array:
    case JsonKind::object: {
      const bool object = value.isObject();
      out += object ? '{' : '[';
      bool first = true;
      for (const auto& item : value.items()) {
        if (!std::exchange(first, false)) out += ", ";
        if (object) out += jsonQuoted(item.key()) + ": ";
        appendCompact(out, item.value());
      }
      out += object ? '}' : ']';
      break;
    }
    default: out += "null";
  }
}

std::string compactJson(const std::string& text) {
  const auto document = JsonDocument::parse(text, "config.json");
  std::string out;
  appendCompact(out, document ? document->root() : JsonValue());
  return out;
}

JsonLine tensorLine(const TensorSummary& tensor) {
  JsonLine out;
  return out.add("name", tensor.name).add("dtype", tensor.dtype).addRaw("shape", jsonArray(tensor.shape)).add("bytes", tensor.bytes).add("file", tensor.file);
}

struct Texts {
  std::shared_ptr<const Tokenizer> tokenizer;
  std::optional<ChatTemplate> chatTemplate;
  std::vector<std::string> warnings;
};

/// Tokenizer and template are parts of the answer: where one is broken, that is said and the rest is shown.
Texts openTexts(const std::filesystem::path& folder, const ModelInspection& model) {
  Texts out;
  const auto say = [&](const char* what, const Error& error) { out.warnings.push_back(std::string(what) + " cannot be used: " + error.file + (error.field.empty() ? "" : ", " + error.field) + ": " + error.detail); };
  if (auto tokenizer = openTokenizer(folder)) out.tokenizer = *tokenizer;
  else if (!model.tokenizerFiles.empty()) say("the tokenizer", tokenizer.error());
  if (auto chatTemplate = openChatTemplate(folder)) out.chatTemplate = *chatTemplate;
  else say("the chat template", chatTemplate.error());
  return out;
}

JsonLine modelLine(const ModelConfig& config) {
  JsonLine out;
  out.add("architecture", config.architecture).add("layers", config.layers).add("hidden", config.hidden).add("heads", config.heads).add("kv_heads", config.kvHeads);
  out.add("head_dim", config.headDim).add("intermediate", config.intermediate).add("vocabulary", config.vocab).add("context", config.maxPositions);
  return out.add("tied_embeddings", config.tiedEmbeddings).addRaw("eos_ids", jsonArray(config.eosIds)).add("bos_id", config.bosId);
}

void printJson(Console& console, const ModelInspection& model, const Texts& texts, const std::vector<std::string>& warnings) {
  std::vector<JsonLine> tensors;
  for (const TensorSummary& tensor : model.tensors) tensors.push_back(tensorLine(tensor));
  JsonLine tokenizer;
  tokenizer.addRaw("files", jsonArray(model.tokenizerFiles));
  if (texts.tokenizer) tokenizer.add("vocabulary", texts.tokenizer->vocabularySize()).add("bos_id", texts.tokenizer->bosId()).add("eos_id", texts.tokenizer->eosId());
  JsonLine chatTemplate;
  chatTemplate.addRaw("files", jsonArray(model.templateFiles)).add("usable", texts.chatTemplate.has_value());
  if (texts.chatTemplate) chatTemplate.add("source", texts.chatTemplate->source());
  JsonLine out;
  out.addRaw("config", compactJson(model.configJson)).add("model", modelLine(model.config)).addRaw("tensors", jsonArray(tensors));
  out.add("parameters", model.parameters).add("tensor_bytes", model.tensorBytes).add("weights_missing", model.weightsMissing);
  out.addRaw("weight_files", jsonArray(model.weightFiles)).add("tokenizer", tokenizer).add("template", chatTemplate);
  out.addRaw("licences", jsonArray(model.licenceFiles)).addRaw("warnings", jsonArray(warnings));
  console.result(out.text());
}

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

void printText(Console& console, const ModelInspection& model, const Texts& texts) {
  const ModelConfig& c = model.config;
  console.result(c.architecture + ": " + std::to_string(c.layers) + " layers, hidden " + std::to_string(c.hidden) + ", " + std::to_string(c.heads) + " heads (" + std::to_string(c.kvHeads) + " KV), vocabulary " + std::to_string(c.vocab) +
                 ", context " + std::to_string(c.maxPositions) + (c.tiedEmbeddings ? ", tied embeddings" : ""));
  console.result(std::to_string(model.parameters) + " parameters in " + std::to_string(model.tensors.size()) + " tensors, " + std::to_string(model.tensorBytes) + " bytes" + (model.weightsMissing ? " (no weights in the folder)" : ""));
  console.result("weights:   " + list(model.weightFiles));
  console.result("tokenizer: " + list(model.tokenizerFiles) + (texts.tokenizer ? " (" + std::to_string(texts.tokenizer->vocabularySize()) + " pieces)" : ""));
  console.result("template:  " + list(model.templateFiles));
  console.result("licence:   " + list(model.licenceFiles));
  for (const TensorSummary& tensor : model.tensors) {
    std::string shape;
    for (const std::int64_t side : tensor.shape) shape += (shape.empty() ? "" : " × ") + std::to_string(side);
    console.result("  " + tensor.name + "  " + tensor.dtype + "  " + shape + "  " + std::to_string(tensor.bytes));
  }
}

Result<int> run(VerbContext& context) {
  NIBBLE_TRY(const std::filesystem::path folder, resolveModel(context.arguments.operand(0)));
  NIBBLE_TRY(const ModelInspection model, inspectModel(folder));
  const Texts texts = openTexts(folder, model);
  std::vector<std::string> warnings = model.warnings;
  warnings.insert(warnings.end(), texts.warnings.begin(), texts.warnings.end());
  for (const std::string& warning : warnings) context.console.warning(warning);
  if (context.console.json()) printJson(context.console, model, texts, warnings);
  else printText(context.console, model, texts);
  return 0;
}

}  // namespace

Verb inspectVerb() {
  VerbSpec spec;
  spec.name = "inspect";
  spec.summary = "tensors, config, tokenizer, template and licence files of a model";
  spec.synopsis = "MODEL";
  spec.operands = {"MODEL"};
  spec.requiredOperands = 1;
  spec.options = outputOptions();
  spec.examples = "  nibble-cli inspect sample\n  nibble-cli inspect ./InternLM3-8B-Instruct --json | jq .config\n";
  return {std::move(spec), run};
}

}  // namespace nibble

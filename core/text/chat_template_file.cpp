// Finds a model folder's chat template: chat_template.jinja, chat_template.json, or tokenizer_config.json.
#include "core/base/text_file.h"
#include "core/text/chat_template.h"
#include "core/text/template/runtime.h"

namespace nibble {

namespace {

namespace fs = std::filesystem;

/// Nothing where the file is not there.
Result<std::optional<std::string>> readText(const fs::path& path) {
  std::error_code error;
  if (fs::status(path, error).type() == fs::file_type::not_found) return std::nullopt;
  NIBBLE_TRY(std::string text, readTextFile(path));
  return text;
}

/// The template itself, or the list's entry "default" (else its first one).
std::optional<std::string> chosen(const jinja::Value& field) {
  if (field.isString()) return field.string();
  if (!field.list()) return std::nullopt;
  std::optional<std::string> first;
  for (const jinja::Value& entry : field.list()->items) {
    const jinja::Value* name = entry.dict() ? entry.dict()->find("name") : nullptr;
    const jinja::Value* text = entry.dict() ? entry.dict()->find("template") : nullptr;
    if (!text || !text->isString()) continue;
    if (name && name->isString() && name->string() == "default") return text->string();
    if (!first) first = text->string();
  }
  return first;
}

Result<std::optional<std::string>> fromJson(const fs::path& path) {
  NIBBLE_TRY(const std::optional<std::string> json, readText(path));
  if (!json) return std::nullopt;
  try {
    jinja::Budget budget;
    budget.grant(json->size());
    const jinja::Value config = jinja::readJson(budget, *json);
    if (!config.dict()) return fail(ErrorCode::fileMalformed, "not a JSON object", path.string());
    const jinja::Value* field = config.dict()->find("chat_template");
    if (!field || field->isNone()) return std::nullopt;
    std::optional<std::string> text = chosen(*field);
    if (!text) return fail(ErrorCode::fileMalformed, "neither a string nor a list of named templates", path.string(), "chat_template");
    return text;
  } catch (const jinja::TemplateError& error) {
    return fail(ErrorCode::fileMalformed, error.message, path.string());
  }
}

}  // namespace

Result<std::optional<ChatTemplate>> openChatTemplate(const fs::path& folder) {
  fs::path source = folder / "chat_template.jinja";
  NIBBLE_TRY(std::optional<std::string> text, readText(source));
  for (const char* name : {"chat_template.json", "tokenizer_config.json"}) {
    if (text) break;
    source = folder / name;
    NIBBLE_TRY(text, fromJson(source));
  }
  if (!text) return std::nullopt;
  NIBBLE_TRY(ChatTemplate parsed, ChatTemplate::parse(std::move(*text), source.string()));
  return parsed;
}

}  // namespace nibble

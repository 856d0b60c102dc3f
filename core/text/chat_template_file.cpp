// Finds a model folder's chat template: chat_template.jinja, chat_template.json, or tokenizer_config.json.
#include <fstream>
#include <sstream>

#include "core/text/chat_template.h"
#include "core/text/template/runtime.h"

namespace nibble {

namespace {

namespace fs = std::filesystem;
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{64} << 20;

/// Nothing where the file is not there.
Result<std::optional<std::string>> readText(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return std::nullopt;
  if (status.type() != fs::file_type::regular) return fail(ErrorCode::fileMalformed, "not a regular file", path.string());
  const std::uintmax_t size = fs::file_size(path, error);
  if (error || size > kMaxFileBytes) return fail(ErrorCode::fileMalformed, "larger than 64 MiB", path.string());
  std::ifstream stream(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(size));
  if (!stream && !stream.eof()) return fail(ErrorCode::fileMissing, "cannot be read", path.string());
  text.resize(static_cast<std::size_t>(stream.gcount()));
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
    const jinja::Value config = jinja::parseJson(budget, *json);
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

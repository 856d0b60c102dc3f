// An interpreter for the part of Jinja that published chat templates use, with the settings transformers uses
// (trim_blocks, lstrip_blocks, loop controls, tojson without ASCII escapes, raise_exception, strftime_now).
// Runs on fuel: 1 M steps, depth 100, 8 MiB of output. Nothing from a template is ever executed outside it.
#pragma once
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace nibble {

struct TemplateOutput {
  std::string text;                    ///< the rendering, if `raised` is empty
  std::optional<std::string> raised;   ///< raise_exception's own words
};

class ChatTemplate {
 public:
  /// Errors: fileMalformed with line ("line 12: …"). `name` is used in messages.
  static Result<ChatTemplate> parse(std::string source, std::string name);

  /// Renders with a JSON object as context (messages, add_generation_prompt, bos_token, eos_token, tools, anything else).
  /// `now` is local time for strftime_now. Errors: fileMalformed (undefined operation, fuel spent), wrongUsage (context is not JSON).
  Result<TemplateOutput> render(const std::string& contextJson, const std::tm& now) const;

  const std::string& source() const;

 private:
  struct Program;
  std::shared_ptr<const Program> m_program;
};

/// The template of a model folder: chat_template.jinja, else tokenizer_config.json's chat_template (string, or the list's
/// "default"). Nothing if the model has none.
Result<std::optional<ChatTemplate>> openChatTemplate(const std::filesystem::path& folder);

}  // namespace nibble

// Weak definitions so that programs link while the interpreter is being landed; removed with it.
#include "core/text/chat_template.h"

namespace nibble {

__attribute__((weak)) Result<std::optional<ChatTemplate>> openChatTemplate(const std::filesystem::path&) { return std::optional<ChatTemplate>(); }
__attribute__((weak)) Result<TemplateOutput> ChatTemplate::render(const std::string&, const std::tm&) const {
  return fail(ErrorCode::fileUnsupported, "chat templates are not interpreted in this build");
}

}  // namespace nibble

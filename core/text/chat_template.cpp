#include "core/text/chat_template.h"

#include <new>

#include "core/text/template/evaluator.h"
#include "core/text/template/parser.h"

namespace nibble {

struct ChatTemplate::Program {
  std::string source;
  std::string name;
  jinja::Tree tree;
};

namespace {

tl::unexpected<Error> failAt(const jinja::TemplateError& error, const std::string& name) {
  const std::string place = error.line > 0 ? "line " + std::to_string(error.line) + ": " : "";
  return fail(ErrorCode::fileMalformed, place + error.message, name, "chat_template");
}

}  // namespace

Result<ChatTemplate> ChatTemplate::parse(std::string source, std::string name) {
  auto program = std::make_shared<Program>();
  program->name = std::move(name);
  try {
    program->tree = jinja::parseTemplate(source);
  } catch (const jinja::TemplateError& error) {
    return failAt(error, program->name);
  }
  program->source = std::move(source);
  ChatTemplate out;
  out.m_program = std::move(program);
  return out;
}

Result<TemplateOutput> ChatTemplate::render(const std::string& contextJson, const std::tm& now) const {
  jinja::Value context;
  try {
    jinja::Budget reading;  // the context is the caller's own: its size is not the template's to pay for
    reading.grant(contextJson.size());
    context = jinja::readJson(reading, contextJson);
    if (!context.dict()) return fail(ErrorCode::wrongUsage, "the context is not a JSON object", {}, "context");
  } catch (const jinja::TemplateError& error) {
    return fail(ErrorCode::wrongUsage, "the context cannot be read: " + error.message, {}, "context");
  }
  try {
    jinja::Evaluator evaluator(m_program->tree, now);
    return TemplateOutput{evaluator.render(*context.dict()), std::nullopt};
  } catch (jinja::TemplateRaised& raised) {
    return TemplateOutput{{}, std::move(raised.words)};
  } catch (const jinja::TemplateError& error) {
    return failAt(error, m_program->name);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::failed, "no memory left while rendering", m_program->name, "chat_template");
  }
}

const std::string& ChatTemplate::source() const { return m_program->source; }

}  // namespace nibble

// template: chat contexts on stdin, renderings out.
#include <cstdio>
#include <ctime>

#include "app/cli/json_input.h"
#include "app/cli/json_line.h"
#include "app/cli/verb.h"
#include "core/engine/engine.h"
#include "core/text/chat_template.h"

namespace nibble {

namespace {

/// "2026-01-15T09:30:00" as local time, with weekday and day of the year filled in.
Result<std::tm> givenTime(const std::string& text) {
  std::tm time{};
  int used = 0;
  const int fields = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &time.tm_year, &time.tm_mon, &time.tm_mday, &time.tm_hour, &time.tm_min, &time.tm_sec, &used);
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  std::tm normal = time;
  normal.tm_isdst = 0;
  timegm(&normal);  // no time zone: the clock on the wall is what is printed
  const bool same = normal.tm_mon == time.tm_mon && normal.tm_mday == time.tm_mday && normal.tm_hour == time.tm_hour && normal.tm_min == time.tm_min && normal.tm_sec == time.tm_sec;
  if (fields != 6 || static_cast<std::size_t>(used) != text.size() || !same) return wrongArgument("--now", "needs a time such as 2026-01-15T09:30:00, not \"" + text.substr(0, 40) + "\"");
  return normal;
}

std::tm localNow() {
  const std::time_t now = std::time(nullptr);
  std::tm time{};
  localtime_r(&now, &time);
  return time;
}

Result<ChatTemplate> wantedTemplate(const Arguments& arguments) {
  const auto file = arguments.text("--template");
  const bool model = !arguments.operands().empty();
  if (file && model) return wrongArgument("--template", "stands beside a MODEL: give one of them");
  if (file) {
    NIBBLE_TRY(std::string source, readNamedText("--template", *file, std::uint64_t{4} << 20));
    return ChatTemplate::parse(std::move(source), *file);
  }
  if (!model) return wrongArgument("MODEL", "is missing (or --template FILE)");
  NIBBLE_TRY(const std::filesystem::path folder, resolveModel(arguments.operand(0)));
  NIBBLE_TRY(std::optional<ChatTemplate> found, openChatTemplate(folder));
  if (!found) return fail(ErrorCode::fileMissing, "the model has no chat template", folder.string(), "chat_template");
  return *std::move(found);
}

Result<int> run(VerbContext& context) {
  NIBBLE_TRY(const ChatTemplate chatTemplate, wantedTemplate(context.arguments));
  std::tm now = localNow();
  if (const auto given = context.arguments.text("--now")) {
    NIBBLE_TRY(now, givenTime(*given));
  }
  NIBBLE_CHECK(forEachInputLine([&](const std::string& line, std::int64_t) -> Result<void> {
    JsonLine out;
    const Result<TemplateOutput> output = chatTemplate.render(line, now);
    if (!output) out.add("error", output.error().detail);
    else if (output->raised) out.add("raises", *output->raised);
    else out.add("text", output->text);
    context.console.result(out.text());
    return {};
  }, context.stop));
  return 0;
}

}  // namespace

Verb templateVerb() {
  VerbSpec spec;
  spec.name = "template";
  spec.summary = "renders chat templates: one JSON object of messages a line on stdin, one rendering a line out";
  spec.synopsis = "(MODEL | --template FILE) [--now 2026-01-15T09:30:00]";
  spec.operands = {"MODEL"};
  spec.options = joined({{"--template", "FILE", "a Jinja file instead of a model's own template"}, {"--now", "TIME", "what strftime_now says (default: now)"}}, outputOptions());
  spec.examples = "  echo '{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"add_generation_prompt\": true, \"bos_token\": \"<s>\"}' | nibble-cli template sample\n"
                  "  nibble-cli template --template chat.jinja --now 2026-01-15T09:30:00 < contexts.jsonl\n";
  return {std::move(spec), run};
}

}  // namespace nibble

// chat: a conversation on the terminal. Answers stream to stdout; everything said about them goes to stderr.
#include <iostream>

#include "app/cli/conversation_file.h"
#include "app/cli/interrupt.h"
#include "app/cli/json_line.h"
#include "app/cli/model_options.h"
#include "app/cli/sampling_options.h"

namespace nibble {

namespace {

constexpr const char* kHelp =
    "/help           this list\n"
    "/reset          forget the conversation\n"
    "/system TEXT    start anew with this system prompt (without TEXT: none)\n"
    "/save FILE      write the conversation: Markdown, or JSON lines for .jsonl\n"
    "/quit           leave (Ctrl-D too)\n"
    "Ctrl-C stops an answer.";

class Conversation {
 public:
  Conversation(Console& console, Engine& engine, GenerateRequest request) : m_console(console), m_engine(engine), m_request(std::move(request)) {}

  void start(const std::string& system) {
    m_request.turns.clear();
    if (!system.empty()) m_request.turns.push_back({"system", system});
    m_system = system;
  }

  /// False: the talk is over.
  Result<bool> handle(const std::string& line) {
    if (line.empty()) return true;
    if (line[0] != '/') {
      NIBBLE_CHECK(answer(line));
      return true;
    }
    const std::size_t space = line.find(' ');
    const std::string command = line.substr(0, space), rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (command == "/quit" || command == "/exit") return false;
    if (command == "/help") m_console.note(kHelp);
    else if (command == "/reset") start(m_system);
    else if (command == "/system") start(rest);
    else if (command == "/save") save(rest);
    else m_console.note("unknown command " + command + "; /help lists them");
    return true;
  }

 private:
  void save(const std::string& path) {
    if (path.empty()) return m_console.note("/save needs a file's name");
    const Result<void> saved = saveConversation(path, m_request.turns);
    m_console.note(saved ? "saved to " + path : saved.error().file + ": " + saved.error().detail);
  }

  /// An answer that fails takes its question back, so that the conversation can go on.
  Result<void> answer(const std::string& question) {
    m_request.turns.push_back({"user", question});
    const auto sink = [this](const GenerateEvent& event) {
      if (event.prefill) m_console.progress("reading", static_cast<double>(event.promptDone) / static_cast<double>(event.promptTokens));
      else if (!m_console.json() && !event.text.empty()) m_console.result(event.text, false);
    };
    Result<GenerateResult> result = m_engine.generate(m_request, sink, interruptToken());
    interruptEndsProgram();
    if (!result) {
      m_request.turns.pop_back();
      if (result.error().code != ErrorCode::contextFull) return fail(std::move(result.error()));
      m_console.failure(result.error(), {}, "/reset starts anew; --context N plans a longer one");
      return {};
    }
    m_request.turns.push_back({"assistant", result->text});
    ++m_request.sampling.seed;  // the same question again may get another answer, and the whole talk can be repeated
    report(*result);
    return {};
  }

  void report(const GenerateResult& result) {
    const GenerateStatistics& figures = result.statistics;
    if (m_console.json()) {
      m_console.result(JsonLine().add("text", result.text).add("tokens", figures.newTokens).add("prompt_tokens", figures.promptTokens).add("decode_tok_s", figures.decodeTokensPerSecond).add("cancelled", result.stop == StopReason::cancelled).text());
      return;
    }
    m_console.result("");
    char line[120];
    std::snprintf(line, sizeof line, "[%lld tokens, %.1f tok/s, first after %.2f s%s]", static_cast<long long>(figures.newTokens), figures.decodeTokensPerSecond, figures.firstTokenSeconds,
                  result.stop == StopReason::cancelled ? ", stopped" : result.stop == StopReason::length ? ", cut at --max-tokens or the context's end" : "");
    m_console.note(line);
  }

  Console& m_console;
  Engine& m_engine;
  GenerateRequest m_request;
  std::string m_system;
};

Result<int> run(VerbContext& context) {
  const Arguments& arguments = context.arguments;
  Console& console = context.console;
  NIBBLE_TRY(const LoadRequest load, loadRequest(arguments, arguments.operand(0, "sample"), LoadPurpose::decoding));
  NIBBLE_TRY(const auto maxTokens, arguments.integer("--max-tokens", 1, 100'000'000));
  NIBBLE_CHECK(samplingFrom(arguments, {}));
  const auto engine = makeEngine();
  NIBBLE_CHECK(loadModel(*engine, load, context));
  const ModelInfo info = *engine->info();
  if (!info.hasChatTemplate) return fail(ErrorCode::fileMissing, "the model has no chat template: \"nibble-cli complete\" continues plain text", info.path, "chat_template");
  GenerateRequest request;
  request.maxTokens = static_cast<int>(maxTokens.value_or(info.context));
  NIBBLE_TRY(request.sampling, samplingFrom(arguments, info.suggestedSampling));
  Conversation conversation(console, *engine, std::move(request));
  conversation.start(arguments.text("--system").value_or(""));
  console.note(info.name + " on " + info.device.id + ", context " + std::to_string(info.context) + "; /help lists the commands");
  interruptEndsProgram();
  while (true) {
    if (console.interactive()) console.result("> ", false);
    std::string line;
    if (!std::getline(std::cin, line)) break;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    NIBBLE_TRY(const bool more, conversation.handle(line));
    if (!more) break;
  }
  if (console.interactive()) console.result("");
  return 0;
}

}  // namespace

Verb chatVerb() {
  VerbSpec spec;
  spec.name = "chat";
  spec.summary = "talks on the terminal; Ctrl-C stops an answer, /help lists the commands";
  spec.synopsis = "[MODEL] [--system TEXT] [--max-tokens N] [--greedy | --seed S --temperature … ]";
  spec.operands = {"MODEL"};
  spec.options = {{"--system", "TEXT", "the system prompt"}, {"--max-tokens", "N", "at most so many tokens an answer (default: as the context allows)"}};
  spec.options = joined(joined(joined(std::move(spec.options), samplingOptions()), modelOptions()), outputOptions());
  spec.examples = "  nibble-cli chat\n  nibble-cli chat ./model --precision q4 --device cuda --system \"You are brief.\"\n";
  return {std::move(spec), run};
}

}  // namespace nibble

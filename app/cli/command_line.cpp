// From argv to a verb and its exit status.
#include <QLocale>
#include <algorithm>
#include <new>

#include "app/cli/interrupt.h"
#include "app/cli/verb.h"
#include "app/log_sinks.h"

namespace nibble {

namespace {

constexpr int kWrongUsage = 2;

std::vector<Verb> verbs() {
  return {chatVerb(), completeVerb(), logitsVerb(), evalVerb(), tokenizeVerb(), detokenizeVerb(), templateVerb(), planVerb(), inspectVerb(), benchVerb(), devicesVerb()};
}

std::string overview(const std::vector<Verb>& all) {
  std::string out = "Nibble runs large language models in a few bits per weight.\n\nusage: nibble-cli VERB …\n\nverbs:\n";
  for (const Verb& verb : all) {
    std::string name = "  " + verb.spec.name;
    name.resize(14, ' ');
    out += name + verb.spec.summary + "\n";
  }
  return out + "\n\"nibble-cli VERB --help\" shows a verb's options and examples. MODEL is a folder or the name \"sample\".\n";
}

/// What a verb holds itself (a prompt's text, a line of standard input) may be more than there is memory for.
Result<int> runGuarded(const Verb& verb, VerbContext& context) {
  try {
    return verb.run(context);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::outOfMemory, "the system refused memory", {}, "cpu");
  }
}

int run(const Verb& verb, const std::vector<std::string>& words) {
  // Misuse is told as the words ask for it, even where they cannot be read as a whole.
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  const bool quiet = std::find(words.begin(), words.end(), "--quiet") != words.end();
  Console console(json, quiet);
  const std::string usage = usageLine(verb.spec);
  const Result<Arguments> arguments = parseArguments(verb.spec, words);
  if (!arguments) return console.failure(arguments.error(), usage);
  if (arguments->has("--help")) {
    console.result(helpText(verb.spec), false);
    return console.flush() ? 0 : 1;
  }
  const std::string level = arguments->text("--log-level").value_or(quiet ? "error" : "warn");
  if (!setLogLevelByName(QString::fromStdString(level))) return console.failure(wrongArgument("--log-level", "needs trace, debug, info, warn, error or off").value(), usage);
  logToStandardError();
  VerbContext context{console, *arguments, interruptToken(), {}, {}};
  const Result<int> status = runGuarded(verb, context);
  console.endProgress();
  if (!status) return console.failure(status.error(), usage, context.hint, context.hintJson);
  if (!console.flush()) return console.failure({ErrorCode::failed, "the result could not be written", "standard output", {}, 0, 0}, {});
  return *status;
}

}  // namespace

std::vector<OptionSpec> outputOptions() {
  return {{"--json", "", "results as JSON, errors as one JSON line on stderr"},
          {"--quiet", "", "no progress, notes or warnings"},
          {"--log-level", "LEVEL", "trace, debug, info, warn (default), error or off"},
          {"--help", "", "this text"}};
}

std::vector<OptionSpec> joined(std::vector<OptionSpec> first, const std::vector<OptionSpec>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

int runCommandLine(int count, const char* const* words) {
  QLocale::setDefault(QLocale::c());  // numbers read the same everywhere
  const std::vector<std::string> arguments(words + std::min(count, 1), words + count);
  const std::vector<Verb> all = verbs();
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  Console console(json, false);
  if (arguments.empty()) {
    console.note(overview(all));
    return kWrongUsage;
  }
  const bool help = arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help";
  if (arguments[0] == "--version") {
    console.result("nibble-cli " NIBBLE_VERSION);
    return console.flush() ? 0 : 1;
  }
  if (help && arguments.size() == 1) {
    console.result(overview(all), false);
    return console.flush() ? 0 : 1;
  }
  const std::string& name = arguments[help ? 1 : 0];
  const auto found = std::find_if(all.begin(), all.end(), [&name](const Verb& verb) { return verb.spec.name == name; });
  if (found == all.end()) {
    std::string names;
    for (const Verb& verb : all) names += (names.empty() ? "" : "|") + verb.spec.name;
    return console.failure(wrongArgument(name, "is not a verb").value(), "usage: nibble-cli " + names + " …");
  }
  return run(*found, help ? std::vector<std::string>{"--help"} : std::vector<std::string>(arguments.begin() + 1, arguments.end()));
}

}  // namespace nibble

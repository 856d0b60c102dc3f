// A verb of the command line: its table of arguments and what it does. One file per verb.
#pragma once
#include <stop_token>
#include <vector>

#include "app/cli/argument_parser.h"
#include "app/cli/console.h"
#include "core/base/result.h"

namespace nibble {

struct VerbContext {
  Console& console;
  const Arguments& arguments;
  std::stop_token stop;
  std::string hint, hintJson;   ///< a verb sets them before it fails: what would work instead
};

struct Verb {
  VerbSpec spec;
  Result<int> (*run)(VerbContext& context);   ///< the exit status
};

Verb chatVerb();
Verb completeVerb();
Verb logitsVerb();
Verb evalVerb();
Verb tokenizeVerb();
Verb detokenizeVerb();
Verb templateVerb();
Verb planVerb();
Verb inspectVerb();
Verb benchVerb();
Verb devicesVerb();

/// --json, --quiet, --log-level, --help: every verb's last options.
std::vector<OptionSpec> outputOptions();
/// The table's own options followed by others'.
std::vector<OptionSpec> joined(std::vector<OptionSpec> first, const std::vector<OptionSpec>& more);

/// All of main: the exit status.
int runCommandLine(int count, const char* const* words);

}  // namespace nibble

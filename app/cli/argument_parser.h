// The command line's own argument reader: what a verb takes is a table, and misuse is told with the argument's name.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace nibble {

struct OptionSpec {
  std::string name;    ///< "--max-tokens"
  std::string value;   ///< shown in help: "N"; empty: a flag
  std::string help;
};

struct VerbSpec {
  std::string name;
  std::string summary;            ///< one line, for the overview
  std::string synopsis;           ///< behind "nibble-cli NAME "
  std::vector<std::string> operands;   ///< names of the positional arguments
  int requiredOperands = 0;
  std::vector<OptionSpec> options;
  std::string examples;           ///< lines
};

class Arguments {
 public:
  const std::vector<std::string>& operands() const { return m_operands; }
  std::string operand(std::size_t index, std::string fallback = {}) const { return index < m_operands.size() ? m_operands[index] : std::move(fallback); }
  bool has(const std::string& option) const { return m_values.count(option) > 0; }
  std::optional<std::string> text(const std::string& option) const;

  /// Nothing where the option is absent. Errors: wrongUsage naming the option.
  Result<std::optional<std::int64_t>> integer(const std::string& option, std::int64_t least, std::int64_t most) const;
  Result<std::optional<double>> real(const std::string& option, double least, double most) const;
  /// "512,2048" → at least one number; none where the option is absent.
  Result<std::vector<std::int64_t>> integers(const std::string& option, std::int64_t least, std::int64_t most) const;
  /// "6GiB", "500M", "1e9" is not one; units of 1024, or of 1000 where spelled GB.
  Result<std::optional<std::uint64_t>> size(const std::string& option) const;

 private:
  friend Result<Arguments> parseArguments(const VerbSpec& spec, const std::vector<std::string>& words);
  std::vector<std::string> m_operands;
  std::map<std::string, std::string> m_values;
};

/// Errors: wrongUsage with the argument as field.
Result<Arguments> parseArguments(const VerbSpec& spec, const std::vector<std::string>& words);

/// An Error of wrong usage about one argument.
tl::unexpected<Error> wrongArgument(const std::string& argument, std::string detail);

/// The text of the file that an option names; errors are readTextFile()'s and name the option.
Result<std::string> readNamedText(const std::string& option, const std::string& path, std::uint64_t maxBytes = std::uint64_t{64} << 20);

/// "usage: nibble-cli tokenize FOLDER [--no-bos] …"
std::string usageLine(const VerbSpec& spec);
/// Summary, usage, options, examples.
std::string helpText(const VerbSpec& spec);

}  // namespace nibble

#include "app/cli/argument_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/text_file.h"

namespace nibble {

namespace {

const std::string kHelp = "--help";

template <typename Number>
std::optional<Number> parsed(std::string_view text) {
  Number number{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end.ec != std::errc{} || end.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string bounds(std::int64_t least, std::int64_t most) {
  if (most == std::numeric_limits<std::int64_t>::max()) return "of at least " + std::to_string(least);
  return "from " + std::to_string(least) + " to " + std::to_string(most);
}

std::string shortReal(double number) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

const OptionSpec* findOption(const VerbSpec& spec, std::string_view name) {
  const auto found = std::find_if(spec.options.begin(), spec.options.end(), [name](const OptionSpec& option) { return option.name == name; });
  return found == spec.options.end() ? nullptr : &*found;
}

Result<void> checkOperands(const VerbSpec& spec, const std::vector<std::string>& operands) {
  if (operands.size() > spec.operands.size()) return wrongArgument(operands[spec.operands.size()], "is one argument too many");
  if (static_cast<int>(operands.size()) < spec.requiredOperands) return wrongArgument(spec.operands[operands.size()], "is missing");
  return {};
}

}  // namespace

tl::unexpected<Error> wrongArgument(const std::string& argument, std::string detail) { return fail(ErrorCode::wrongUsage, std::move(detail), {}, argument); }

Result<std::string> readNamedText(const std::string& option, const std::string& path, std::uint64_t maxBytes) {
  auto text = readTextFile(path, maxBytes);
  if (!text) text.error().field = option;
  return text;
}

Result<Arguments> parseArguments(const VerbSpec& spec, const std::vector<std::string>& words) {
  Arguments out;
  bool optionsEnded = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i] == "-h" ? kHelp : words[i];
    if (optionsEnded || word.size() < 2 || word[0] != '-') {
      out.m_operands.push_back(word);
      continue;
    }
    if (word == "--") {
      optionsEnded = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const OptionSpec* option = findOption(spec, name);
    if (!option) return wrongArgument(name, "is not an option of " + spec.name);
    if (out.has(name)) return wrongArgument(name, "is given twice");
    if (option->value.empty()) {
      if (equals != std::string::npos) return wrongArgument(name, "takes no value");
      out.m_values[name] = "";
    } else if (equals != std::string::npos) {
      out.m_values[name] = word.substr(equals + 1);
    } else {
      // A text may begin with dashes; only what is an option itself shows that a value was forgotten.
      if (i + 1 >= words.size() || findOption(spec, words[i + 1].substr(0, words[i + 1].find('=')))) return wrongArgument(name, "needs a value: " + option->value);
      out.m_values[name] = words[++i];
    }
  }
  if (!out.has("--help")) NIBBLE_CHECK(checkOperands(spec, out.m_operands));
  return out;
}

std::optional<std::string> Arguments::text(const std::string& option) const {
  const auto found = m_values.find(option);
  return found == m_values.end() ? std::nullopt : std::optional(found->second);
}

Result<std::optional<std::int64_t>> Arguments::integer(const std::string& option, std::int64_t least, std::int64_t most) const {
  const auto value = text(option);
  if (!value) return std::nullopt;
  const auto number = parsed<std::int64_t>(*value);
  if (!number || *number < least || *number > most) return wrongArgument(option, "needs a whole number " + bounds(least, most) + ", not \"" + value->substr(0, 40) + "\"");
  return number;
}

Result<std::optional<double>> Arguments::real(const std::string& option, double least, double most) const {
  const auto value = text(option);
  if (!value) return std::nullopt;
  const auto number = parsed<double>(*value);
  if (!number || !std::isfinite(*number) || *number < least || *number > most)
    return wrongArgument(option, "needs a number from " + shortReal(least) + " to " + shortReal(most) + ", not \"" + value->substr(0, 40) + "\"");
  return number;
}

Result<std::vector<std::int64_t>> Arguments::integers(const std::string& option, std::int64_t least, std::int64_t most) const {
  const auto value = text(option);
  std::vector<std::int64_t> out;
  if (!value) return out;
  for (std::string_view rest = *value;;) {
    const std::size_t comma = rest.find(',');
    std::string_view part = rest.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    const auto number = parsed<std::int64_t>(part);
    if (!number || *number < least || *number > most)
      return wrongArgument(option, "needs whole numbers " + bounds(least, most) + " with commas between, not \"" + std::string(part.substr(0, 40)) + "\"");
    out.push_back(*number);
    if (comma == rest.npos) return out;
    rest.remove_prefix(comma + 1);
  }
}

Result<std::optional<std::uint64_t>> Arguments::size(const std::string& option) const {
  const auto value = text(option);
  if (!value) return std::nullopt;
  const std::size_t digits = std::min(value->find_first_not_of("0123456789."), value->size());
  const auto number = parsed<double>(std::string_view(*value).substr(0, digits));
  std::string unit = value->substr(digits);
  std::transform(unit.begin(), unit.end(), unit.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  const std::size_t power = unit.empty() || unit == "B" ? 0 : std::string_view("KMGT").find(unit[0]) + 1;
  const bool known = (power > 0 || unit.empty() || unit == "B") && (unit.size() <= 1 || unit.substr(1) == "IB" || unit.substr(1) == "B" || unit.substr(1) == "I");
  const double bytes = number ? *number * std::pow(unit.size() == 2 && unit[1] == 'B' ? 1000.0 : 1024.0, static_cast<double>(power)) : 0;
  if (!number || power > 4 || !known || !(bytes >= 1) || bytes > 1e18) return wrongArgument(option, "needs a size such as 6GiB or 500M, not \"" + value->substr(0, 40) + "\"");
  return static_cast<std::uint64_t>(bytes);
}

std::string usageLine(const VerbSpec& spec) { return "usage: nibble-cli " + spec.name + (spec.synopsis.empty() ? "" : " " + spec.synopsis); }

std::string helpText(const VerbSpec& spec) {
  std::string out = spec.name + ": " + spec.summary + "\n\n" + usageLine(spec) + "\n\noptions:\n";
  std::size_t width = 0;
  const auto left = [](const OptionSpec& option) { return "  " + option.name + (option.value.empty() ? "" : " " + option.value); };
  for (const OptionSpec& option : spec.options) width = std::max(width, left(option).size());
  width = std::min<std::size_t>(width, 36);
  for (const OptionSpec& option : spec.options) {
    std::string line = left(option);
    line.resize(std::max(line.size() + 2, width + 2), ' ');
    out += line + option.help + "\n";
  }
  return out + "\nexamples:\n" + spec.examples;
}

}  // namespace nibble

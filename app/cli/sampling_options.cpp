#include "app/cli/sampling_options.h"

#include <limits>
#include <random>

namespace nibble {

namespace {

Result<void> readReal(const Arguments& arguments, const std::string& option, double least, double most, float& target) {
  NIBBLE_TRY(const auto number, arguments.real(option, least, most));
  if (number) target = static_cast<float>(*number);
  return {};
}

SamplingOptions plainMaximum() {
  SamplingOptions greedy;
  greedy.greedy = true;
  greedy.repetitionPenalty = 1.0f;
  return greedy;
}

}  // namespace

std::vector<OptionSpec> samplingOptions() {
  return {{"--greedy", "", "always the likeliest token: no penalty, nothing suggested by the model but its stop ids"},
          {"--seed", "S", "same seed, same text (default: a random one)"},
          {"--temperature", "T", "0 to 100"},
          {"--top-k", "K", "0: off"},
          {"--top-p", "P", "1: off"},
          {"--min-p", "P", "0: off"},
          {"--repetition-penalty", "R", "1: off"},
          {"--presence-penalty", "R", "0: off"},
          {"--frequency-penalty", "R", "0: off"}};
}

Result<SamplingOptions> samplingFrom(const Arguments& arguments, const SamplingOptions& suggested) {
  if (arguments.has("--greedy")) {
    for (const OptionSpec& option : samplingOptions())
      if (option.name != "--greedy" && arguments.has(option.name)) return wrongArgument(option.name, "has no meaning beside --greedy");
    return plainMaximum();
  }
  SamplingOptions out = suggested;
  out.greedy = false;
  out.seed = (static_cast<std::uint64_t>(std::random_device{}()) << 21) ^ std::random_device{}();
  NIBBLE_TRY(const auto seed, arguments.integer("--seed", 0, std::numeric_limits<std::int64_t>::max()));
  if (seed) out.seed = static_cast<std::uint64_t>(*seed);
  NIBBLE_TRY(const auto topK, arguments.integer("--top-k", 0, 1'000'000));
  if (topK) out.topK = static_cast<int>(*topK);
  NIBBLE_CHECK(readReal(arguments, "--temperature", 0, 100, out.temperature));
  NIBBLE_CHECK(readReal(arguments, "--top-p", 1e-6, 1, out.topP));
  NIBBLE_CHECK(readReal(arguments, "--min-p", 0, 1, out.minP));
  NIBBLE_CHECK(readReal(arguments, "--repetition-penalty", 0.01, 100, out.repetitionPenalty));
  NIBBLE_CHECK(readReal(arguments, "--presence-penalty", -100, 100, out.presencePenalty));
  NIBBLE_CHECK(readReal(arguments, "--frequency-penalty", -100, 100, out.frequencyPenalty));
  return out;
}

}  // namespace nibble

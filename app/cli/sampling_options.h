// --greedy, --seed, --temperature … : how the next token is chosen.
#pragma once
#include "app/cli/argument_parser.h"
#include "core/engine/sampling.h"

namespace nibble {

std::vector<OptionSpec> samplingOptions();

/// The model's suggestion with the options over it. --greedy is the plain maximum and allows no other; without --seed a random one.
/// Errors: wrongUsage naming the option.
Result<SamplingOptions> samplingFrom(const Arguments& arguments, const SamplingOptions& suggested);

}  // namespace nibble

// generation_config.json: the sampling that a model's publisher suggests, and its stop ids.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/engine/sampling.h"
#include "core/model/model_config.h"

namespace nibble {

struct GenerationConfig {
  SamplingOptions sampling;           ///< the file's values over the program's defaults
  std::vector<std::int32_t> eosIds;   ///< of this file alone, all inside the vocabulary
  std::vector<std::string> warnings;  ///< a value out of range or of a wrong kind was replaced by its default
};

/// Never fails: a file that is missing gives the defaults, one that is broken gives them with a warning (other programs
/// load such folders). `config` needs family and vocab only.
GenerationConfig readGenerationConfig(const std::filesystem::path& folder, const ModelConfig& config);

}  // namespace nibble

// What a model folder holds, as values for people and for `inspect`: config, tensors, and which files play which part.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/engine/sampling.h"
#include "core/model/model_config.h"

namespace nibble {

struct TensorSummary {
  std::string name;
  std::string dtype;  ///< as written: "BF16"
  std::vector<std::int64_t> shape;
  std::uint64_t bytes = 0;
  std::string file;  ///< name inside the folder
};

struct ModelInspection {
  ModelConfig config;
  std::string configJson;  ///< config.json as it stands
  SamplingOptions suggestedSampling;
  std::vector<TensorSummary> tensors;  ///< by file, then in the header's order
  std::uint64_t tensorBytes = 0;
  std::uint64_t parameters = 0;          ///< elements of all tensors
  bool weightsMissing = false;           ///< config and tokenizer only
  std::vector<std::string> weightFiles;  ///< names inside the folder, each list sorted
  std::vector<std::string> tokenizerFiles;
  std::vector<std::string> templateFiles;  ///< "tokenizer_config.json" if it holds the chat template
  std::vector<std::string> licenceFiles;
  std::vector<std::string> warnings;
};

/// Errors: as readModelConfig's and openWeights'; weights that are not there at all are no error (`weightsMissing`).
Result<ModelInspection> inspectModel(const std::filesystem::path& folder);

}  // namespace nibble

// How far quantized weights are from the file's: a histogram over a sample of every layer matrix, without loading the model.
#pragma once
#include <array>
#include <stop_token>
#include <string>

#include "core/base/result.h"
#include "core/model/model_config.h"
#include "core/precision/recipe.h"

namespace nibble {

/// Error divided by the RMS of the weight's row, in 80 bins over [−0.4, 0.4]; shares of all sampled weights.
struct WeightErrors {
  static constexpr double kLow = -0.4, kHigh = 0.4;
  std::array<double, 80> shares{};
  double relativeMse = 0;   ///< E‖w − ŵ‖² / E‖w‖² over the sample
};

/// Reads up to `rowsPerMatrix` rows, evenly spread, of each matrix of the blocks from the model's folder and passes them through the recipe's
/// codecs. Errors: those of openWeights; cancelled.
Result<WeightErrors> measureWeightErrors(const std::string& folder, const ModelConfig& config, const Recipe& recipe, std::stop_token stop,
                                         int rowsPerMatrix = 64);

}  // namespace nibble

// The steps of a load that need no former state: open the files, make the plan, fill a backend. LocalEngine puts them
// together.
#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/engine/engine.h"
#include "core/text/chat_template.h"
#include "core/text/tokenizer.h"

namespace nibble {

/// A model's files, opened and checked, before anything is allocated for it.
struct OpenedModel {
  std::string name, path;
  ModelConfig config;
  Weights weights;
  std::shared_ptr<const Tokenizer> tokenizer;        ///< null for "shape:NAME" and folders without one
  std::shared_ptr<const ChatTemplate> chatTemplate;  ///< null where the model has none
  SamplingOptions sampling;
  std::vector<std::string> warnings;
};

/// The config of a folder or of "shape:NAME", cut to `layerLimit` layers. Errors: as readModelConfig, wrongUsage for a
/// shape's name.
Result<ModelConfig> requestedConfig(const LoadRequest& request);

/// Opens everything a load needs. Errors: fileMissing, fileMalformed, fileUnsupported with file and field.
Result<OpenedModel> openModel(const LoadRequest& request);

/// The request with its defaults filled in for this model and device. Errors: wrongUsage.
Result<PlanRequest> planRequestFor(const LoadRequest& request, const ModelConfig& config, const DeviceInfo& device);

/// Hands every matrix and vector to the backend and finishes it. Errors: the backend's; cancelled.
Result<void> fillBackend(Backend& backend, const OpenedModel& model, const Recipe& recipe, const LoadSink& progress,
                         std::stop_token stop);

/// Bits per weight of the layers' matrices under a recipe.
double layerBitsPerWeight(const ModelConfig& config, const Recipe& recipe);

}  // namespace nibble

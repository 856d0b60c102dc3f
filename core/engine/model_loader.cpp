#include "core/engine/model_loader.h"

#include <algorithm>
#include <chrono>

#include "core/engine/cpu/cpu_layout.h"
#include "core/model/generation_config.h"

namespace nibble {
namespace {

constexpr std::string_view kShapePrefix = "shape:";
constexpr std::int64_t kDefaultContext = 8192;
constexpr int kCpuPrefillChunk = 256;
constexpr int kCudaPrefillChunk = 2048;
constexpr std::uint64_t kRandomSeed = 1;

bool isShape(const std::string& model) {
  return model.rfind(kShapePrefix, 0) == 0;
}

Result<ModelConfig> shapeConfig(const std::string& model) {
  const std::string name = model.substr(kShapePrefix.size());
  if (auto config = shapeByName(name)) return *std::move(config);
  return fail(ErrorCode::wrongUsage, "no shape is called \"" + name + "\"", {}, "shape");
}

std::string displayName(const std::filesystem::path& folder) {
  std::error_code status;
  const auto sample = bundledSampleModel();
  if (sample && std::filesystem::equivalent(*sample, folder, status)) return "Llama-Nibble-Tales-13M";
  std::filesystem::path full = std::filesystem::absolute(folder, status).lexically_normal();
  if (!full.has_filename()) full = full.parent_path();
  return full.filename().string();
}

Result<OpenedModel> openFolder(const LoadRequest& request, OpenedModel model) {
  NIBBLE_TRY(const std::filesystem::path folder, resolveModel(request.model));
  model.path = folder.string();
  model.name = displayName(folder);
  NIBBLE_TRY(model.weights, openWeights(folder, model.config));
  model.warnings.insert(model.warnings.end(), model.weights.warnings.begin(), model.weights.warnings.end());
  auto tokenizer = openTokenizer(folder);
  if (tokenizer) {
    model.tokenizer = *std::move(tokenizer);
  } else if (tokenizer.error().code == ErrorCode::fileMissing) {
    model.warnings.push_back("the folder has no tokenizer: the model takes and gives ids only");
    return model;
  } else {
    return fail(std::move(tokenizer.error()));
  }
  if (auto chatTemplate = openChatTemplate(folder); !chatTemplate) {
    model.warnings.push_back("the chat template cannot be used: " + chatTemplate.error().detail);
  } else if (*chatTemplate) {
    model.chatTemplate = std::make_shared<const ChatTemplate>(**std::move(chatTemplate));
  }
  model.sampling = readGenerationConfig(folder, model.config).sampling;  // its warnings came with the config's
  return model;
}

/// Reports the bytes of the files' weights as they pass, and checks `stop` between tensors.
class Filler {
 public:
  Filler(Backend& backend, const LoadSink& progress, std::uint64_t total, std::stop_token stop)
      : m_backend(backend), m_progress(progress), m_stop(std::move(stop)), m_started(std::chrono::steady_clock::now()) {
    m_state.bytesTotal = total;
  }

  Result<void> matrix(MatrixRole role, int layer, const WeightSource& source, Format format) {
    if (m_stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped while loading");
    NIBBLE_CHECK(m_backend.loadMatrix(role, layer, source, format, m_stop));
    releasePages(source);
    m_state.bytesDone = std::min(m_state.bytesDone + source.bytes(), m_state.bytesTotal);  // a tied head may pass twice
    report(LoadPhase::quantizing);
    return {};
  }

  void report(LoadPhase phase) {
    m_state.phase = phase;
    m_state.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - m_started).count();
    if (m_progress) m_progress(m_state);
  }

 private:
  Backend& m_backend;
  const LoadSink& m_progress;
  std::stop_token m_stop;
  std::chrono::steady_clock::time_point m_started;
  LoadProgress m_state;
};

}  // namespace

Result<ModelConfig> requestedConfig(const LoadRequest& request) {
  if (request.layerLimit < 0) return fail(ErrorCode::wrongUsage, "must be 0 (all) or more", {}, "layers");
  ModelConfig config;
  if (isShape(request.model)) {
    NIBBLE_TRY(config, shapeConfig(request.model));
  } else {
    NIBBLE_TRY(const std::filesystem::path folder, resolveModel(request.model));
    NIBBLE_TRY(config, readModelConfig(folder));
  }
  if (request.layerLimit > 0) config.layers = std::min(config.layers, request.layerLimit);
  return config;
}

Result<OpenedModel> openModel(const LoadRequest& request) {
  OpenedModel model;
  NIBBLE_TRY(model.config, requestedConfig(request));
  model.warnings = model.config.warnings;
  if (!isShape(request.model)) return openFolder(request, std::move(model));
  model.name = request.model.substr(kShapePrefix.size());
  model.path = request.model;
  model.weights = randomWeights(model.config, kRandomSeed);
  return model;
}

Result<PlanRequest> planRequestFor(const LoadRequest& request, const ModelConfig& config, const DeviceInfo& device) {
  if (request.context < 0) return fail(ErrorCode::wrongUsage, "must be at least 1", {}, "context");
  const bool cpu = device.id == "cpu";
  PlanRequest plan;
  plan.recipe = request.recipe;
  plan.kv = request.kv;
  plan.context = request.context > 0 ? request.context : std::min(config.maxPositions, kDefaultContext);
  const int best = static_cast<int>(std::min<std::int64_t>(cpu ? kCpuPrefillChunk : kCudaPrefillChunk, plan.context));
  plan.prefillChunk = request.prefillChunk > 0 ? request.prefillChunk : std::max(best, request.logitRows);
  plan.logitRows = std::min(request.logitRows, plan.prefillChunk);
  plan.embeddingOnHost = request.embeddingOnHost && !cpu;
  plan.threads = request.threads;
  plan.vramLimit = request.vramLimit;
  return plan;
}

Result<void> fillBackend(Backend& backend, const OpenedModel& model, const Recipe& recipe, const LoadSink& progress,
                         std::stop_token stop) {
  Filler filler(backend, progress, model.weights.bytes(), stop);
  filler.report(LoadPhase::quantizing);
  for (int layer = 0; layer < model.config.layers; ++layer) {
    const LayerWeights& weights = model.weights.layers[static_cast<std::size_t>(layer)];
    for (int role = 0; role < kLayerMatrixCount; ++role) {
      const auto matrixRole = static_cast<MatrixRole>(role);
      NIBBLE_CHECK(filler.matrix(matrixRole, layer, weights.matrix(matrixRole), recipe.formatOf(matrixRole, layer)));
    }
    NIBBLE_CHECK(backend.loadVectors(layer, weights));
  }
  NIBBLE_CHECK(filler.matrix(MatrixRole::embedding, 0, model.weights.embedding, recipe.embedding));
  if (headIsShared(model.config, recipe)) {
    NIBBLE_CHECK(backend.shareHead());
  } else {
    NIBBLE_CHECK(filler.matrix(MatrixRole::head, 0, model.weights.head, recipe.head));
  }
  NIBBLE_CHECK(backend.loadFinalNorm(model.weights.finalNorm));
  NIBBLE_CHECK(model.weights.intact());
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped while loading");
  filler.report(LoadPhase::warmingUp);
  return backend.finishLoading();
}

double layerBitsPerWeight(const ModelConfig& config, const Recipe& recipe) {
  double bits = 0.0, weights = 0.0;
  for (int layer = 0; layer < config.layers; ++layer) {
    for (int role = 0; role < kLayerMatrixCount; ++role) {
      const auto matrixRole = static_cast<MatrixRole>(role);
      const MatrixShape shape = matrixShape(config, matrixRole);
      const double count = static_cast<double>(shape.rows) * static_cast<double>(shape.columns);
      bits += count * bitsPerWeight(recipe.formatOf(matrixRole, layer));
      weights += count;
    }
  }
  return weights > 0.0 ? bits / weights : 0.0;
}

}  // namespace nibble

// The engine of this process: one loaded model, its cache of the last conversation, and the figures about it.
// Driven by one thread; statistics() and info() may be called from any.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "core/engine/engine.h"
#include "core/engine/model_loader.h"
#include "core/engine/prompt_renderer.h"
#include "core/engine/transformer.h"

namespace nibble {

/// What a loaded model consists of.
struct LoadedModel {
  ModelInfo info;
  MemoryPlan plan;
  PlanRequest request;
  std::unique_ptr<Backend> backend;
  std::shared_ptr<const Tokenizer> tokenizer;  ///< null for shapes
  std::unique_ptr<PromptRenderer> renderer;    ///< null for shapes
  std::vector<std::int32_t> cachedIds;         ///< what the KV cache holds, position by position
  double loadSeconds = 0;
  /// An error of a step; where it is NaN, with the layer that it first appears behind as field.
  Error explained(Error error) const;
  Transformer transformer() const { return {*backend, info.config.layers, request.prefillChunk, request.logitRows}; }
};

/// Monotone counters that the driving thread writes and any thread reads.
struct EngineCounters {
  std::atomic<std::int64_t> contextUsed{0};
  std::atomic<std::uint64_t> promptTokens{0}, newTokens{0};
  std::atomic<double> prefillSeconds{0}, decodeSeconds{0};
};

using BackendFactory = std::function<Result<std::unique_ptr<Backend>>(const BackendRequest&)>;
using DeviceFinder = std::function<Result<DeviceInfo>(const std::string&)>;

class LocalEngine : public Engine {
 public:
  /// The real backends and devices.
  LocalEngine();
  /// Tests: other backends and devices.
  LocalEngine(BackendFactory makeBackend, DeviceFinder find);
  ~LocalEngine() override;

  Result<LoadReport> load(const LoadRequest& request, const LoadSink& progress, std::stop_token stop) override;
  void unload() override;
  std::optional<ModelInfo> info() const override;
  Result<GenerateResult> generate(const GenerateRequest& request, const GenerateSink& sink,
                                  std::stop_token stop) override;
  Result<void> logits(const std::vector<std::int32_t>& ids, int chunk, const LogitSink& sink,
                      std::stop_token stop) override;
  Result<std::vector<std::int32_t>> tokenize(const std::string& text, bool addBos, bool parseSpecial) override;
  Result<RenderedPrompt> render(const std::vector<ChatTurn>& turns) override;
  EngineStatistics statistics() const override;
  Result<double> measureBandwidth() override;

 private:
  Result<LoadReport> loadUnguarded(const LoadRequest& request, const LoadSink& progress, std::stop_token stop);
  Result<bool> mustMakeRoom(const MemoryPlan& plan, const PlanRequest& request, bool force) const;
  Result<std::unique_ptr<LoadedModel>> build(OpenedModel opened, const PlanRequest& request, MemoryPlan plan,
                                             const DeviceInfo& device, const LoadSink& progress, std::stop_token stop);
  void replace(std::unique_ptr<LoadedModel> model);
  Result<LoadedModel*> loaded() const;
  Result<std::vector<std::int32_t>> promptIds(const GenerateRequest& request) const;

  BackendFactory m_makeBackend;
  DeviceFinder m_findDevice;
  mutable std::mutex m_mutex;  // guards m_model against the readers of other threads
  std::unique_ptr<LoadedModel> m_model;
  EngineCounters m_counters;
};

}  // namespace nibble

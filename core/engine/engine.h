// The only door to a loaded model. Requests and events are plain values, so that the engine can move into a process of
// its own. One thread drives an Engine (load, generate, evaluate, unload); statistics() may be read from any thread.
// Every long call takes a stop token, checked between tokens, prefill chunks and tensors.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/engine/backend.h"
#include "core/engine/memory_plan.h"
#include "core/engine/sampling.h"

namespace nibble {

struct LoadRequest {
  std::string model;   ///< folder (or "shape:internlm3-8b" for random weights)
  int layerLimit = 0;  ///< only the first N layers (benchmarks); 0: all
  Recipe recipe;
  KvFormat kv = KvFormat::f16;
  std::int64_t context = 0;  ///< 0: min(model's, 8192)
  std::string device = "auto";
  int threads = 0;
  int prefillChunk = 0;  ///< 0: the device's best
  int logitRows = 1;
  bool embeddingOnHost = false;
  std::uint64_t vramLimit = 0;
  bool force = false;  ///< load although the plan says it does not fit
};

enum class LoadPhase : std::uint8_t { reading, allocating, quantizing, warmingUp, ready };
struct LoadProgress {
  LoadPhase phase = LoadPhase::reading;
  std::uint64_t bytesDone = 0;  ///< of the files' weights
  std::uint64_t bytesTotal = 0;
  double seconds = 0;
};
using LoadSink = std::function<void(const LoadProgress&)>;

struct LoadReport {
  double seconds = 0;
  std::uint64_t fileBytes = 0;
  MemoryPlan plan;
  std::uint64_t measuredBytes = 0;  ///< taken on the device, as the driver or system says
  std::vector<std::string> warnings;
};

/// What is loaded; plain facts for window and command line.
struct ModelInfo {
  std::string name, path;
  ModelConfig config;
  Recipe recipe;
  KvFormat kv = KvFormat::f16;
  std::int64_t context = 0;
  DeviceInfo device;
  double bitsPerWeight = 0;  ///< of the layers' matrices
  bool hasChatTemplate = false;
  SamplingOptions suggestedSampling;  ///< generation_config.json, out-of-range values replaced
};

struct ChatTurn {
  std::string role, content;
};  ///< role: "system", "user", "assistant"

struct GenerateRequest {
  std::vector<std::int32_t> ids;  ///< if not empty: continue these ids
  std::string prompt;             ///< else if not empty: raw text, bos in front where the tokenizer adds it
  bool plainPrompt = false;       ///< special tokens in `prompt` are plain text
  std::vector<ChatTurn> turns;    ///< else: a conversation, through the model's chat template
  int maxTokens = 512;
  SamplingOptions sampling;
};

enum class StopReason : std::uint8_t { eos, length, cancelled };
struct GenerateStatistics {
  double loadSeconds = 0, prefillSeconds = 0, decodeSeconds = 0, firstTokenSeconds = 0;
  std::int64_t promptTokens = 0, reusedTokens = 0, newTokens = 0;
  double prefillTokensPerSecond = 0, decodeTokensPerSecond = 0;
};
struct GenerateEvent {  ///< one per token (or per joined character)
  std::int32_t id = 0;
  std::string text;  ///< whole UTF-8 characters only; may be empty
  std::int64_t promptTokens = 0, newTokens = 0, contextUsed = 0;
  bool prefill = false;  ///< progress of the prompt: promptDone of promptTokens
  std::int64_t promptDone = 0;
};
using GenerateSink = std::function<void(const GenerateEvent&)>;
struct GenerateResult {
  std::vector<std::int32_t> ids;  ///< new ids, the stop id included
  std::string text;               ///< without the stop id
  StopReason stop = StopReason::length;
  GenerateStatistics statistics;
};

/// Where to put the logits of all positions of `ids` (rows, vocab): the sink gets rows in order.
using LogitSink = std::function<Result<void>(std::int64_t firstRow, std::span<const float> rows, int vocab)>;

struct RenderedPrompt {  ///< for "show rendered prompt"
  std::string text;
  std::vector<std::int32_t> ids;
  std::vector<std::string> pieces;  ///< text of each id
};

/// A snapshot for the charts; all rates are of the last second.
struct EngineStatistics {
  bool loaded = false;
  MemoryPlan plan;
  BackendCounters backend;
  std::int64_t contextUsed = 0;
  std::uint64_t totalPromptTokens = 0, totalNewTokens = 0;  ///< monotone counters; charts take differences
  double prefillSeconds = 0, decodeSeconds = 0;             ///< monotone, time spent in each
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual Result<LoadReport> load(const LoadRequest& request, const LoadSink& progress, std::stop_token stop) = 0;
  virtual void unload() = 0;
  virtual std::optional<ModelInfo> info() const = 0;
  virtual Result<GenerateResult> generate(const GenerateRequest& request, const GenerateSink& sink,
                                          std::stop_token stop) = 0;
  virtual Result<void> logits(const std::vector<std::int32_t>& ids, int chunk, const LogitSink& sink,
                              std::stop_token stop) = 0;
  virtual Result<std::vector<std::int32_t>> tokenize(const std::string& text, bool addBos, bool parseSpecial) = 0;
  virtual Result<RenderedPrompt> render(const std::vector<ChatTurn>& turns) = 0;
  virtual EngineStatistics statistics() const = 0;  ///< thread-safe
  virtual Result<double> measureBandwidth() {
    return 0.0;
  }  ///< GB/s of a copy on a loaded model's device; 0: it does not tell
};

/// The real engine of this process.
std::unique_ptr<Engine> makeEngine();

/// The plan for a request without loading anything. Errors as load's, but a `vramLimit` makes a card's plan on a machine
/// without one (compute capability 8.0 and a typical context's size are assumed).
Result<MemoryPlan> planFor(const LoadRequest& request);

/// The folder of the bundled sample model (next to the executable, in the installation, or in the source tree), if it
/// is there.
std::optional<std::filesystem::path> bundledSampleModel();
/// "sample" or a path → the folder. Errors: fileMissing.
Result<std::filesystem::path> resolveModel(const std::string& nameOrPath);

}  // namespace nibble

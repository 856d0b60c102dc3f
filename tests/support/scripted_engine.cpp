#include "tests/support/scripted_engine.h"

#include <condition_variable>
#include <stdexcept>

#include "core/precision/format.h"

namespace nibble::test {

namespace {
using Clock = std::chrono::steady_clock;

/// Sleeps until `until` or a stop; true: go on.
bool pauseUntil(Clock::time_point until, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop, until, [] { return false; });
  return !stop.stop_requested();
}

DeviceInfo cpuDevice(const EngineScript& script) {
  DeviceInfo device;
  device.id = "cpu";
  device.name = "Scripted CPU";
  device.totalBytes = 16ull << 30;
  device.freeBytes = script.freeBytes;
  device.computeUnits = 2;
  device.capability = "AVX2";
  return device;
}

MemoryPlan scriptedPlan(const EngineScript& script, const LoadRequest& request) {
  MemoryPlan plan;
  plan.device = request.device == "auto" ? "cpu" : request.device;
  plan.freeBytes = script.freeBytes;
  const double scale = static_cast<double>(script.weightBytesAt16Bit) / 16.0;
  const auto bytes = [](double value) { return static_cast<std::uint64_t>(value); };
  const std::int64_t context = request.context > 0 ? request.context : 8192;
  const double kvBits = request.kv == KvFormat::f32 ? 32 : request.kv == KvFormat::f16 ? 16 : request.kv == KvFormat::q8 ? 8.5 : 4.5;
  plan.parts = {{PartKind::weights, "weights " + std::string(formatName(request.recipe.layers)), plan.device,
                 bytes(scale * bitsPerWeight(request.recipe.layers))},
                {PartKind::head, "head", plan.device, bytes(scale * 0.1 * bitsPerWeight(request.recipe.head))},
                {PartKind::embedding, "embedding", request.embeddingOnHost && !script.headIsShared ? "cpu" : plan.device, bytes(scale * 0.1 * bitsPerWeight(request.recipe.embedding))},
                {PartKind::kvCache, "KV cache", plan.device, bytes(static_cast<double>(context) * 49152.0 * kvBits / 16.0)},
                {PartKind::workspace, "workspace", plan.device, 64ull << 20}};
  return plan;
}

class ScriptedEngine : public Engine {
 public:
  explicit ScriptedEngine(EngineScript& script) : m_script(script) {}

  Result<LoadReport> load(const LoadRequest& request, const LoadSink& progress, std::stop_token stop) override {
    {
      const std::lock_guard lock(m_script.mutex);
      m_script.loads.push_back(request);
    }
    const MemoryPlan plan = scriptedPlan(m_script, request);
    const auto begin = Clock::now();
    for (int step = 0; step < m_script.loadSteps; ++step) {
      progress({LoadPhase::quantizing, m_script.weightBytesAt16Bit / static_cast<unsigned>(m_script.loadSteps) * static_cast<unsigned>(step),
                m_script.weightBytesAt16Bit, std::chrono::duration<double>(Clock::now() - begin).count()});
      if (m_script.loadError && step == m_script.loadSteps / 2) return fail(*m_script.loadError);
      if (!pauseUntil(begin + m_script.loadTime * (step + 1) / m_script.loadSteps, stop)) return fail(ErrorCode::cancelled, "stopped while loading");
    }
    if (!plan.fits() && !request.force) {
      return fail(Error{ErrorCode::outOfMemory, "the plan does not fit", request.model, {}, plan.totalBytes(), plan.freeBytes});
    }
    const std::lock_guard lock(m_mutex);
    m_info = ModelInfo{};
    m_info->name = std::filesystem::path(request.model).filename().string();
    m_info->path = request.model;
    m_info->recipe = request.recipe;
    m_info->kv = request.kv;
    m_info->context = request.context > 0 ? request.context : 8192;
    m_info->device = cpuDevice(m_script);
    m_info->bitsPerWeight = bitsPerWeight(request.recipe.layers);
    m_info->hasChatTemplate = true;
    m_statistics.loaded = true;
    m_statistics.plan = plan;
    m_statistics.backend.deviceFreeBytes = m_script.freeBytes - plan.totalBytes();
    m_statistics.backend.bytesPerToken = plan.bytesOf(PartKind::weights);
    return LoadReport{std::chrono::duration<double>(Clock::now() - begin).count(), m_script.weightBytesAt16Bit, plan,
                      plan.totalBytes() + (20u << 20), {}};
  }

  void unload() override {
    const std::lock_guard lock(m_mutex);
    m_info.reset();
    m_statistics = {};
    ++m_script.unloads;
  }

  std::optional<ModelInfo> info() const override {
    const std::lock_guard lock(m_mutex);
    return m_info;
  }

  Result<GenerateResult> generate(const GenerateRequest& request, const GenerateSink& sink, std::stop_token stop) override {
    {
      const std::lock_guard lock(m_script.mutex);
      m_script.requests.push_back(request);
    }
    if (m_script.throwInstead) throw std::runtime_error("scripted exception");
    if (!info()) return fail(ErrorCode::wrongUsage, "no model is loaded");
    const std::int64_t prompt = promptTokens(request);
    GenerateResult result;
    result.statistics.promptTokens = prompt;
    const auto begin = Clock::now();
    sink({0, {}, prompt, 0, 0, true, prompt / 2});
    if (!pauseUntil(begin + m_script.prefillTime, stop)) return ended(result, StopReason::cancelled, begin);
    const auto decodeBegin = Clock::now();
    const auto total = static_cast<std::int64_t>(m_script.tokens.size()) * m_script.repeat;
    for (std::int64_t i = 0; i < total; ++i) {
      if (stop.stop_requested()) return ended(result, StopReason::cancelled, begin);
      if (i >= request.maxTokens) return ended(result, StopReason::length, begin);
      if (m_script.generateError && i == m_script.errorAfter) return fail(*m_script.generateError);
      if (m_script.tokensPerSecond > 0 && !pauseUntil(decodeBegin + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                              1e9 * static_cast<double>(i) / m_script.tokensPerSecond)), stop)) {
        return ended(result, StopReason::cancelled, begin);
      }
      if (i == 0) result.statistics.firstTokenSeconds = std::chrono::duration<double>(Clock::now() - begin).count();
      const std::string& text = m_script.tokens[static_cast<std::size_t>(i) % m_script.tokens.size()];
      result.text += text;
      result.ids.push_back(static_cast<std::int32_t>(i));
      result.statistics.newTokens = i + 1;
      count(1);
      sink({static_cast<std::int32_t>(i), text, prompt, i + 1, prompt + i + 1, false, 0});
    }
    return ended(result, StopReason::eos, begin);
  }

  Result<void> logits(const std::vector<std::int32_t>& ids, int chunk, const LogitSink& sink, std::stop_token stop) override {
    (void)chunk;
    constexpr int kVocabulary = 64;
    std::vector<float> row(kVocabulary);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
      for (int v = 0; v < kVocabulary; ++v) row[static_cast<std::size_t>(v)] = v == ids[i] % kVocabulary ? 4.0f : 0.0f;
      NIBBLE_CHECK(sink(static_cast<std::int64_t>(i), row, kVocabulary));
    }
    return {};
  }

  Result<std::vector<std::int32_t>> tokenize(const std::string& text, bool addBos, bool parseSpecial) override {
    (void)parseSpecial;
    std::vector<std::int32_t> ids(addBos ? 1 : 0, 1);
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }

  Result<RenderedPrompt> render(const std::vector<ChatTurn>& turns) override {
    RenderedPrompt out;
    for (const ChatTurn& turn : turns) {
      for (const std::string& piece : {std::string("<|im_start|>"), turn.role + "\n", turn.content, std::string("<|im_end|>"), std::string("\n")}) {
        out.text += piece;
        out.pieces.push_back(piece);
        out.ids.push_back(static_cast<std::int32_t>(out.ids.size()));
      }
    }
    return out;
  }

  EngineStatistics statistics() const override {
    const std::lock_guard lock(m_mutex);
    return m_statistics;
  }

 private:
  static std::int64_t promptTokens(const GenerateRequest& request) {
    std::size_t characters = request.prompt.size() + request.ids.size();
    for (const ChatTurn& turn : request.turns) characters += turn.content.size() + 12;
    return static_cast<std::int64_t>(characters / 4 + 1);
  }

  GenerateResult ended(GenerateResult& result, StopReason reason, Clock::time_point begin) const {
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    result.stop = reason;
    result.statistics.decodeSeconds = seconds;
    if (seconds > 0) result.statistics.decodeTokensPerSecond = static_cast<double>(result.statistics.newTokens) / seconds;
    return result;
  }

  void count(std::uint64_t tokens) {
    const std::lock_guard lock(m_mutex);
    m_statistics.totalNewTokens += tokens;
  }

  EngineScript& m_script;
  mutable std::mutex m_mutex;
  std::optional<ModelInfo> m_info;
  EngineStatistics m_statistics;
};
}  // namespace

EngineDoor scriptedDoor(EngineScript& script) {
  EngineDoor door;
  door.makeEngine = [&script] { return std::make_unique<ScriptedEngine>(script); };
  door.plan = [&script](const LoadRequest& request) -> Result<MemoryPlan> { return scriptedPlan(script, request); };
  door.devices = [&script] {
    std::vector<DeviceInfo> devices = {cpuDevice(script)};
    devices.insert(devices.end(), script.extraDevices.begin(), script.extraDevices.end());
    return devices;
  };
  door.sampleModel = [&script] { return script.sample; };
  return door;
}

}  // namespace nibble::test

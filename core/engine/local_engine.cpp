#include "core/engine/local_engine.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "core/base/logging.h"
#include "core/engine/byte_count.h"
#include "core/engine/cpu/cpu_device.h"
#include "core/engine/cuda/cuda_devices.h"
#include "core/engine/generation.h"

namespace nibble {
namespace {

Result<std::unique_ptr<Backend>> makeBackendFor(const BackendRequest& request) {
  return request.device.id == "cpu" ? makeCpuBackend(request) : makeCudaBackend(request);
}

tl::unexpected<Error> nothingLoaded() {
  return fail(ErrorCode::wrongUsage, "no model is loaded", {}, "model");
}

Error outOfMemory(std::uint64_t needed, std::uint64_t available, const std::string& device) {
  Error error;
  error.code = ErrorCode::outOfMemory;
  error.detail = "the plan does not fit the memory that is free";
  error.field = device;
  error.needed = needed;
  error.available = available;
  return error;
}

/// Runs `work`; the heap's refusal becomes an Error, as nothing may be thrown across the engine's header.
template <typename Work>
auto guarded(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return fail(Error{ErrorCode::outOfMemory, "the system refused memory", {}, "cpu", 0, availableMemory()});
  }
}

/// Memory in use as the system sees it: growing from this is what a load took.
std::uint64_t usedOn(const DeviceInfo& device, std::uint64_t freeNow) {
  if (device.id == "cpu") return residentMemory();
  return device.totalBytes > freeNow ? device.totalBytes - freeNow : 0;
}

/// What a context beyond the model's own means for it; empty if it is within.
std::string contextWarning(const ModelConfig& config, std::int64_t context) {
  if (context <= config.maxPositions) return {};
  const std::string numbers =
      std::to_string(context) + " positions are planned, the model was made for " + std::to_string(config.maxPositions);
  if (config.rope.kind == RopeKind::dynamic)
    return numbers + ": its rotary frequencies are stretched to the planned context, at every length";
  return numbers + ": answers behind those may be poor";
}

ModelInfo describe(const OpenedModel& opened, const PlanRequest& request, const DeviceInfo& device) {
  ModelInfo info;
  info.name = opened.name;
  info.path = opened.path;
  info.config = opened.config;
  info.recipe = request.recipe;
  info.kv = request.kv;
  info.context = request.context;
  info.device = device;
  info.bitsPerWeight = layerBitsPerWeight(opened.config, request.recipe);
  info.hasChatTemplate = opened.chatTemplate != nullptr;
  info.suggestedSampling = opened.sampling;
  return info;
}

}  // namespace

Error LoadedModel::explained(Error error) const {
  if (error.code != ErrorCode::notANumber) return error;
  if (const int layer = backend->firstBadLayer(); layer >= 0) error.field = "layer " + std::to_string(layer);
  return error;
}

LocalEngine::LocalEngine() : LocalEngine(makeBackendFor, findDevice) {}

LocalEngine::LocalEngine(BackendFactory makeBackend, DeviceFinder find)
    : m_makeBackend(std::move(makeBackend)), m_findDevice(std::move(find)) {}

LocalEngine::~LocalEngine() = default;

/// True: the former model must go before this one can be allocated. Errors: outOfMemory, where even that would not
/// help.
Result<bool> LocalEngine::mustMakeRoom(const MemoryPlan& plan, const PlanRequest& request, bool force) const {
  const bool sameDevice = m_model && m_model->plan.device == plan.device;
  const std::uint64_t needed = plan.bytesOn(plan.device);
  const std::uint64_t former = sameDevice ? m_model->plan.bytesOn(plan.device) : 0;
  // A limit is for everything on the card, so the former model counts against it; free memory has it taken out already.
  const bool limited = request.vramLimit > 0 && plan.device != "cpu";
  const std::uint64_t beside = limited ? plan.freeBytes - std::min(plan.freeBytes, former) : plan.freeBytes;
  const std::uint64_t alone = limited ? plan.freeBytes : (ByteCount(plan.freeBytes) + former).value();
  if (plan.device != "cpu" && !force) {
    const std::uint64_t host = plan.bytesOn("cpu");
    if (const std::uint64_t available = availableMemory(); host > available)
      return fail(outOfMemory(host, available, "cpu"));
  }
  if (needed <= beside) return false;
  if (needed > alone && !force) return fail(outOfMemory(needed, alone, plan.device));
  return m_model != nullptr;
}

Result<std::unique_ptr<LoadedModel>> LocalEngine::build(OpenedModel opened, const PlanRequest& request, MemoryPlan plan,
                                                        const DeviceInfo& device, const LoadSink& progress,
                                                        std::stop_token stop) {
  auto model = std::make_unique<LoadedModel>();
  model->info = describe(opened, request, device);
  model->request = request;
  BackendRequest backendRequest{opened.config, request, plan, device, makeRopeTables(opened.config, request.context)};
  NIBBLE_TRY(model->backend, m_makeBackend(backendRequest));
  NIBBLE_CHECK(fillBackend(*model->backend, opened, request.recipe, progress, stop));
  model->plan = std::move(plan);
  model->tokenizer = opened.tokenizer;
  if (opened.tokenizer) model->renderer = std::make_unique<PromptRenderer>(opened.tokenizer, opened.chatTemplate);
  return model;
}

Result<LoadReport> LocalEngine::load(const LoadRequest& request, const LoadSink& progress, std::stop_token stop) {
  return guarded([&] { return loadUnguarded(request, progress, stop); });
}

Result<LoadReport> LocalEngine::loadUnguarded(const LoadRequest& request, const LoadSink& progress,
                                              std::stop_token stop) {
  const auto started = std::chrono::steady_clock::now();
  const auto report = [&](LoadPhase phase, std::uint64_t bytes) {
    if (progress)
      progress({phase, phase == LoadPhase::ready ? bytes : 0, bytes,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()});
  };
  report(LoadPhase::reading, 0);
  NIBBLE_TRY(OpenedModel opened, openModel(request));
  NIBBLE_TRY(const DeviceInfo device, m_findDevice(request.device));
  NIBBLE_TRY(const PlanRequest planRequest, planRequestFor(request, opened.config, device));
  NIBBLE_TRY(MemoryPlan plan, makeMemoryPlan(opened.config, planRequest, device));
  NIBBLE_TRY(const bool makeRoom, mustMakeRoom(plan, planRequest, request.force));
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped while loading");

  LoadReport result;
  result.fileBytes = opened.weights.bytes();
  result.warnings = opened.warnings;
  if (auto warning = contextWarning(opened.config, planRequest.context); !warning.empty())
    result.warnings.push_back(std::move(warning));
  result.plan = plan;
  report(LoadPhase::allocating, result.fileBytes);
  const bool hadModel = m_model != nullptr;
  if (makeRoom) unload();
  const std::uint64_t before = usedOn(device, device.freeBytes);
  auto built = build(std::move(opened), planRequest, std::move(plan), device, progress, stop);
  if (!built) {
    Error error = std::move(built.error());
    if (makeRoom && hadModel) error.detail += "; the former model was unloaded to make room";
    return fail(std::move(error));
  }
  const std::uint64_t after = usedOn(device, (*built)->backend->counters().deviceFreeBytes);
  result.measuredBytes = after > before ? after - before : 0;
  result.seconds = (*built)->loadSeconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  replace(*std::move(built));
  logger("engine")->info("loaded {} on {} in {:.2f} s", m_model->info.name, device.id, result.seconds);
  report(LoadPhase::ready, result.fileBytes);
  return result;
}

void LocalEngine::replace(std::unique_ptr<LoadedModel> model) {
  {
    const std::lock_guard lock(m_mutex);
    m_model.swap(model);
    m_counters.contextUsed = 0;
  }
  model.reset();  // outside the lock: giving gigabytes back takes a while
}

void LocalEngine::unload() {
  replace(nullptr);
}

std::optional<ModelInfo> LocalEngine::info() const {
  const std::lock_guard lock(m_mutex);
  if (!m_model) return std::nullopt;
  return m_model->info;
}

Result<LoadedModel*> LocalEngine::loaded() const {
  if (!m_model) return nothingLoaded();
  return m_model.get();
}

Result<std::vector<std::int32_t>> LocalEngine::promptIds(const GenerateRequest& request) const {
  if (!request.ids.empty()) return request.ids;
  if (!m_model->renderer) return fail(ErrorCode::wrongUsage, "the model has no tokenizer", {}, "prompt");
  if (!request.prompt.empty()) return m_model->renderer->encodePrompt(request.prompt, request.plainPrompt);
  NIBBLE_TRY(RenderedPrompt prompt, m_model->renderer->render(request.turns));
  return std::move(prompt.ids);
}

Result<GenerateResult> LocalEngine::generate(const GenerateRequest& request, const GenerateSink& sink,
                                             std::stop_token stop) {
  NIBBLE_TRY(LoadedModel* const model, loaded());
  return guarded([&]() -> Result<GenerateResult> {
    Generation generation(*model, m_counters, request, sink, stop);
    NIBBLE_TRY(std::vector<std::int32_t> ids, promptIds(request));
    return generation.run(std::move(ids));
  });
}

Result<void> LocalEngine::logits(const std::vector<std::int32_t>& ids, int chunk, const LogitSink& sink,
                                 std::stop_token stop) {
  NIBBLE_TRY(LoadedModel* const model, loaded());
  const int vocab = model->info.config.vocab;
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= vocab)
      return fail(ErrorCode::wrongUsage,
                  "id " + std::to_string(id) + " is outside the vocabulary of " + std::to_string(vocab), {}, "ids");
  }
  if (static_cast<std::int64_t>(ids.size()) > model->request.context) {
    return fail(ErrorCode::contextFull,
                std::to_string(ids.size()) + " ids, but a context of " + std::to_string(model->request.context), {},
                "context");
  }
  const auto started = std::chrono::steady_clock::now();
  model->cachedIds.clear();
  auto done = model->transformer().allLogits(
      ids, chunk, [&](std::int64_t row, std::span<const float> rows) { return sink(row, rows, vocab); },
      std::move(stop));
  if (!done) return fail(model->explained(std::move(done.error())));
  model->cachedIds = ids;
  m_counters.contextUsed = static_cast<std::int64_t>(ids.size());
  m_counters.promptTokens += ids.size();
  m_counters.prefillSeconds =
      m_counters.prefillSeconds + std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return {};
}

Result<std::vector<std::int32_t>> LocalEngine::tokenize(const std::string& text, bool addBos, bool parseSpecial) {
  NIBBLE_TRY(const LoadedModel* const model, loaded());
  if (!model->tokenizer) return fail(ErrorCode::fileMissing, "the folder has no tokenizer", model->info.path, "tokenizer");
  return guarded([&]() -> Result<std::vector<std::int32_t>> {
    return model->tokenizer->encode(text, {.addSpecial = addBos, .parseSpecial = parseSpecial});
  });
}

Result<RenderedPrompt> LocalEngine::render(const std::vector<ChatTurn>& turns) {
  NIBBLE_TRY(const LoadedModel* const model, loaded());
  if (!model->renderer) return fail(ErrorCode::wrongUsage, "the model has no tokenizer", {}, "turns");
  return guarded([&] { return model->renderer->render(turns); });
}

EngineStatistics LocalEngine::statistics() const {
  EngineStatistics figures;
  figures.contextUsed = m_counters.contextUsed;
  figures.totalPromptTokens = m_counters.promptTokens;
  figures.totalNewTokens = m_counters.newTokens;
  figures.prefillSeconds = m_counters.prefillSeconds;
  figures.decodeSeconds = m_counters.decodeSeconds;
  const std::lock_guard lock(m_mutex);
  if (!m_model) return figures;
  figures.loaded = true;
  figures.plan = m_model->plan;
  figures.backend = m_model->backend->counters();
  return figures;
}

Result<double> LocalEngine::measureBandwidth() {
  NIBBLE_TRY(const LoadedModel* const model, loaded());
  return model->backend->measureBandwidth();
}

std::unique_ptr<Engine> makeEngine() {
  return std::make_unique<LocalEngine>();
}

namespace {
/// With a limit a card's plan needs no card: what it would take can be known before one is bought.
Result<DeviceInfo> plannedDevice(const LoadRequest& request) {
  auto device = findDevice(request.device);
  const bool card = request.device.rfind("cuda", 0) == 0;
  if (device || device.error().code != ErrorCode::deviceMissing || !card || request.vramLimit == 0) return device;
  return assumedCard(request.device == "cuda" ? "cuda:0" : request.device);
}
}  // namespace

Result<MemoryPlan> planFor(const LoadRequest& request) {
  NIBBLE_TRY(const ModelConfig config, requestedConfig(request));
  NIBBLE_TRY(const DeviceInfo device, plannedDevice(request));
  NIBBLE_TRY(const PlanRequest planRequest, planRequestFor(request, config, device));
  return makeMemoryPlan(config, planRequest, device);
}

}  // namespace nibble

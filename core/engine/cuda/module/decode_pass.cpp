#include "core/engine/cuda/module/decode_pass.h"

#include <algorithm>
#include <cstddef>
#include <new>

namespace nibble {

namespace {
constexpr int kMostPenaltyIds = 1024;
constexpr std::size_t kOutputOffset = 256;  // of StepOutput behind StepInput, in host and device memory alike
constexpr std::size_t kExchangeBytes = 2 * kOutputOffset;
// What the host sends of a step whose id and position the card knows from the one before.
constexpr std::size_t kBehindIdAndPosition = offsetof(gpu::StepInput, greedy);
static_assert(kBehindIdAndPosition == sizeof(gpu::StepInput::token) + sizeof(gpu::StepInput::position));

/// Id and position are left as they are.
void setOptions(gpu::StepInput& input, const SamplingOptions& options, float draw) {
  const bool maximum = options.temperature <= 0;
  input.greedy = options.greedy ? 1 : 0;
  input.topK = maximum ? 1 : options.topK;
  input.temperature = maximum ? 1.0f : options.temperature;
  input.topP = options.topP;
  input.minP = options.minP;
  input.repetitionPenalty = options.repetitionPenalty;
  input.penaltyWindow = std::clamp(options.penaltyWindow, 0, kMostPenaltyIds);
  input.draw = draw;
  input.advance = 1;
}

gpu::StepInput inputOf(std::int32_t id, std::int64_t position) {
  gpu::StepInput input;
  input.token = id;
  input.position = static_cast<std::int32_t>(position);
  return input;
}

gpu::DecodeShape shapeOf(const ModelConfig& config, const PlanRequest& plan, float ropeFactor) {
  gpu::DecodeShape shape;
  shape.layers = config.layers, shape.hidden = config.hidden, shape.heads = config.heads,
  shape.kvHeads = config.kvHeads;
  shape.headDim = config.headDim, shape.intermediate = config.intermediate, shape.vocab = config.vocab;
  shape.capacity = plan.context;
  shape.kvFormat = deviceKvFormat(plan.kv);
  shape.normEps = config.rmsNormEps;
  shape.ropeFactor = ropeFactor;
  shape.activationBits = plan.recipe.activationBits;
  return shape;
}
}  // namespace

template <typename Launches>
Result<Graph> Graph::capture(cudaStream_t stream, const Launches& launches) {
  NIBBLE_CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  const cudaError_t launched = launches();
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream, &graph);
  Graph made;
  cudaError_t status = launched != cudaSuccess ? launched : ended;
  if (status == cudaSuccess) status = cudaGraphInstantiate(&made.m_graph, graph, 0);
  if (graph) cudaGraphDestroy(graph);
  if (status != cudaSuccess) return fail(cudaFailure(status, "decode graph"));
  NIBBLE_CUDA(cudaGraphUpload(made.m_graph, stream));
  return made;
}

Result<DecodePass> DecodePass::make(Card& card, WeightStore& weights, const ModelConfig& config,
                                    const PlanRequest& plan, float ropeFactor, const float* finalNorm,
                                    const float* frequencies, std::byte* workspace, std::uint64_t workspaceBytes) {
  DecodePass pass;
  pass.m_card = &card;
  NIBBLE_TRY(pass.m_pinned, PinnedBuffer::allocate(2 * kExchangeBytes));
  gpu::DecodeModel& model = pass.m_model;
  model.shape = shapeOf(config, plan, ropeFactor);
  if (kExchangeBytes + gpu::decodeWorkspaceBytes(model.shape) > workspaceBytes)
    return fail(ErrorCode::failed, "the plan's workspace is too small for the decode kernels", {}, "workspace");
  model.workspace = gpu::carveDecodeWorkspace(model.shape, workspace + kExchangeBytes);
  model.layers = weights.layers().data();
  model.embedding = weights.embedding();
  model.head = weights.head();
  model.finalNorm = finalNorm;
  model.inverseFrequencies = frequencies;
  // Every block of every kernel reads the input: it must lie on the card, not behind PCIe.
  model.input = reinterpret_cast<gpu::StepInput*>(workspace);
  model.output = reinterpret_cast<gpu::StepOutput*>(workspace + kOutputOffset);
  std::byte* pinned = pass.m_pinned.data();
  for (Exchange& exchange : pass.m_exchanges) {
    exchange.input = new (pinned) gpu::StepInput();
    exchange.output = new (pinned + kOutputOffset) gpu::StepOutput();
    NIBBLE_TRY(exchange.done, Event::make());
    pinned += kExchangeBytes;
  }
  NIBBLE_CUDA(gpu::decodeTuning(card.ordinal(), model.tuning));
  return pass;
}

Result<void> DecodePass::capture() {
  const cudaStream_t stream = m_card->stream().get();
  NIBBLE_TRY(m_step, Graph::capture(stream, [&] { return gpu::decodeStep(stream, m_model); }));
  NIBBLE_TRY(m_sampledStep, Graph::capture(stream, [&] {
               const cudaError_t status = gpu::decodeStep(stream, m_model);
               return status == cudaSuccess ? gpu::sampleToken(stream, m_model) : status;
             }));
  return {};
}

DecodePass::Exchange& DecodePass::nextExchange() {
  m_newest ^= 1;
  return m_exchanges[static_cast<std::size_t>(m_newest)];
}

cudaError_t DecodePass::step(std::int32_t id, std::int64_t position) {
  Exchange& exchange = nextExchange();
  *exchange.input = inputOf(id, position);
  const cudaStream_t stream = m_card->stream().get();
  const cudaError_t sent =
      cudaMemcpyAsync(m_model.input, exchange.input, sizeof(gpu::StepInput), cudaMemcpyHostToDevice, stream);
  if (sent != cudaSuccess) return sent;
  return m_step ? m_step.launch(stream) : gpu::decodeStep(stream, m_model);
}

bool DecodePass::canSample(const SamplingOptions& options) {
  if (options.greedy) return true;
  const bool few = options.topK >= 1 && options.topK <= gpu::kSampleTopKMax;
  const bool windowFits = options.repetitionPenalty == 1.0f || options.penaltyWindow <= kMostPenaltyIds;
  return (few || options.temperature <= 0) && windowFits && options.presencePenalty == 0 &&
         options.frequencyPenalty == 0;
}

cudaError_t DecodePass::stepAndSample(std::int32_t id, std::int64_t position, const SamplingOptions& options,
                                      float draw) {
  Exchange& exchange = nextExchange();
  *exchange.input = inputOf(id, position);
  setOptions(*exchange.input, options, draw);
  return launchSampled(exchange, 0);
}

cudaError_t DecodePass::stepBehind(const SamplingOptions& options, float draw) {
  Exchange& exchange = nextExchange();
  setOptions(*exchange.input, options, draw);
  return launchSampled(exchange, kBehindIdAndPosition);
}

cudaError_t DecodePass::launchSampled(Exchange& exchange, std::size_t from) {
  const cudaStream_t stream = m_card->stream().get();
  cudaError_t status = cudaMemcpyAsync(reinterpret_cast<std::byte*>(m_model.input) + from,
                                       reinterpret_cast<const std::byte*>(exchange.input) + from,
                                       sizeof(gpu::StepInput) - from, cudaMemcpyHostToDevice, stream);
  if (status != cudaSuccess) return status;
  if (m_sampledStep) {
    status = m_sampledStep.launch(stream);
  } else {
    status = gpu::decodeStep(stream, m_model);
    if (status == cudaSuccess) status = gpu::sampleToken(stream, m_model);
  }
  if (status != cudaSuccess) return status;
  status = cudaMemcpyAsync(exchange.output, m_model.output, sizeof(gpu::StepOutput), cudaMemcpyDeviceToHost, stream);
  return status == cudaSuccess ? cudaEventRecord(exchange.done.get(), stream) : status;
}

cudaError_t DecodePass::headOfRow(const float* residual, float* logits, cudaStream_t stream) const {
  return gpu::matvec(stream, m_model.head, residual, m_model.finalNorm, m_model.shape.normEps, nullptr, logits,
                     m_model.shape.activationBits, m_model.tuning);
}

}  // namespace nibble

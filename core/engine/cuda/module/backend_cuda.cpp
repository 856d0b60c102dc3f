#include "core/engine/cuda/module/backend_cuda.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/base/logging.h"
#include "core/engine/cuda/cuda_devices.h"

namespace nibble {

namespace {

/// NIBBLE_CUDA_PATH: "plain" (no decode kernels), "kernels" (no graph), else the fastest. For comparing the paths.
std::string_view wantedPath() {
  const char* path = std::getenv("NIBBLE_CUDA_PATH");
  return path ? path : "";
}

/// ‖a − b‖ / ‖b‖; infinite where a number is missing from a alone, 0 where b has no norm to compare with (the first
/// real step reports it).
double relativeDistance(std::span<const float> a, std::span<const float> b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double apart = static_cast<double>(a[i]) - b[i];
    difference += apart * apart;
    size += static_cast<double>(b[i]) * b[i];
  }
  if (!std::isfinite(size)) return 0;
  const double relative = std::sqrt(difference / std::max(size, 1e-30));
  return std::isfinite(relative) ? relative : std::numeric_limits<double>::infinity();
}
}  // namespace

Result<std::unique_ptr<Backend>> BackendCuda::make(const BackendRequest& request, const std::string& busId) {
  std::unique_ptr<BackendCuda> backend(new BackendCuda(request));
  NIBBLE_CHECK(backend->allocate(busId));
  return std::unique_ptr<Backend>(std::move(backend));
}

BackendCuda::~BackendCuda() {
  if (!m_card) return;
  m_card->use();
  m_card->seal(false);
  cudaStreamSynchronize(m_card->stream().get());
}

Result<void> BackendCuda::allocate(const std::string& busId) {
  const PlanRequest& plan = m_request.plan;
  if (m_config.headDim % 2 != 0 || m_config.headDim > 512)
    return fail(ErrorCode::fileUnsupported, "the CUDA kernels take an even head_dim up to 512", {}, "head_dim");
  m_freeBefore = cudaFreeBytes(m_request.device.id).value_or(0);
  const int major = capabilityMajor(m_request.device);
  const CudaMemory memory = cudaMemory(m_config, plan, major);
  m_allocated = memory.weightArena + memory.kvArena + memory.workspaceArena;
  const std::uint64_t needed = m_allocated + m_request.device.contextBytes;
  if (plan.vramLimit > 0 && needed > plan.vramLimit) {
    Error error{ErrorCode::outOfMemory, "the model does not fit the limit given", {}, m_request.device.id, needed,
                plan.vramLimit};
    return fail(std::move(error));
  }
  NIBBLE_TRY(m_card, Card::open(busId));
  m_card->use();
  m_card->seal(false);
  m_layout = workspaceLayout(m_config, plan, m_card->capability() / 10);
  NIBBLE_TRY(m_weights, WeightStore::make(*m_card, m_config, plan));
  NIBBLE_TRY(m_cache, m_card->allocate(memory.kvArena, "KV cache"));
  NIBBLE_TRY(m_workspace, m_card->allocate(memory.workspaceArena, "workspace"));
  NIBBLE_TRY(m_hostLogits, PinnedBuffer::allocate(static_cast<std::uint64_t>(std::max(plan.logitRows, 1)) *
                                                  static_cast<std::uint64_t>(m_config.vocab) * sizeof(float)));
  NIBBLE_TRY(m_hostIds, PinnedBuffer::allocate(static_cast<std::uint64_t>(m_layout.rows + 64) * sizeof(std::int32_t)));
  NIBBLE_TRY(m_uploader, WeightUploader::make(m_workspace.data(), stagingLayout(m_config, plan)));
  NIBBLE_CUDA(cudaStreamSynchronize(m_card->stream().get()));  // arenas are zero before other streams write them
  return {};
}

Result<void> BackendCuda::loadMatrix(MatrixRole role, int layer, const WeightSource& source, Format format,
                                     std::stop_token stop) {
  m_card->use();
  NIBBLE_TRY(const gpu::MatrixView view, m_weights->placeMatrix(role, layer, format));
  return m_uploader->upload(source, view, stop);
}

Result<void> BackendCuda::shareHead() {
  m_weights->shareHead();
  return {};
}

Result<void> BackendCuda::loadVectors(int layer, const LayerWeights& layerWeights) {
  m_card->use();
  return m_weights->placeVectors(layer, layerWeights, m_card->stream().get());
}

Result<void> BackendCuda::loadFinalNorm(std::span<const float> weight) {
  m_card->use();
  m_finalNorm.assign(weight.begin(), weight.end());  // the workspace still stages matrices
  return m_uploader->finish();                       // after the last matrix: the caller may close its files
}

Result<void> BackendCuda::finishLoading() {
  m_card->use();
  NIBBLE_CHECK(m_uploader->finish());
  m_uploader.reset();
  NIBBLE_CHECK(m_weights->complete());
  NIBBLE_CHECK(placeConstants());
  NIBBLE_CHECK(preparePasses());
  NIBBLE_CHECK(warmUp());
  m_bytesPerToken = m_weights->bytesPerToken();
  rememberContext();
  m_card->seal(true);
  return {};
}

Result<void> BackendCuda::placeConstants() {
  const cudaStream_t stream = m_card->stream().get();
  NIBBLE_CUDA(cudaMemsetAsync(m_workspace.data(), 0, m_workspace.bytes(), stream));
  const std::size_t half = static_cast<std::size_t>(m_config.headDim) / 2;
  if (m_finalNorm.size() != static_cast<std::size_t>(m_config.hidden) ||
      m_request.rope.inverseFrequencies.size() < half)
    return fail(ErrorCode::failed, "the final norm or the rotary table was not given", {}, "finalNorm");
  NIBBLE_CUDA(cudaMemcpyAsync(m_workspace.data() + m_layout.finalNorm, m_finalNorm.data(),
                              m_finalNorm.size() * sizeof(float), cudaMemcpyHostToDevice, stream));
  NIBBLE_CUDA(cudaMemcpyAsync(m_workspace.data() + m_layout.frequencies, m_request.rope.inverseFrequencies.data(),
                              half * sizeof(float), cudaMemcpyHostToDevice, stream));
  const auto layout =
      gpu::kvLayout(deviceKvFormat(m_request.plan.kv), m_config.kvHeads, m_request.plan.context, m_config.headDim);
  std::byte* cache = m_cache.data();
  for (gpu::LayerView& layer : m_weights->layers()) {
    layer.kv = {cache, cache + layout.totalBytes, deviceKvFormat(m_request.plan.kv)};
    cache += 2 * layout.totalBytes;
  }
  return {};
}

Result<void> BackendCuda::preparePasses() {
  NIBBLE_TRY(m_prefill,
             PrefillPass::make(*m_card, *m_weights, m_config, m_request.plan, m_workspace.data(), m_layout, m_failure));
  if (wantedPath() == "plain") return {};
  const auto* finalNorm = reinterpret_cast<const float*>(m_workspace.data() + m_layout.finalNorm);
  const auto* frequencies = reinterpret_cast<const float*>(m_workspace.data() + m_layout.frequencies);
  NIBBLE_TRY(m_decode,
             DecodePass::make(*m_card, *m_weights, m_config, m_request.plan, m_request.rope.attentionFactor, finalNorm,
                              frequencies, m_workspace.data() + m_layout.decode, m_layout.decodeBytes));
  return {};
}

Result<void> BackendCuda::warmUp() {
  // The largest prefill chunk at the end of the context, then a decode step there: kernels are loaded, workspaces are
  // touched.
  const std::int64_t context = m_request.plan.context;
  const std::vector<std::int32_t> ids(static_cast<std::size_t>(m_layout.rows), 0);
  m_failure.clear();
  uploadIds(ids, context - m_layout.rows);
  beginRows(m_layout.rows, context - m_layout.rows);
  runLayers(nullptr);
  m_prefill->normLogits(0, std::min(m_layout.rows, std::max(m_request.plan.logitRows, 1)));
  NIBBLE_CHECK(settle("first step"));
  m_path = "plain kernels";
  if (!m_decode) return {};
  if (wantedPath() != "kernels") {
    if (const auto captured = m_decode->capture(); !captured)
      logger("gpu")->warn("no CUDA graph: {}", captured.error().detail);
  }
  m_decodeTrusted = decodeAgrees();
  NIBBLE_CHECK(settle("first decode step"));
  if (m_decodeTrusted) m_path = m_decode->usesGraph() ? "CUDA graph" : "fused kernels";
  return {};
}

bool BackendCuda::plainLogits(std::int32_t id, std::int64_t position, std::vector<float>& logits) {
  uploadIds({&id, 1}, position);
  beginRows(1, position);
  runLayers(nullptr);
  m_prefill->normLogits(0, 1);
  return fetchLogits(m_prefill->logits(), logits);
}

bool BackendCuda::fetchLogits(const float* from, std::vector<float>& to) {
  to.resize(static_cast<std::size_t>(m_config.vocab));
  return settle("self-test") &&
         cudaMemcpy(to.data(), from, to.size() * sizeof(float), cudaMemcpyDeviceToHost) == cudaSuccess;
}

bool BackendCuda::decodeAgrees() {
  // The same ids by the plain path, then by the decode kernels, each with the cache that it has written itself; and
  // once at the context's end for its own sake.
  const std::int32_t ids[] = {7, 8, 9};
  const int steps = static_cast<int>(std::min<std::int64_t>(std::size(ids), m_request.plan.context));
  const auto idOf = [&](int step) { return std::min(ids[step], m_config.vocab - 1); };
  m_failure.note(m_decode->step(idOf(0), m_request.plan.context - 1));
  std::vector<std::vector<float>> plain(static_cast<std::size_t>(steps));
  for (int i = 0; i < steps; ++i)
    if (!plainLogits(idOf(i), i, plain[static_cast<std::size_t>(i)])) return false;
  // The two ways round activations differently, and a cache of 4 bits makes more of it: values that differ by little
  // fall on other codes. 48 random layers of InternLM3-8B's shape end 0.07 to 0.09 apart, with such a cache 0.32 to
  // 0.34, and unrelated logits are 1.4 apart.
  const double limit = m_request.plan.kv == KvFormat::q4 ? 0.7 : 0.2;
  double worst = 0;
  std::vector<float> fused;
  for (int i = 0; i < steps; ++i) {
    m_failure.note(m_decode->step(idOf(i), i));
    if (!fetchLogits(m_decode->logits(), fused)) return false;
    worst = std::max(worst, relativeDistance(fused, plain[static_cast<std::size_t>(i)]));
  }
  m_failure.note(m_decode->stepAndSample(idOf(0), 0, SamplingOptions{.greedy = true}, 0.0f));
  logger("gpu")->info("decode kernels and plain path differ by {:.2e}, at most {:.1f} is taken", worst, limit);
  if (worst < limit) return true;
  logger("gpu")->warn("the fused decode kernels are not used: their logits differ by {:.2e} from the plain path's",
                      worst);
  return false;
}

void BackendCuda::rememberContext() {
  const auto freeNow = cudaFreeBytes(m_request.device.id);
  if (!freeNow || m_freeBefore <= *freeNow) return;
  const std::uint64_t taken = m_freeBefore - *freeNow;
  if (taken > m_allocated)
    rememberCudaContextBytes(m_request.device.name, m_request.device.driver, taken - m_allocated);
}

BackendCounters BackendCuda::counters() const {
  BackendCounters counters;
  counters.allocatedBytes = m_allocated;
  counters.deviceFreeBytes = cudaFreeBytes(m_request.device.id).value_or(0);
  counters.bytesPerToken = m_bytesPerToken;
  counters.path = m_path.load();
  return counters;
}

}  // namespace nibble

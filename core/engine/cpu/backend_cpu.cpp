// Allocation and state of the CPU backend; the operations of a step are in cpu_step.cpp, the loading of a matrix in
// weight_packer.cpp.
#include "core/engine/cpu/backend_cpu.h"

#include <cassert>
#include <cstring>
#include <system_error>

#include "core/engine/cpu/cpu_device.h"
#include "core/engine/cpu/weight_packer.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/kernel_level.h"

namespace nibble {

BackendCpu::BackendCpu(const BackendRequest& request)
    : m_request(request),
      m_config(m_request.config),
      m_vectors(cpuVectors(m_config)),
      m_offsets(cpuWorkspace(m_config, m_request.plan)),
      m_pool(cpuThreads(m_request.plan)),
      m_layers(static_cast<std::size_t>(m_config.layers)),
      m_kvShape(cpuKvShape(m_config, m_request.plan)) {}

Result<std::unique_ptr<Backend>> BackendCpu::make(const BackendRequest& request) {
  NIBBLE_CHECK(checkCpuKv(request.config, request.plan.kv));
  try {
    std::unique_ptr<BackendCpu> backend(new BackendCpu(request));
    NIBBLE_CHECK(backend->allocate());
    return backend;
  } catch (const std::system_error& error) {
    return fail(ErrorCode::failed, std::string("threads cannot be started: ") + error.what());
  } catch (const std::bad_alloc&) {
    return fail(Error{ErrorCode::outOfMemory, "the system refused memory", {}, "cpu", 0, availableMemory()});
  }
}

Result<std::unique_ptr<Backend>> makeCpuBackend(const BackendRequest& request) {
  return BackendCpu::make(request);
}

/// One arena for every kind of part, of exactly the planned bytes.
Result<void> BackendCpu::allocate() {
  const auto arena = [&](PartKind kind, const char* name, Arena& target) -> Result<void> {
    NIBBLE_TRY(target, Arena::allocate(m_request.memory.bytesOf(kind), name));
    m_allocated += target.size();
    return {};
  };
  NIBBLE_CHECK(arena(PartKind::weights, "weights", m_weights));
  NIBBLE_CHECK(arena(PartKind::head, "head", m_head));
  NIBBLE_CHECK(arena(PartKind::embedding, "embedding", m_embeddingArena));
  NIBBLE_CHECK(arena(PartKind::kvCache, "KV cache", m_cache));
  NIBBLE_CHECK(arena(PartKind::workspace, "workspace", m_workspace));
  NIBBLE_TRY(m_staging, Arena::allocate(cpuStaging(m_config, m_request.plan).scratch.value(), "staging"));
  m_allocated += m_request.memory.bytesOf(PartKind::staging);  // the tensor of NF4 comes and goes on the heap
  const std::uint64_t cacheBytes = cpuKvBytes(m_config, m_request.plan).value();
  for (Layer& layer : m_layers) {
    layer.keys = reinterpret_cast<std::uint8_t*>(m_cache.take(cacheBytes));
    layer.values = reinterpret_cast<std::uint8_t*>(m_cache.take(cacheBytes));
  }
  m_finalNorm = reinterpret_cast<float*>(m_weights.take(static_cast<std::uint64_t>(m_config.hidden) * 4));
  m_ids.reserve(static_cast<std::size_t>(m_request.plan.prefillChunk));
  return {};
}

PackedMatrix& BackendCpu::matrixOf(MatrixRole role, int layer) {
  if (role == MatrixRole::embedding) return m_embedding;
  if (role == MatrixRole::head) return m_headMatrix;
  return m_layers[static_cast<std::size_t>(layer)].matrices[static_cast<int>(role)];
}

Result<void> BackendCpu::loadMatrix(MatrixRole role, int layer, const WeightSource& source, Format format,
                                    std::stop_token stop) {
  Arena& arena = role == MatrixRole::embedding ? m_embeddingArena : role == MatrixRole::head ? m_head : m_weights;
  const std::uint64_t bytes = cpuMatrixBytes(format, {source.rows, source.columns}).value();
  auto* target = reinterpret_cast<std::uint8_t*>(arena.take(bytes));
  WeightPacker packer(m_pool, m_staging.data(), m_staging.size());
  NIBBLE_CHECK(packer.pack(source, format, target, std::move(stop)));
  matrixOf(role, layer) = {weightTypeOf(format), source.rows, source.columns, target};
  if (role != MatrixRole::embedding) m_bytesPerToken += bytes;
  return {};
}

Result<void> BackendCpu::shareHead() {
  m_headMatrix = m_embedding;
  m_bytesPerToken += m_embeddingArena.size();
  return {};
}

Result<void> BackendCpu::loadVectors(int layer, const LayerWeights& source) {
  auto* vectors = reinterpret_cast<float*>(m_weights.take(static_cast<std::uint64_t>(m_vectors.total) * 4));
  Layer& target = m_layers[static_cast<std::size_t>(layer)];
  const auto store = [&](std::int64_t offset, const std::vector<float>& values) -> const float* {
    if (values.empty()) return nullptr;
    std::memcpy(vectors + offset, values.data(), values.size() * sizeof(float));
    return vectors + offset;
  };
  target.inputNorm = store(m_vectors.inputNorm, source.inputNorm);
  target.postNorm = store(m_vectors.postNorm, source.postNorm);
  target.queryNorm = store(m_vectors.queryNorm, source.queryNorm);
  target.keyNorm = store(m_vectors.keyNorm, source.keyNorm);
  for (int role = 0; role < kLayerMatrixCount; ++role)
    target.biases[role] = store(m_vectors.biases[role], source.biases[role]);
  return {};
}

Result<void> BackendCpu::loadFinalNorm(std::span<const float> weight) {
  std::memcpy(m_finalNorm, weight.data(), weight.size_bytes());
  return {};
}

Result<void> BackendCpu::finishLoading() {
  assert(m_weights.used() == m_weights.size() && m_head.used() == m_head.size() && m_cache.used() == m_cache.size());
  m_allocated -= m_request.memory.bytesOf(PartKind::staging);
  m_staging = Arena();
  // Pages are taken from the system when they are first written: do that now, not in the middle of a chat.
  constexpr std::int64_t kPiece = 1 << 21;
  for (Arena* arena : {&m_cache, &m_workspace}) {
    const auto size = static_cast<std::int64_t>(arena->size());
    m_pool.parallelFor((size + kPiece - 1) / kPiece, 1, [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t last = std::min(end * kPiece, size);
      std::memset(arena->data() + begin * kPiece, 0, static_cast<std::size_t>(last - begin * kPiece));
    });
  }
  return {};
}

BackendCounters BackendCpu::counters() const {
  BackendCounters result;
  result.allocatedBytes = m_allocated;
  result.deviceFreeBytes = availableMemory();
  result.bytesPerToken = m_bytesPerToken;
  result.path = kernelLevelName(kernelLevel());
  return result;
}

}  // namespace nibble

#include "core/engine/cuda/module/weight_store.h"

#include <cstring>

namespace nibble {

Result<WeightStore> WeightStore::make(Card& card, const ModelConfig& config, const PlanRequest& plan) {
  WeightStore store;
  store.m_config = config;
  const CudaMemory memory = cudaMemory(config, plan, card.capability() / 10);
  NIBBLE_TRY(store.m_arena, card.allocate(memory.weightArena, "weights"));
  if (memory.embeddingOnHost) {
    NIBBLE_TRY(store.m_hostEmbedding, PinnedBuffer::allocate(memory.embedding));
    std::memset(store.m_hostEmbedding.data(), 0, memory.embedding);
  }
  store.m_layers.resize(static_cast<std::size_t>(config.layers));
  for (int layer = 0; layer < config.layers; ++layer)
    store.m_layers[static_cast<std::size_t>(layer)].window = static_cast<std::int32_t>(config.windowOf(layer));
  return store;
}

gpu::MatrixView& WeightStore::slot(MatrixRole role, int layer) {
  if (role == MatrixRole::embedding) return m_embedding;
  if (role == MatrixRole::head) return m_head;
  gpu::LayerView& view = m_layers[static_cast<std::size_t>(layer)];
  gpu::MatrixView* const matrices[kLayerMatrixCount] = {&view.query, &view.key, &view.value, &view.attentionOutput,
                                                        &view.gate,  &view.up,  &view.down};
  return *matrices[static_cast<int>(role)];
}

const gpu::MatrixView& WeightStore::matrix(MatrixRole role, int layer) const {
  return const_cast<WeightStore*>(this)->slot(role, layer);
}

Result<std::byte*> WeightStore::take(std::uint64_t bytes) {
  const std::uint64_t aligned = gpu::alignUp(bytes, 256);
  if (aligned > m_arena.bytes() - m_used)
    return fail(ErrorCode::failed, "the plan has no room for this matrix", {}, "weights");
  std::byte* place = m_arena.data() + m_used;
  m_used += aligned;
  return place;
}

Result<gpu::MatrixView> WeightStore::placeMatrix(MatrixRole role, int layer, Format format) {
  gpu::MatrixView& view = slot(role, layer);
  if (view.data) return view;
  const auto [rows, columns] = matrixShape(m_config, role);
  const gpu::MatrixFormat device = deviceFormat(format);
  const void* place = nullptr;
  if (role == MatrixRole::embedding && m_hostEmbedding.bytes() > 0) {
    if (gpu::deviceBytes(device, rows, columns) > m_hostEmbedding.bytes())
      return fail(ErrorCode::failed, "the plan has no room for this matrix", {}, "embedding");
    place = m_hostEmbedding.data();
  } else {
    NIBBLE_TRY(place, take(gpu::deviceBytes(device, rows, columns)));
  }
  view = {place, device, static_cast<std::int32_t>(rows), static_cast<std::int32_t>(columns)};
  return view;
}

Result<void> WeightStore::placeVectors(int layer, const LayerWeights& weights, cudaStream_t stream) {
  const LayerVectorLayout layout = layerVectorLayout(m_config);
  NIBBLE_TRY(std::byte * base, take(layout.bytes));
  gpu::LayerView& view = m_layers[static_cast<std::size_t>(layer)];
  const auto place = [&](const std::vector<float>& values, std::uint64_t offset,
                         const float*& pointer) -> Result<void> {
    if (values.empty()) return {};
    NIBBLE_CUDA(
        cudaMemcpyAsync(base + offset, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice, stream));
    pointer = reinterpret_cast<const float*>(base + offset);
    return {};
  };
  NIBBLE_CHECK(place(weights.inputNorm, layout.inputNorm, view.inputNorm));
  NIBBLE_CHECK(place(weights.postNorm, layout.postNorm, view.postNorm));
  NIBBLE_CHECK(place(weights.queryNorm, layout.queryNorm, view.queryNorm));
  NIBBLE_CHECK(place(weights.keyNorm, layout.keyNorm, view.keyNorm));
  const float** const biases[kLayerMatrixCount] = {&view.queryBias, &view.keyBias, &view.valueBias, &view.outputBias,
                                                   &view.gateBias,  &view.upBias,  &view.downBias};
  for (int role = 0; role < kLayerMatrixCount; ++role)
    NIBBLE_CHECK(place(weights.biases[role], layout.biases[role], *biases[role]));
  NIBBLE_CUDA(cudaStreamSynchronize(stream));  // the vectors are the caller's
  return {};
}

std::uint64_t WeightStore::bytesPerToken() const {
  const auto bytes = [](const gpu::MatrixView& view) { return gpu::deviceBytes(view.format, view.rows, view.columns); };
  std::uint64_t sum =
      bytes(m_head) + gpu::matrixLayout(m_embedding.format, m_embedding.rows, m_embedding.columns).stride;
  for (const gpu::LayerView& layer : m_layers)
    for (const gpu::MatrixView* view :
         {&layer.query, &layer.key, &layer.value, &layer.attentionOutput, &layer.gate, &layer.up, &layer.down})
      sum += bytes(*view);
  return sum;
}

Result<void> WeightStore::complete() const {
  for (int layer = 0; layer < m_config.layers; ++layer) {
    for (int role = 0; role < kLayerMatrixCount; ++role)
      if (!matrix(static_cast<MatrixRole>(role), layer).data)
        return fail(ErrorCode::failed, "the matrix was not loaded", {},
                    std::string(matrixRoleName(static_cast<MatrixRole>(role))) + " of layer " + std::to_string(layer));
    if (!m_layers[static_cast<std::size_t>(layer)].inputNorm || !m_layers[static_cast<std::size_t>(layer)].postNorm)
      return fail(ErrorCode::failed, "the norms were not loaded", {}, "layer " + std::to_string(layer));
  }
  if (!m_embedding.data || !m_head.data)
    return fail(ErrorCode::failed, "the matrix was not loaded", {}, m_head.data ? "embedding" : "head");
  return {};
}

}  // namespace nibble

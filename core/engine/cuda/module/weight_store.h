// Every weight of a model on one card: hands out places in the weight arena and keeps them as the views that the
// kernels take. Which matrix stands where follows the order of loading; how much there is in all is cuda_layout's.
#pragma once
#include <span>
#include <vector>

#include "core/engine/cuda/cuda_layout.h"
#include "core/engine/cuda/module/resources.h"
#include "core/model/weights.h"
#include "kernels/cuda/decode_step.h"

namespace nibble {

class WeightStore {
 public:
  /// Allocates the arena (and page-locked memory for an embedding that stays on the host).
  static Result<WeightStore> make(Card& card, const ModelConfig& config, const PlanRequest& plan);

  /// The place of a matrix, made on first asking. Errors: failed if the plan has no room for this format.
  Result<gpu::MatrixView> placeMatrix(MatrixRole role, int layer, Format format);
  /// The head is the embedding's matrix.
  void shareHead() { m_head = m_embedding; }
  Result<void> placeVectors(int layer, const LayerWeights& weights, cudaStream_t stream);

  std::vector<gpu::LayerView>& layers() { return m_layers; }
  const gpu::MatrixView& matrix(MatrixRole role, int layer) const;
  const gpu::MatrixView& embedding() const { return m_embedding; }
  const gpu::MatrixView& head() const { return m_head; }
  /// Weight bytes that one decoded token reads: every matrix of the layers and the head, one row of the embedding.
  std::uint64_t bytesPerToken() const;
  std::uint64_t deviceBytes() const { return m_arena.bytes(); }
  /// Says what is missing before the model may run. Errors: failed.
  Result<void> complete() const;

 private:
  gpu::MatrixView& slot(MatrixRole role, int layer);
  Result<std::byte*> take(std::uint64_t bytes);
  ModelConfig m_config;
  DeviceBuffer m_arena;
  PinnedBuffer m_hostEmbedding;
  std::uint64_t m_used = 0;
  std::vector<gpu::LayerView> m_layers;
  gpu::MatrixView m_embedding, m_head;
};

}  // namespace nibble

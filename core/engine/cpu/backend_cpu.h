// The Backend of the CPU: arenas of planned size, the packed weights, the KV cache, and the fused operations put
// together from kernels/cpu on a pool of threads. Everything is computed in fp32; products of quantized weights take
// 8-bit activations where the recipe says so. "16-bit" activations are held in fp32 here.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "core/engine/backend.h"
#include "core/engine/cpu/arena.h"
#include "core/engine/cpu/cpu_layout.h"
#include "kernels/cpu/matmul.h"
#include "kernels/cpu/thread_pool.h"

namespace nibble {

class BackendCpu : public Backend {
 public:
  /// Errors: outOfMemory; failed (no threads).
  static Result<std::unique_ptr<Backend>> make(const BackendRequest& request);

  Result<void> loadMatrix(MatrixRole role, int layer, const WeightSource& source, Format format,
                          std::stop_token stop) override;
  Result<void> shareHead() override;
  Result<void> loadVectors(int layer, const LayerWeights& layerWeights) override;
  Result<void> loadFinalNorm(std::span<const float> weight) override;
  Result<void> finishLoading() override;

  void begin(std::span<const std::int32_t> ids, std::int64_t position) override;
  void normQkvRope(int layer) override;
  void attend(int layer) override;
  void projectAdd(int layer, MatrixRole role) override;
  void normGateUp(int layer) override;
  void normLogits(int firstRow, int rows) override;
  Result<void> end() override;
  Result<std::span<const float>> logits() override;
  int firstBadLayer() override;
  BackendCounters counters() const override;

 private:
  /// One product of a step: where its weights are and where its rows go.
  struct Product {
    const PackedMatrix* matrix;
    MatmulOutput out;
  };
  struct Layer {
    PackedMatrix matrices[kLayerMatrixCount];
    const float* biases[kLayerMatrixCount] = {};  // null where the model has none
    const float* inputNorm = nullptr;
    const float* postNorm = nullptr;
    const float* queryNorm = nullptr;  // null but for Qwen3
    const float* keyNorm = nullptr;
    std::uint8_t* keys = nullptr;
    std::uint8_t* values = nullptr;
  };

  explicit BackendCpu(const BackendRequest& request);
  Result<void> allocate();
  float* floatsAt(std::uint64_t offset) const;
  PackedMatrix& matrixOf(MatrixRole role, int layer);
  void norm(const float* weight, int firstRow, int rows);
  void multiply(const float* input, std::int64_t columns, std::int64_t n, std::span<const Product> products);
  void addBias(const float* bias, float* rows, std::int64_t count, std::int64_t stride);

  BackendRequest m_request;
  const ModelConfig& m_config;
  CpuVectors m_vectors;
  CpuWorkspace m_offsets;
  ThreadPool m_pool;
  Arena m_weights, m_head, m_embeddingArena, m_cache, m_workspace, m_staging;
  std::vector<Layer> m_layers;
  PackedMatrix m_embedding, m_headMatrix;
  float* m_finalNorm = nullptr;
  KvShape m_kvShape;
  std::uint64_t m_bytesPerToken = 0;
  std::atomic<std::uint64_t> m_allocated{0};

  // the step in progress
  std::vector<std::int32_t> m_ids;
  std::int64_t m_position = 0;
  std::int64_t m_rows = 0;
  int m_logitRows = 0;
};

}  // namespace nibble

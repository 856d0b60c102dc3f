// The CUDA backend: owns the card's memory for one model and its KV cache, and runs steps as many rows (PrefillPass) or
// as one (DecodePass).
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/backend.h"
#include "core/engine/cuda/module/decode_pass.h"
#include "core/engine/cuda/module/first_failure.h"
#include "core/engine/cuda/module/prefill_pass.h"
#include "core/engine/cuda/module/resources.h"
#include "core/engine/cuda/module/weight_store.h"
#include "core/engine/cuda/module/weight_uploader.h"

namespace nibble {

class BackendCuda : public Backend {
 public:
  static Result<std::unique_ptr<Backend>> make(const BackendRequest& request, const std::string& busId);
  ~BackendCuda() override;

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
  Result<std::optional<std::int32_t>> decodeAndSample(const SampledStep& step, const SamplingOptions& options) override;
  int firstBadLayer() override;
  BackendCounters counters() const override;
  Result<double> measureBandwidth() override;  // copy_bandwidth.cpp

 private:
  explicit BackendCuda(const BackendRequest& request) : m_request(request), m_config(request.config) {}
  Result<void> allocate(const std::string& busId);
  Result<void> placeConstants();
  Result<void> preparePasses();
  Result<void> warmUp();
  /// The self-test: whether the decode kernels give the plain path's logits.
  bool decodeAgrees();
  /// One step of the plain path. False if something failed.
  bool plainLogits(std::int32_t id, std::int64_t position, std::vector<float>& logits);
  bool fetchLogits(const float* from, std::vector<float>& to);
  void rememberContext();
  void uploadIds(std::span<const std::int32_t> ids, std::int64_t position);
  void beginRows(int rows, std::int64_t position);
  void runLayers(int* flag);
  /// Waits for the card; the first failure of the step, or what the wait says.
  Result<void> settle(const char* operation);
  Result<void> lost(Error error);
  /// Whether the step that was begun ahead is this one.
  bool isAhead(const SampledStep& step, const SamplingOptions& options) const;
  /// Gives the step that was begun ahead up, after waiting for it.
  void dropAhead();
  int* badFlag() const { return reinterpret_cast<int*>(m_workspace.data() + m_layout.flags); }

  BackendRequest m_request;
  ModelConfig m_config;
  std::uint64_t m_freeBefore = 0;  ///< of the card, before this backend touched it; 0: another one was there already
  std::shared_ptr<Card> m_card;    ///< declared before all that lives on it
  WorkspaceLayout m_layout;
  DeviceBuffer m_cache, m_workspace;
  std::optional<WeightStore> m_weights;
  std::unique_ptr<WeightUploader> m_uploader;
  PinnedBuffer m_hostLogits, m_hostIds;
  std::vector<float> m_finalNorm;
  FirstFailure m_failure;
  std::optional<PrefillPass> m_prefill;
  std::optional<DecodePass> m_decode;
  /// A step that was begun before its caller asked for it.
  struct Ahead {
    std::optional<std::int32_t> id;  ///< once the step before it has chosen it
    std::int64_t position = 0;
    float draw = 0;
    SamplingOptions options;
  };
  std::optional<Ahead> m_ahead;
  bool m_decodeTrusted = false;  ///< the fused kernels gave what the plain path gives
  bool m_single = false;         ///< this step is one row and waits for normLogits to run as a whole
  std::int64_t m_position = 0;
  int m_rows = 0, m_logitRows = 0;
  std::uint64_t m_bytesPerToken = 0, m_allocated = 0;
  std::atomic<const char*> m_path{"loading"};
};

}  // namespace nibble

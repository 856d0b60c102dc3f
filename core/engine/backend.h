// The door to a machine. The forward pass (core/engine/transformer) is written once out of these fused operations;
// backend_cpu and backend_cuda implement the same list. One row means decode, many rows mean prefill.
// All state (residual stream, workspace, KV cache of one sequence) lives in the backend; nothing is allocated after
// finishLoading(). The residual stream, norms, softmax and accumulation are fp32 whatever the compute type is.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include "core/base/result.h"
#include "core/engine/device.h"
#include "core/engine/memory_plan.h"
#include "core/engine/rope.h"
#include "core/engine/sampling.h"
#include "core/model/model_config.h"
#include "core/model/weights.h"

namespace nibble {

/// Live counters, read by the charts from any thread through Engine::statistics.
struct BackendCounters {
  std::uint64_t allocatedBytes = 0;   ///< by this backend on its device, as allocated
  std::uint64_t deviceFreeBytes = 0;  ///< as the driver or the system says now
  std::uint64_t bytesPerToken = 0;    ///< weight bytes read for one decoded token (KV cache not counted)
  std::string path;                   ///< "AVX-512 VNNI", "CUDA graph", "plain kernels" …
};

/// Everything a backend needs to know before the first weight arrives.
struct BackendRequest {
  ModelConfig config;
  PlanRequest plan;
  MemoryPlan memory;
  DeviceInfo device;
  RopeTables rope;  ///< inverse frequencies and attention factor, fixed from the planned context
};

/// A decode step behind which the device chooses the next id.
struct SampledStep {
  std::int32_t id = 0;
  std::int64_t position = 0;      ///< of `id`
  float draw = 0;                 ///< uniform in [0,1)
  std::optional<float> nextDraw;  ///< the draw of the step behind this one, if there will most likely be one: a device
                                  ///< may begin it before this one's id is known here
};

class Backend {
 public:
  virtual ~Backend() = default;

  // ---- loading, in any order, then finishLoading() once -------------------------------------------------------
  /// Quantizes (and repacks) one matrix into `format`. `layer` is ignored for embedding and head. Checks `stop`.
  /// A tied head: the engine calls shareHead() instead of loading it twice when both formats are equal.
  virtual Result<void> loadMatrix(MatrixRole role, int layer, const WeightSource& source, Format format,
                                  std::stop_token stop) = 0;
  virtual Result<void> shareHead() = 0;
  /// Norm weights and biases of a layer (fp32), and the final norm.
  virtual Result<void> loadVectors(int layer, const LayerWeights& layerWeights) = 0;
  virtual Result<void> loadFinalNorm(std::span<const float> weight) = 0;
  /// Allocates the rest, makes graphs, runs one worst-case step. After this nothing is allocated.
  virtual Result<void> finishLoading() = 0;

  // ---- one step: begin, then layers × (normQkvRope, attend, projectAdd, normGateUp, projectAdd), then normLogits
  // ------
  /// Rows' embeddings into the residual stream. `ids` has 1 … prefillChunk rows for positions `position`, `position`+1,
  /// … The KV cache up to `position` is kept, what is behind it is forgotten (so a shared prefix is reused).
  virtual void begin(std::span<const std::int32_t> ids, std::int64_t position) = 0;
  virtual void normQkvRope(
      int layer) = 0;  ///< RMSNorm, q/k/v products, biases, (q/k norm), rotary, append to the KV cache
  virtual void attend(
      int layer) = 0;  ///< causal attention of the rows over the cache, sliding window if the layer has one
  virtual void projectAdd(int layer,
                          MatrixRole role) = 0;  ///< attentionOutput or down: product, bias, added to the residual
  virtual void normGateUp(int layer) = 0;        ///< RMSNorm, gate and up products, biases, SwiGLU
  virtual void normLogits(int firstRow,
                          int rows) = 0;  ///< final RMSNorm and head of some rows of this step (≤ plan.logitRows)
  /// Ends the step: the first failure of any operation since begin(), with its name; NaN/Inf in logits → notANumber.
  /// A step without normLogits (all but the last chunk of a prompt) or stopped between two layers ends as well. For
  /// more rows of the same step, normLogits, end and logits are called again: the residual stream stays until the next
  /// begin().
  virtual Result<void> end() = 0;

  /// (rows, vocab) fp32 logits of the last normLogits; valid until the next begin().
  virtual Result<std::span<const float>> logits() = 0;

  /// A whole decode step and the choice of the next id on the device, in place of begin … logits and the host's
  /// sampler. Nothing: not supported for these options; the caller takes the long way.
  virtual Result<std::optional<std::int32_t>> decodeAndSample(const SampledStep& step, const SamplingOptions& options) {
    (void)step, (void)options;
    return std::nullopt;
  }

  /// Finds the layer whose output first holds NaN or Inf (checking mode, slow); -1: none.
  virtual int firstBadLayer() { return -1; }

  /// Called from any thread, also while a step runs.
  virtual BackendCounters counters() const = 0;

  /// GB/s of a copy on the device, read and write counted, measured now (`bench`). 0: this backend does not tell.
  virtual Result<double> measureBandwidth() { return 0.0; }
};

/// The CPU backend. Errors: outOfMemory (arenas are allocated here, from request.memory).
Result<std::unique_ptr<Backend>> makeCpuBackend(const BackendRequest& request);

/// The CUDA backend, from the module libnibble_cuda.so loaded at run time. Errors: deviceMissing (no module, driver,
/// cuBLAS), outOfMemory. Loads the module; the first call creates the CUDA context.
Result<std::unique_ptr<Backend>> makeCudaBackend(const BackendRequest& request);

}  // namespace nibble

// One row at a time: the fused decode kernels as one CUDA graph, with the choice of the next id on the card.
#pragma once
#include <array>
#include <optional>

#include "core/engine/cuda/cuda_layout.h"
#include "core/engine/cuda/module/first_failure.h"
#include "core/engine/cuda/module/resources.h"
#include "core/engine/cuda/module/weight_store.h"
#include "core/engine/sampling.h"

namespace nibble {

/// A captured sequence of launches, replayed with one call.
class Graph {
 public:
  Graph() = default;
  Graph(Graph&& other) noexcept : m_graph(std::exchange(other.m_graph, nullptr)) {}
  Graph& operator=(Graph&& other) noexcept {
    std::swap(m_graph, other.m_graph);
    return *this;
  }
  ~Graph() {
    if (m_graph) cudaGraphExecDestroy(m_graph);
  }
  template <typename Launches>
  static Result<Graph> capture(cudaStream_t stream, const Launches& launches);
  cudaError_t launch(cudaStream_t stream) const { return cudaGraphLaunch(m_graph, stream); }
  explicit operator bool() const { return m_graph != nullptr; }

 private:
  cudaGraphExec_t m_graph = nullptr;
};

class DecodePass {
 public:
  static Result<DecodePass> make(Card& card, WeightStore& weights, const ModelConfig& config, const PlanRequest& plan,
                                 float ropeFactor, const float* finalNorm, const float* frequencies,
                                 std::byte* workspace, std::uint64_t workspaceBytes);

  /// Makes the graphs. Errors: what the card says; steps then are launched kernel by kernel.
  Result<void> capture();
  /// Enqueues a step without a choice: logits() then holds the row's logits.
  cudaError_t step(std::int32_t id, std::int64_t position);
  /// Whether the card can choose by these options.
  static bool canSample(const SamplingOptions& options);
  /// Enqueues a step and the choice. At most two such steps may be under way, the newest() and the one before.
  cudaError_t stepAndSample(std::int32_t id, std::int64_t position, const SamplingOptions& options, float draw);
  /// The same behind the newest step, with the id that it chooses.
  cudaError_t stepBehind(const SamplingOptions& options, float draw);
  int newest() const { return m_newest; }
  /// Waits for a sampled step; output() then holds its choice.
  cudaError_t wait(int step) const {
    return cudaEventSynchronize(m_exchanges[static_cast<std::size_t>(step)].done.get());
  }
  const gpu::StepOutput& output(int step) const { return *m_exchanges[static_cast<std::size_t>(step)].output; }

  /// Logits of one row of the prefill's residual stream by the same product as decoding.
  cudaError_t headOfRow(const float* residual, float* logits, cudaStream_t stream) const;

  const float* logits() const { return m_model.workspace.logits; }
  std::int32_t* history() const { return m_model.workspace.history; }
  bool usesGraph() const { return static_cast<bool>(m_step); }

 private:
  /// A step's input and output on the host's side; the card has one of each.
  struct Exchange {
    gpu::StepInput* input = nullptr;
    gpu::StepOutput* output = nullptr;
    Event done;
  };
  Exchange& nextExchange();
  /// Sends the input's bytes from `from` on, launches the step and the choice, fetches the output.
  cudaError_t launchSampled(Exchange& exchange, std::size_t from);
  Card* m_card = nullptr;
  PinnedBuffer m_pinned;  ///< of both exchanges
  std::array<Exchange, 2> m_exchanges;
  int m_newest = 0;
  gpu::DecodeModel m_model;
  Graph m_step, m_sampledStep;
};

}  // namespace nibble

// One decoded token on the GPU: the launchers of the fused decode kernels. Called by the CUDA backend, step by step or
// as a whole; knows nothing of core. Token id, position and sampling options are read from device-visible memory, so a
// captured graph of decodeStep() + sampleToken() can be replayed for every token. Nothing here allocates or
// synchronizes.
#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>

#include "kernels/cuda/device_layout.h"

namespace nibble {
namespace gpu {

constexpr int kSampleTopKMax = 128;  ///< larger top-k (or none) is sampled on the host
constexpr int kSampleBlocks = 64;    ///< ranges of ids that sampling looks at side by side

/// What one step reads; written by the host before the step (pinned mapped memory, or device memory). Id and position
/// come first: with `advance` the step before has written them, and the host need only write what is behind them.
struct StepInput {
  std::int32_t token = 0;
  std::int32_t position = 0;       ///< of `token`; the cache holds positions 0 … position-1
  std::int32_t greedy = 1;         ///< plain maximum, no penalty, lowest id of equal logits
  std::int32_t topK = 0;           ///< 1 … kSampleTopKMax (ignored when greedy); 1: maximum after penalties
  float temperature = 1.0f;        ///< > 0
  float topP = 1.0f;               ///< 1: off
  float minP = 0.0f;               ///< 0: off
  float repetitionPenalty = 1.0f;  ///< over the last `penaltyWindow` ids of the history, `token` included
  std::int32_t penaltyWindow = 0;  ///< at most 1024
  float draw = 0.0f;               ///< uniform in [0,1)
  std::int32_t advance = 0;        ///< 1: sampleToken writes the id and position + 1 back into this struct
};

/// What one step gives back (pinned mapped memory, or device memory).
struct StepOutput {
  std::int32_t token = 0;
  std::int32_t badLogits = 0;  ///< 1: NaN or Inf among the logits; `token` means nothing
};

/// The model's shape; all plain counts.
struct DecodeShape {
  std::int32_t layers = 0, hidden = 0, heads = 0, kvHeads = 0, headDim = 0, intermediate = 0, vocab = 0;
  std::int64_t capacity = 0;  ///< positions of the KV cache
  KvCacheFormat kvFormat = KvCacheFormat::f16;
  float normEps = 1e-5f;
  float ropeFactor = 1.0f;          ///< cos and sin are multiplied by it (yarn)
  std::int32_t activationBits = 8;  ///< products on quantized weights: 8 or 16 (integers with a scale per 32), 32
};

/// One layer's weights. Vectors are fp32 on the device; null where the model has none.
struct LayerView {
  MatrixView query, key, value, attentionOutput, gate, up, down;
  const float* inputNorm = nullptr;  // (hidden)
  const float* postNorm = nullptr;   // (hidden)
  const float* queryBias = nullptr;
  const float* keyBias = nullptr;
  const float* valueBias = nullptr;
  const float* outputBias = nullptr;
  const float* gateBias = nullptr;
  const float* upBias = nullptr;
  const float* downBias = nullptr;
  const float* queryNorm = nullptr;  // (head_dim)
  const float* keyNorm = nullptr;    // (head_dim)
  KvView kv;
  std::int32_t window = 0;  ///< sliding window, 0: none
};

/// Buffers of the step, carved out of one allocation that must be zeroed once before the first step.
struct DecodeWorkspace {
  float* x = nullptr;                        // (hidden) residual stream
  std::uint8_t* roundedX = nullptr;          // the same times the next norm's gain, rounded (rounded_vector.cuh)
  float* qkv = nullptr;                      // ((heads + 2 kv_heads) · head_dim) before norm and rope
  float* attention = nullptr;                // (heads · head_dim)
  std::uint8_t* roundedAttention = nullptr;  // the same, rounded
  float* gated = nullptr;                    // (intermediate)
  std::uint8_t* roundedGated = nullptr;      // the same, rounded by halves of a group
  float* logits = nullptr;                   // (vocab)
  float* rope = nullptr;                     // (head_dim): cos, then sin, of this position
  float* partials = nullptr;                 // (kv_heads or heads, splits, …) of split attention
  std::uint32_t* counters = nullptr;    // (layers, kv_heads) arrivals of attention's splits; zeroed when a step begins
  std::uint64_t* candidates = nullptr;  // sampling: (blocks, kSampleTopKMax)
  std::int32_t* history = nullptr;      // (capacity) ids by position; prefill writes its ids here too
  std::uint32_t* flags = nullptr;       // [0] non-finite logits seen in this step
};
std::uint64_t decodeWorkspaceBytes(const DecodeShape& shape);
DecodeWorkspace carveDecodeWorkspace(const DecodeShape& shape, void* base);

/// What the card can do and what is switched on; fill with decodeTuning(), then switch things off for the self-test.
struct DecodeTuning {
  std::int32_t multiprocessors = 1;
  std::int32_t capability = 75;     ///< 90 for 9.0
  bool dependentLaunch = false;     ///< programmatic dependent launch (9.0+)
  std::int32_t blockThreads = 512;  ///< about so many threads a product's block (not on tensor cores)
  std::int32_t blockKiB = 48;  ///< shared memory a block may have, KiB; a product fills it with weights asked for ahead
  std::int32_t aloneKiB = 0;   ///< and takes at least so much that no two blocks of a launch meet on a multiprocessor
  bool tensorAttention = false;  ///< tensor-core attention (8.0+, head_dim 64 or 128, 16-, 8- or 4-bit cache)
  bool tensorProducts = false;   ///< tensor-core products of quantized weights with 8-bit activations (9.0+)
  bool fastProducts = true;      ///< false: the plain product of any format and size (also the reference of tests)
};
cudaError_t decodeTuning(int device, DecodeTuning& tuning);

/// Everything of a step. `layers` is a host array, read while launching only.
struct DecodeModel {
  DecodeShape shape;
  const LayerView* layers = nullptr;          // (layers), host
  MatrixView embedding;                       // (vocab, hidden); may be mapped host memory
  MatrixView head;                            // (vocab, hidden)
  const float* finalNorm = nullptr;           // (hidden)
  const float* inverseFrequencies = nullptr;  // (head_dim / 2), device
  DecodeWorkspace workspace;
  StepInput* input = nullptr;    // device-visible
  StepOutput* output = nullptr;  // device-visible
  DecodeTuning tuning;
};

// The operations of a step, in order: begin, layers × (qkv, attend, project, gate/up, project), head. One row each.
/// Embedding of input->token into x (and rounded behind the first norm's gain), rope table of input->position,
/// history[position] = token, attention's counters back to zero.
cudaError_t decodeBegin(cudaStream_t stream, const DecodeModel& model);
/// RMSNorm of x, q/k/v products and biases into workspace.qkv.
cudaError_t decodeQkv(cudaStream_t stream, const DecodeModel& model, int layer);
/// q/k norm, rope, append to the cache, attention over it into workspace.attention. Once a step and layer.
cudaError_t decodeAttend(cudaStream_t stream, const DecodeModel& model, int layer);
/// x += o-proj(attention) + bias.
cudaError_t decodeProjectAttention(cudaStream_t stream, const DecodeModel& model, int layer);
/// gated = silu(gate(norm(x))) · up(norm(x)).
cudaError_t decodeGateUp(cudaStream_t stream, const DecodeModel& model, int layer);
/// x += down(gated) + bias.
cudaError_t decodeProjectDown(cudaStream_t stream, const DecodeModel& model, int layer);
/// logits = head(norm(x)).
cudaError_t decodeHead(cudaStream_t stream, const DecodeModel& model);

/// begin … head, the whole step.
cudaError_t decodeStep(cudaStream_t stream, const DecodeModel& model);
/// The next id from `logits` (changed in place by the repetition penalty) into output. Options from input.
cudaError_t sampleToken(cudaStream_t stream, const DecodeModel& model);

/// y = W f(x) (+ bias): the product every operation above is made of, for tests, benchmarks and heads outside the step.
/// `gain` non-null: x is RMS-normed first. y (rows) fp32.
cudaError_t matvec(cudaStream_t stream, const MatrixView& matrix, const float* x, const float* gain, float normEps,
                   const float* bias, float* y, int activationBits, const DecodeTuning& tuning);

}  // namespace gpu
}  // namespace nibble

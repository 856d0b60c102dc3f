// Decode attention: arguments shared by the plain kernel and those on tensor cores, and how the cache is split over
// blocks.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/decode_step.h"

namespace nibble {
namespace gpu {

constexpr int kAttentionBlocks = 320;  ///< most blocks (KV heads × splits) of one launch

struct AttentionArgs {
  const float* qkv = nullptr;   // ((heads + 2 kv_heads) · head_dim)
  const float* rope = nullptr;  // (head_dim) cos, sin
  const float* queryNorm = nullptr;
  const float* keyNorm = nullptr;
  void* keys = nullptr;
  void* values = nullptr;
  KvLayout layout;
  KvCacheFormat format = KvCacheFormat::f16;
  std::int32_t heads = 0, kvHeads = 0, headDim = 0;
  std::int32_t group = 0;  // query heads of a KV head
  std::int32_t window = 0;
  std::int32_t granule = 64;             // a split is a multiple of this many positions
  std::int32_t oneBlockPositions = 128;  // up to so many one block a KV head is faster than several
  std::int32_t aloneKiB = 0;  // shared memory that a block takes at least: no two of a launch on a multiprocessor
  float normEps = 0;
  float scale = 0;  // log2(e) / √head_dim
  const StepInput* input = nullptr;
  float* output = nullptr;            // (heads · head_dim)
  std::uint8_t* rounded = nullptr;    // the same, rounded (tensor cores only)
  float* partials = nullptr;          // (kv_heads, splits, group, head_dim + 4): sums, maximum, denominator
  std::uint32_t* counters = nullptr;  // (kv_heads) blocks that have arrived; 0 when a step begins
};

/// The arguments of a layer's attention.
AttentionArgs attentionArgs(const DecodeModel& model, int layer);

/// Floats that partials need for a shape.
std::uint64_t attentionPartialCount(const DecodeShape& shape);

cudaError_t launchPlainAttention(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent);
/// On tensor cores: head_dim 64 or 128, up to 16 query heads a KV head, capability 8.0 or later; a cache of 16 bits, of
/// 8 or 4.
cudaError_t launchHalfAttention(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent);
cudaError_t launchQuantizedAttention(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent);

/// A block of tensor-core attention takes rounds of 128 positions, 16 a warp; where launches are dependent it has a
/// multiprocessor for itself (AttentionArgs::aloneKiB).
constexpr int kAttentionWarps = 8, kAttentionThreads = kAttentionWarps * 32, kAttentionRound = kAttentionWarps * 16;
constexpr int kTensorAttentionKiB = 90;  ///< shared memory that such a block may need

}  // namespace gpu
}  // namespace nibble

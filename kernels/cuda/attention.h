// Decode attention: arguments shared by the plain and the tensor-core kernel, and how the cache is split over blocks.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/decode_step.h"

namespace nibble {
namespace gpu {

constexpr int kAttentionBlocks = 320;  ///< most blocks (KV heads × splits) of one launch
constexpr int kAttentionAlone = 128;   ///< up to so many positions one block a KV head is faster than several

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
  std::int32_t window = 0;
  std::int32_t granule = 64;  // a split is a multiple of this many positions
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
/// head_dim 64 or 128, up to 16 query heads a KV head, cache of 16, 8 or 4 bits, capability 8.0 or later.
cudaError_t launchTensorAttention(cudaStream_t stream, const AttentionArgs& args, int splits, bool manyWarps,
                                  bool dependent);

/// Warps of a block of tensor-core attention. Where shared memory allows, a multiprocessor holds one block of many
/// warps, elsewhere two of few.
constexpr int kFewAttentionWarps = 4, kManyAttentionWarps = 8;
constexpr int kManyWarpsKiB = 84;  ///< shared memory that a block of many warps may need

}  // namespace gpu
}  // namespace nibble

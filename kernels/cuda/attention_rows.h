// Launchers of attention for many rows over the KV cache (prefill): on tensor cores, and a plain fp32 one for every
// other case.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/device_layout.h"
#include "kernels/cuda/prefill.h"

namespace nibble::gpu {

/// Attention of `rows` tokens at positions `position`, `position` + 1, … over a cache that already holds their own keys
/// and values.
struct AttentionRows {
  const void* queries =
      nullptr;          // (rows, queryStride) after rope: fp16 for flash_attention, fp32 or fp16 for plain_attention
  void* out = nullptr;  // (rows, outStride) of `element`
  std::int64_t queryStride = 0, outStride = 0;  ///< elements between rows
  KvView cache;
  int rows = 0, heads = 0, kvHeads = 0, headDim = 0;
  std::int64_t position = 0, capacity = 0;
  std::int64_t window = 0;  ///< 0: none; else a query sees this many last positions, itself included
  float scale = 0;          ///< 1/√head_dim
  Element element = Element::f16;
  bool asynchronousCopies = true;  ///< compute capability 8.0 and later
};

/// fp16 cache and head_dim a multiple of 8 up to 128, or (compute capability 8.0 and later, for its shared memory)
/// 8- or 4-bit cache and head_dim 64 or 128; over a 4-bit one queries are rotated as its keys are.
bool flash_attention_supports(KvCacheFormat format, int headDim, bool asynchronousCopies);
cudaError_t flash_attention(cudaStream_t stream, const AttentionRows& rows);

/// Any cache, any head_dim up to 512, fp32 throughout; queries are fp32 where `element` is f32, else fp16. Slow: one
/// block a row and head.
cudaError_t plain_attention(cudaStream_t stream, const AttentionRows& rows);

}  // namespace nibble::gpu

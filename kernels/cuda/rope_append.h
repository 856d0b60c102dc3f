// Launcher of the kernel between the q/k/v product and attention for many rows.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/device_layout.h"
#include "kernels/cuda/prefill.h"

namespace nibble::gpu {

struct RopeAppend {
  void* qkv = nullptr;  // (rows, (heads + 2 kv_heads) · head_dim) of `element`; the query part is rewritten (fp16, or
                        // fp32 if f32)
  const float2* angles = nullptr;    // (rows, head_dim / 2), from rope_angles
  const float* queryBias = nullptr;  // (heads · head_dim) or null; likewise key and value
  const float* keyBias = nullptr;
  const float* valueBias = nullptr;
  const float* queryNorm = nullptr;  // (head_dim) or null
  const float* keyNorm = nullptr;
  KvView cache;  ///< of the layer; rows go to positions `position`, `position` + 1, …
  int rows = 0, heads = 0, kvHeads = 0, headDim = 0;
  std::int64_t position = 0, capacity = 0;
  float eps = 0;
  Element element = Element::f16;
};

/// Biases, q/k norm, rotary (rotate-half), Hadamard rotation of q and k where the cache is 4-bit, append. head_dim ≤
/// 512.
cudaError_t rope_append(cudaStream_t stream, const RopeAppend& step);

}  // namespace nibble::gpu

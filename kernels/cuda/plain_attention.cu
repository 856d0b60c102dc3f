// Attention of many rows in plain fp32, for every cache format and head_dim: the reference that the tensor-core kernel
// is compared with, and the way of fp32 compute. One block a (row, head): 128 keys at a time, a thread a key for the
// scores, a thread a column for the sum.
#include "kernels/blocks.h"
#include "kernels/cuda/attention_rows.h"
#include "kernels/cuda/element.cuh"

namespace nibble::gpu {

namespace {
constexpr int kThreads = 128;
constexpr int kMostColumns = 512;

__constant__ float kCodebook[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// Element `column` of the key or value at flattened position `at` (head · capacity + position).
__device__ __forceinline__ float cached(const void* cache, KvCacheFormat format, const KvLayout& layout,
                                        std::int64_t at, int column) {
  const std::int64_t index = at * layout.headDim + column;
  if (format == KvCacheFormat::f32) return static_cast<const float*>(cache)[index];
  if (format == KvCacheFormat::f16) return __half2float(static_cast<const __half*>(cache)[index]);
  const __half* scales = reinterpret_cast<const __half*>(static_cast<const char*>(cache) + layout.scaleOffset);
  const float scale = __half2float(scales[at * layout.scaleCount + column / 32]);
  if (format == KvCacheFormat::q8) return static_cast<float>(static_cast<const std::int8_t*>(cache)[index]) * scale;
  const int byte = static_cast<const std::uint8_t*>(cache)[index / 2];
  return kCodebook[column % 2 ? byte >> 4 : byte & 15] * scale;
}

__device__ float blockMaximum(float value, float* parts) {
  for (int offset = 16; offset > 0; offset >>= 1) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, offset));
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  return fmaxf(fmaxf(parts[0], parts[1]), fmaxf(parts[2], parts[3]));
}

template <typename Query, typename Out>
__global__ void __launch_bounds__(kThreads) plain_attention_kernel(const AttentionRows rows, const KvLayout layout) {
  __shared__ float query[kMostColumns];
  __shared__ float weights[kThreads];
  __shared__ float parts[kThreads / 32];
  const int row = blockIdx.x, head = blockIdx.y, headDim = rows.headDim;
  const std::int64_t cachedHead = static_cast<std::int64_t>(head / (rows.heads / rows.kvHeads)) * layout.capacity;
  const Query* from = static_cast<const Query*>(rows.queries) + row * rows.queryStride + head * headDim;
  for (int i = threadIdx.x; i < headDim; i += kThreads) query[i] = toFloat(from[i]) * rows.scale;
  __syncthreads();
  const std::int64_t last = rows.position + row;
  const std::int64_t begin = rows.window > 0 && last + 1 > rows.window ? last + 1 - rows.window : 0;
  float maximum = -INFINITY, sum = 0, out[kMostColumns / kThreads] = {};
  for (std::int64_t first = begin; first <= last; first += kThreads) {
    const std::int64_t key = first + threadIdx.x;
    float score = -INFINITY;
    if (key <= last) {
      score = 0;
      for (int i = 0; i < headDim; ++i)
        score += query[i] * cached(rows.cache.keys, rows.cache.format, layout, cachedHead + key, i);
    }
    const float top = fmaxf(maximum, blockMaximum(score, parts));
    const float shrink = expf(maximum - top);
    maximum = top;
    weights[threadIdx.x] = expf(score - top);
    __syncthreads();
    const int keys = static_cast<int>(last + 1 - first < kThreads ? last + 1 - first : kThreads);
    float part = 0;
    for (int k = 0; k < keys; ++k) part += weights[k];
    sum = sum * shrink + part;
#pragma unroll
    for (int c = 0; c < kMostColumns / kThreads; ++c) {
      const int column = c * kThreads + threadIdx.x;
      if (column >= headDim) break;
      float total = out[c] * shrink;
      for (int k = 0; k < keys; ++k)
        total += weights[k] * cached(rows.cache.values, rows.cache.format, layout, cachedHead + first + k, column);
      out[c] = total;
    }
    __syncthreads();
  }
  Out* to = static_cast<Out*>(rows.out) + row * rows.outStride + head * headDim;
#pragma unroll
  for (int c = 0; c < kMostColumns / kThreads; ++c) {
    const int column = c * kThreads + threadIdx.x;
    if (column < headDim) to[column] = fromFloat<Out>(out[c] / sum);
  }
}
}  // namespace

cudaError_t plain_attention(cudaStream_t stream, const AttentionRows& rows) {
  if (rows.headDim > kMostColumns) return cudaErrorInvalidValue;
  const KvLayout layout = kvLayout(rows.cache.format, rows.kvHeads, rows.capacity, rows.headDim);
  const dim3 grid(rows.rows, rows.heads);
  switch (rows.element) {
    case Element::f32:
      plain_attention_kernel<float, float><<<grid, kThreads, 0, stream>>>(rows, layout);
      break;
    case Element::f16:
      plain_attention_kernel<__half, __half><<<grid, kThreads, 0, stream>>>(rows, layout);
      break;
    case Element::bf16:
      plain_attention_kernel<__half, __nv_bfloat16><<<grid, kThreads, 0, stream>>>(rows, layout);
      break;
  }
  return cudaGetLastError();
}

}  // namespace nibble::gpu

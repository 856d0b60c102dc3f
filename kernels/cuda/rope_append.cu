// Between the q/k/v product and attention: biases, Qwen3's per-head norm, rotary embedding, and the append to the KV
// cache. One warp a (row, head). Queries are rewritten in place: fp16 where the compute type has 16 bits, else fp32.
// Bytes moved: q, k and v once in, q once out, k and v once into the cache.
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/element.cuh"
#include "kernels/cuda/kv_cache.cuh"
#include "kernels/cuda/rope_append.h"

namespace nibble::gpu {

namespace {
constexpr int kWarps = 8;
constexpr int kMostColumns = 512;

struct HeadRow {
  float* values;  // shared, (head_dim)
  int lane;
};

__device__ void addBias(const HeadRow& row, const float* bias, int headDim) {
  for (int i = row.lane; i < headDim; i += 32) row.values[i] += bias[i];
  __syncwarp();
}

__device__ void headNorm(const HeadRow& row, const float* weight, int headDim, float eps) {
  float sum = 0;
  for (int i = row.lane; i < headDim; i += 32) sum += row.values[i] * row.values[i];
  const float root = rsqrtf(warpSum(sum) / static_cast<float>(headDim) + eps);
  for (int i = row.lane; i < headDim; i += 32) row.values[i] *= root * weight[i];
  __syncwarp();
}

__device__ void rotate(const HeadRow& row, const float2* angles, int half) {
  for (int i = row.lane; i < half; i += 32) {
    const float2 angle = angles[i];
    const float a = row.values[i], b = row.values[i + half];
    row.values[i] = a * angle.x - b * angle.y;
    row.values[i + half] = b * angle.x + a * angle.y;
  }
  __syncwarp();
}

/// Orthonormal Walsh-Hadamard transform of every block of `size` values (a power of two).
__device__ void hadamard(const HeadRow& row, int headDim, int size) {
  for (int step = 1; step < size; step *= 2) {
    for (int i = row.lane; i < headDim / 2; i += 32) {
      const int at = i / step * 2 * step + i % step;
      const float a = row.values[at], b = row.values[at + step];
      row.values[at] = a + b;
      row.values[at + step] = a - b;
    }
    __syncwarp();
  }
  const float scale = rsqrtf(static_cast<float>(size));
  for (int i = row.lane; i < headDim; i += 32) row.values[i] *= scale;
  __syncwarp();
}

__device__ int nearestCode(float value) {  // of kQ4Codebook; thresholds are the midpoints
  constexpr float kMiddle[15] = {-115.5f, -93.5f, -74.0f, -57.0f, -42.0f, -28.5f, -16.0f, -4.5f,
                                 7.0f,    19.0f,  31.5f,  45.5f,  61.0f,  79.0f,  101.0f};
  int code = 0;
#pragma unroll
  for (int i = 0; i < 15; ++i) code += value > kMiddle[i];
  return code;
}

/// The value of largest magnitude among the warp's lanes, with its sign.
__device__ float largest(float value) {
#pragma unroll
  for (int offset = 16; offset > 0; offset >>= 1) {
    const float other = __shfl_xor_sync(0xffffffffu, value, offset);
    if (fabsf(other) > fabsf(value) || (fabsf(other) == fabsf(value) && other > value)) value = other;
  }
  return value;
}

/// Writes a row into the cache at flattened position `at` (head · capacity + position).
__device__ void store(const HeadRow& row, void* cache, KvCacheFormat format, const KvLayout& layout, std::int64_t at) {
  const int headDim = layout.headDim;
  const std::int64_t first = at * headDim;
  if (format == KvCacheFormat::f32) {
    for (int i = row.lane; i < headDim; i += 32) static_cast<float*>(cache)[first + i] = row.values[i];
    return;
  }
  if (format == KvCacheFormat::f16) {
    for (int i = 2 * row.lane; i < headDim; i += 64)
      storeTwo(static_cast<__half*>(cache) + first + i, *reinterpret_cast<const float2*>(row.values + i));
    return;
  }
  __half* scales = reinterpret_cast<__half*>(static_cast<char*>(cache) + layout.scaleOffset) + at * layout.scaleCount;
  for (int block = 0; block < layout.scaleCount; ++block) {
    const int i = block * 32 + row.lane;
    const float value = i < headDim ? row.values[i] : 0.0f;
    const float top = largest(value);
    const __half scale =
        format == KvCacheFormat::q8 ? byteScale(__float_as_uint(fabsf(top))) : fromFloat<__half>(top / -127.0f);
    const float inverse = inverseScale(scale);
    if (row.lane == 0) scales[block] = scale;
    if (format == KvCacheFormat::q8) {
      if (i < headDim) static_cast<std::int8_t*>(cache)[first + i] = roundToByte(value, inverse);
      continue;
    }
    const int code = nearestCode(value * inverse), next = __shfl_down_sync(0xffffffffu, code, 1);
    if (i < headDim && row.lane % 2 == 0)
      static_cast<std::uint8_t*>(cache)[(first + i) / 2] = static_cast<std::uint8_t>(code | next << 4);
  }
}

template <typename T, typename Query>
__global__ void __launch_bounds__(kWarps * 32) rope_append_kernel(const RopeAppend step, const KvLayout layout) {
  extern __shared__ float shared[];
  const int heads = step.heads + 2 * step.kvHeads;
  const std::int64_t unit = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  const int token = static_cast<int>(unit / heads), head = static_cast<int>(unit % heads), headDim = step.headDim;
  if (token >= step.rows) return;
  T* qkv = static_cast<T*>(step.qkv) + static_cast<std::int64_t>(token) * heads * headDim + head * headDim;
  const HeadRow row{shared + threadIdx.x / 32 * headDim, static_cast<int>(threadIdx.x % 32)};
  for (int i = 2 * row.lane; i < headDim; i += 64) *reinterpret_cast<float2*>(row.values + i) = loadTwo(qkv + i);
  __syncwarp();
  const bool isQuery = head < step.heads, isKey = !isQuery && head < step.heads + step.kvHeads;
  const int kvHead = isKey ? head - step.heads : head - step.heads - step.kvHeads;
  const float* bias = isQuery ? step.queryBias : isKey ? step.keyBias : step.valueBias;
  if (bias) addBias(row, bias + (isQuery ? head : kvHead) * headDim, headDim);
  if (isQuery || isKey) {
    if (const float* weight = isQuery ? step.queryNorm : step.keyNorm) headNorm(row, weight, headDim, step.eps);
    rotate(row, step.angles + static_cast<std::int64_t>(token) * (headDim / 2), headDim / 2);
    if (step.cache.format == KvCacheFormat::q4) hadamard(row, headDim, hadamardSize(headDim));
  }
  if (!isQuery) {
    store(row, isKey ? step.cache.keys : step.cache.values, step.cache.format, layout,
          kvHead * layout.capacity + step.position + token);
    return;
  }
  Query* out = reinterpret_cast<Query*>(qkv);
  for (int i = 2 * row.lane; i < headDim; i += 64) storeTwo(out + i, *reinterpret_cast<const float2*>(row.values + i));
}
}  // namespace

cudaError_t rope_append(cudaStream_t stream, const RopeAppend& step) {
  if (step.headDim > kMostColumns) return cudaErrorInvalidValue;
  const KvLayout layout = kvLayout(step.cache.format, step.kvHeads, step.capacity, step.headDim);
  const std::int64_t units = static_cast<std::int64_t>(step.rows) * (step.heads + 2 * step.kvHeads);
  const unsigned blocks = static_cast<unsigned>((units + kWarps - 1) / kWarps);
  const std::size_t shared = static_cast<std::size_t>(kWarps) * step.headDim * sizeof(float);
  switch (step.element) {
    case Element::f32:
      rope_append_kernel<float, float><<<blocks, kWarps * 32, shared, stream>>>(step, layout);
      break;
    case Element::f16:
      rope_append_kernel<__half, __half><<<blocks, kWarps * 32, shared, stream>>>(step, layout);
      break;
    case Element::bf16:
      rope_append_kernel<__nv_bfloat16, __half><<<blocks, kWarps * 32, shared, stream>>>(step, layout);
      break;
  }
  return cudaGetLastError();
}

}  // namespace nibble::gpu

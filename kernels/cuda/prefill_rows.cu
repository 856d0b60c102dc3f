// Row-wise kernels of the prefill: RMSNorm, rotary angles, SwiGLU, bias, and the check for NaN. All are bound by
// memory: bytes moved are each input once and each output once.
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/element.cuh"
#include "kernels/cuda/prefill.h"

namespace nibble::gpu {

namespace {
constexpr int kThreads = 256;

__device__ float blockSum(float value) {
  __shared__ float parts[kThreads / 32];
  value = warpSum(value);
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kThreads / 32; ++i) sum += parts[i];
  return sum;
}

/// One block a row. x is read twice: the second time it comes from L1 or L2.
template <typename T>
__global__ void rms_norm_kernel(const float* __restrict__ x, const float* __restrict__ weight, T* __restrict__ out,
                                int width, float eps) {
  x += static_cast<std::int64_t>(blockIdx.x) * width;
  out += static_cast<std::int64_t>(blockIdx.x) * width;
  const bool whole = width % 8 == 0;
  const int vectors = whole ? width / 8 : 0;
  float sum = 0;
  for (int v = threadIdx.x; v < vectors; v += kThreads) {
    float lane[8];
    const float4* from = reinterpret_cast<const float4*>(x) + 2 * v;
    reinterpret_cast<float4*>(lane)[0] = from[0];
    reinterpret_cast<float4*>(lane)[1] = from[1];
#pragma unroll
    for (int i = 0; i < 8; ++i) sum += lane[i] * lane[i];
  }
  for (int i = vectors * 8 + threadIdx.x; i < width; i += kThreads) sum += x[i] * x[i];
  const float root = rsqrtf(blockSum(sum) / static_cast<float>(width) + eps);
  for (int v = threadIdx.x; v < vectors; v += kThreads) {
    float lane[8], gain[8];
    reinterpret_cast<float4*>(lane)[0] = reinterpret_cast<const float4*>(x)[2 * v];
    reinterpret_cast<float4*>(lane)[1] = reinterpret_cast<const float4*>(x)[2 * v + 1];
    reinterpret_cast<float4*>(gain)[0] = reinterpret_cast<const float4*>(weight)[2 * v];
    reinterpret_cast<float4*>(gain)[1] = reinterpret_cast<const float4*>(weight)[2 * v + 1];
#pragma unroll
    for (int i = 0; i < 8; ++i) lane[i] = lane[i] * root * gain[i];
    storeEight(out + 8 * v, lane);
  }
  for (int i = vectors * 8 + threadIdx.x; i < width; i += kThreads) out[i] = fromFloat<T>(x[i] * root * weight[i]);
}

__global__ void rope_angles_kernel(const float* __restrict__ inverse, float factor, std::int64_t position,
                                   float2* __restrict__ angles, int half) {
  const int i = threadIdx.x + blockIdx.y * blockDim.x;
  if (i >= half) return;
  const float angle = static_cast<float>(position + blockIdx.x) * inverse[i];
  float sine, cosine;
  sincosf(angle, &sine, &cosine);  // the exact one: angles reach the context's length
  angles[static_cast<std::int64_t>(blockIdx.x) * half + i] = make_float2(cosine * factor, sine * factor);
}

__device__ __forceinline__ float silu(float x) {
  return x / (1.0f + __expf(-x));
}

template <typename T>
__global__ void swiglu_kernel(T* __restrict__ a, const T* __restrict__ b, const float* __restrict__ aBias,
                              const float* __restrict__ bBias, std::int64_t count, int width) {
  const std::int64_t at = (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x) * 8;
  if (at >= count) return;
  const int column = static_cast<int>(at % width);
  if (width % 8 == 0) {
    float gate[8], up[8];
    loadEight(a + at, gate);
    loadEight(b + at, up);
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const float g = gate[i] + (aBias ? aBias[column + i] : 0.0f);
      gate[i] = silu(g) * (up[i] + (bBias ? bBias[column + i] : 0.0f));
    }
    storeEight(a + at, gate);
    return;
  }
  for (std::int64_t i = at; i < at + 8 && i < count; ++i) {
    const int j = static_cast<int>(i % width);
    const float g = toFloat(a[i]) + (aBias ? aBias[j] : 0.0f);
    a[i] = fromFloat<T>(silu(g) * (toFloat(b[i]) + (bBias ? bBias[j] : 0.0f)));
  }
}

__global__ void add_bias_kernel(float* __restrict__ x, const float* __restrict__ bias, std::int64_t count, int width) {
  const std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (at < count) x[at] += bias[at % width];
}

__global__ void check_finite_kernel(const float* __restrict__ values, std::int64_t count, int value, int* flag) {
  bool bad = false;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count;
       i += static_cast<std::int64_t>(gridDim.x) * kThreads)
    bad |= !isfinite(values[i]);
  if (__syncthreads_or(bad) && threadIdx.x == 0) atomicMin(flag, value);
}

unsigned blocksFor(std::int64_t count) {
  return static_cast<unsigned>((count + kThreads - 1) / kThreads);
}
}  // namespace

cudaError_t rms_norm_rows(cudaStream_t stream, const float* x, const float* weight, void* out, Element element,
                          int rows, int width, float eps) {
  switch (element) {
    case Element::f32:
      rms_norm_kernel<<<rows, kThreads, 0, stream>>>(x, weight, static_cast<float*>(out), width, eps);
      break;
    case Element::f16:
      rms_norm_kernel<<<rows, kThreads, 0, stream>>>(x, weight, static_cast<__half*>(out), width, eps);
      break;
    case Element::bf16:
      rms_norm_kernel<<<rows, kThreads, 0, stream>>>(x, weight, static_cast<__nv_bfloat16*>(out), width, eps);
      break;
  }
  return cudaGetLastError();
}

cudaError_t rope_angles(cudaStream_t stream, const float* inverse, float factor, std::int64_t position, float2* angles,
                        int rows, int half) {
  const dim3 grid(rows, (half + 63) / 64);
  rope_angles_kernel<<<grid, 64, 0, stream>>>(inverse, factor, position, angles, half);
  return cudaGetLastError();
}

cudaError_t swiglu_rows(cudaStream_t stream, void* a, const void* b, const float* aBias, const float* bBias,
                        Element element, int rows, int width) {
  const std::int64_t count = static_cast<std::int64_t>(rows) * width;
  const unsigned blocks = blocksFor((count + 7) / 8);
  switch (element) {
    case Element::f32:
      swiglu_kernel<<<blocks, kThreads, 0, stream>>>(static_cast<float*>(a), static_cast<const float*>(b), aBias, bBias,
                                                     count, width);
      break;
    case Element::f16:
      swiglu_kernel<<<blocks, kThreads, 0, stream>>>(static_cast<__half*>(a), static_cast<const __half*>(b), aBias,
                                                     bBias, count, width);
      break;
    case Element::bf16:
      swiglu_kernel<<<blocks, kThreads, 0, stream>>>(static_cast<__nv_bfloat16*>(a),
                                                     static_cast<const __nv_bfloat16*>(b), aBias, bBias, count, width);
      break;
  }
  return cudaGetLastError();
}

cudaError_t add_bias_rows(cudaStream_t stream, float* x, const float* bias, int rows, int width) {
  const std::int64_t count = static_cast<std::int64_t>(rows) * width;
  add_bias_kernel<<<blocksFor(count), kThreads, 0, stream>>>(x, bias, count, width);
  return cudaGetLastError();
}

cudaError_t check_finite(cudaStream_t stream, const float* values, std::int64_t count, int value, int* flag) {
  const unsigned blocks = blocksFor(count) < 1024 ? blocksFor(count) : 1024;
  check_finite_kernel<<<blocks, kThreads, 0, stream>>>(values, count, value, flag);
  return cudaGetLastError();
}

}  // namespace nibble::gpu

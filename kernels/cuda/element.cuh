// Conversions between fp32 and the compute type (half, bf16, float), scalar and in vectors of eight, shared by the
// prefill kernels.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

namespace nibble::gpu {

constexpr float kHalfMax = 65504.0f;

/// Rounds to T. fp16 saturates at ±65504 (a product that overflows fp16 must not become Inf); NaN stays NaN.
template <typename T>
__device__ __forceinline__ T fromFloat(float value);
template <>
__device__ __forceinline__ float fromFloat<float>(float value) {
  return value;
}
template <>
__device__ __forceinline__ __half fromFloat<__half>(float value) {
  if (value > kHalfMax) value = kHalfMax;
  if (value < -kHalfMax) value = -kHalfMax;
  return __float2half_rn(value);
}
template <>
__device__ __forceinline__ __nv_bfloat16 fromFloat<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

__device__ __forceinline__ float toFloat(float value) {
  return value;
}
__device__ __forceinline__ float toFloat(__half value) {
  return __half2float(value);
}
__device__ __forceinline__ float toFloat(__nv_bfloat16 value) {
  return __bfloat162float(value);
}

/// Eight elements moved as one (16-bit types) or two (fp32) 16-byte accesses. The address must be aligned to their
/// size.
template <typename T>
struct alignas(sizeof(T) == 2 ? 16 : 16) Eight {
  T element[8];
};

template <typename T>
__device__ __forceinline__ void loadEight(const T* from, float (&to)[8]) {
  const Eight<T> packed = *reinterpret_cast<const Eight<T>*>(from);
#pragma unroll
  for (int i = 0; i < 8; ++i) to[i] = toFloat(packed.element[i]);
}

template <typename T>
__device__ __forceinline__ void storeEight(T* to, const float (&from)[8]) {
  Eight<T> packed;
#pragma unroll
  for (int i = 0; i < 8; ++i) packed.element[i] = fromFloat<T>(from[i]);
  *reinterpret_cast<Eight<T>*>(to) = packed;
}

/// Two neighbouring elements at an even index.
template <typename T>
struct alignas(2 * sizeof(T)) Two {
  T element[2];
};

template <typename T>
__device__ __forceinline__ float2 loadTwo(const T* from) {
  const Two<T> pair = *reinterpret_cast<const Two<T>*>(from);
  return make_float2(toFloat(pair.element[0]), toFloat(pair.element[1]));
}

template <typename T>
__device__ __forceinline__ void storeTwo(T* to, float2 values) {
  *reinterpret_cast<Two<T>*>(to) = Two<T>{{fromFloat<T>(values.x), fromFloat<T>(values.y)}};
}

}  // namespace nibble::gpu

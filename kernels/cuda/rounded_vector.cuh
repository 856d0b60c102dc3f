// A vector as products on tensor cores take it, left in global memory by the kernel that computes it: integers of 8
// bits with a scale per 32 columns. For a product behind an RMSNorm the norm's gain is multiplied in; its root is left
// to the reader, who adds up the groups' sums of squares. One allocation: [bytes][scales][sums of squares]. Or by
// halves of a group, with a scale each and no sums, which the reader brings together: [bytes][scales].
#pragma once
#include <cuda_runtime.h>

#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/quantize_input.cuh"
#include "kernels/cuda/rounded_vector.h"

namespace nibble {
namespace gpu {

/// A group's scale and the rounding to it.
struct ByteRounding {
  float scale, inverse;
  __device__ __forceinline__ std::uint32_t byteOf(float v) const {
    return __float_as_uint(roundToBits(v, inverse)) & 255;
  }
};
/// `largest`: bits of the largest magnitude; those of a NaN are larger than any other's, so it becomes the scale.
__device__ __forceinline__ ByteRounding byteRounding(std::uint32_t largest) {
  const float top = __uint_as_float(largest);
  return {top * (1.0f / kByteLimit), roundingInverse(top, kByteLimit)};
}

__device__ __forceinline__ float* roundedScales(std::uint8_t* vector, int columns) {
  return reinterpret_cast<float*>(vector + columns);
}
__device__ __forceinline__ float* roundedSquares(std::uint8_t* vector, int columns) {
  return reinterpret_cast<float*>(vector + columns) + columns / kRoundedGroup;
}

/// Group number `group` of the vector: a column a lane.
__device__ __forceinline__ void storeRoundedGroup(std::uint8_t* vector, int columns, int group, float value,
                                                  float gain) {
  const int lane = threadIdx.x & 31;
  const float v = value * gain;
  const std::uint32_t largest = warpMax(__float_as_uint(fabsf(v)));
  const ByteRounding rounding = byteRounding(largest);
  vector[group * kRoundedGroup + lane] = static_cast<std::uint8_t>(rounding.byteOf(v));
  const float squares = warpSum(value * value);
  if (lane != 0) return;
  roundedScales(vector, columns)[group] = rounding.scale;
  roundedSquares(vector, columns)[group] = squares;
}

/// Two neighbouring halves of groups: a column a lane, `inside` the vector or not (all lanes of a half alike).
__device__ __forceinline__ void storeRoundedHalves(std::uint8_t* vector, int columns, int column, float value,
                                                   bool inside) {
  std::uint32_t largest = __float_as_uint(fabsf(value));
#pragma unroll
  for (int mask = 1; mask < kRoundedHalf; mask <<= 1)
    largest = max(largest, __shfl_xor_sync(0xffffffffu, largest, mask));
  const ByteRounding rounding = byteRounding(largest);
  if (!inside) return;
  vector[column] = static_cast<std::uint8_t>(rounding.byteOf(value));
  if (column % kRoundedHalf == 0) roundedScales(vector, columns)[column / kRoundedHalf] = rounding.scale;
}

/// Four neighbouring columns a lane from `column` on, eight lanes a group; no sums of squares. All lanes of the warp;
/// those of a group are `inside` the vector or not.
__device__ __forceinline__ void storeRoundedColumns(std::uint8_t* vector, int columns, int column, const float (&v)[4],
                                                    bool inside) {
  std::uint32_t largest = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) largest = max(largest, __float_as_uint(fabsf(v[i])));
#pragma unroll
  for (int mask = 1; mask < kRoundedGroup / 4; mask <<= 1)
    largest = max(largest, __shfl_xor_sync(0xffffffffu, largest, mask));
  const ByteRounding rounding = byteRounding(largest);
  if (!inside) return;
  std::uint32_t bytes = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) bytes |= rounding.byteOf(v[i]) << (8 * i);
  *reinterpret_cast<std::uint32_t*>(vector + column) = bytes;
  if (column % kRoundedGroup == 0) roundedScales(vector, columns)[column / kRoundedGroup] = rounding.scale;
}

/// Σx² of the whole vector. One warp.
__device__ __forceinline__ float sumRoundedSquares(const std::uint8_t* vector, int columns) {
  const float* squares = roundedSquares(const_cast<std::uint8_t*>(vector), columns);
  float sum = 0;
  for (int i = threadIdx.x & 31; i < columns / kRoundedGroup; i += 32) sum += __ldcg(squares + i);
  return warpSum(sum);
}

}  // namespace gpu
}  // namespace nibble

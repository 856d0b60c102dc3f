// One position of one KV head: norm, rope and rotation of a row in shared memory by one warp, rounding into the cache,
// and reading a value back, also as halves for tensor cores. Prefill appends by itself, with the same scales and
// rounding.
#pragma once
#include <cuda_fp16.h>

#include "kernels/blocks.h"
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/device_layout.h"

namespace nibble {
namespace gpu {

/// out (head_dim, shared) = rope(norm(raw)). `norm` null: no norm; `rope` null: no rope. One warp.
__device__ inline void prepareHead(const float* raw, const float* norm, float eps, const float* rope, int headDim,
                                   float* out) {
  const int lane = threadIdx.x & 31;
  const int half = headDim / 2;
  float root = 1.0f;
  if (norm) {
    float squares = 0;
    for (int i = lane; i < headDim; i += 32) squares = fmaf(raw[i], raw[i], squares);
    root = rsqrtf(warpSum(squares) / static_cast<float>(headDim) + eps);
  }
  for (int i = lane; i < half; i += 32) {
    float a = raw[i] * root, b = raw[i + half] * root;
    if (norm) {
      a *= norm[i];
      b *= norm[i + half];
    }
    const float c = rope ? rope[i] : 1.0f, s = rope ? rope[half + i] : 0.0f;
    out[i] = a * c - b * s;
    out[i + half] = b * c + a * s;
  }
  __syncwarp();
}

/// Orthonormal Walsh-Hadamard transform in place, in blocks of hadamardSize(headDim). One warp.
__device__ inline void rotateHead(float* row, int headDim) {
  const int lane = threadIdx.x & 31;
  const int size = hadamardSize(headDim);
  for (int stride = 1; stride < size; stride <<= 1) {
    for (int i = lane; i < headDim / 2; i += 32) {
      const int at = 2 * i - (i & (stride - 1));
      const float a = row[at], b = row[at + stride];
      row[at] = a + b;
      row[at + stride] = a - b;
    }
    __syncwarp();
  }
  const float scale = rsqrtf(static_cast<float>(size));
  for (int i = lane; i < headDim; i += 32) row[i] *= scale;
  __syncwarp();
}

/// Nearest code of kQ4Codebook for a value already divided by the scale.
__device__ inline int nearestQ4(float v) {
  constexpr std::int8_t codes[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  int best = 0;
#pragma unroll
  for (int i = 0; i < 15; ++i) best += v > 0.5f * static_cast<float>(codes[i] + codes[i + 1]);
  return best;
}

/// The scale of a block of the 8-bit cache from the bits of its largest magnitude, what divides by it, and a value as a
/// byte.
__device__ __forceinline__ __half byteScale(std::uint32_t largest) {
  return __float2half_rn(__uint_as_float(largest) * (1.0f / 127.0f));
}
__device__ __forceinline__ float inverseScale(__half scale) {
  const float used = __half2float(scale);
  return used != 0.0f ? __fdividef(1.0f, used) : 0.0f;
}
__device__ __forceinline__ std::int8_t roundToByte(float value, float inverse) {
  return static_cast<std::int8_t>(max(-127, min(127, __float2int_rn(value * inverse))));
}

/// Rounds a prepared row into the cache at `index` = head · capacity + position. One warp; `store` is K's or V's start.
__device__ inline void storeRow(void* store, const KvLayout& layout, KvCacheFormat format, std::int64_t index,
                                const float* row) {
  const int lane = threadIdx.x & 31;
  const int headDim = layout.headDim;
  std::uint8_t* base = static_cast<std::uint8_t*>(store);
  if (format == KvCacheFormat::f32) {
    for (int i = lane; i < headDim; i += 32) reinterpret_cast<float*>(base)[index * headDim + i] = row[i];
    return;
  }
  if (format == KvCacheFormat::f16) {
    for (int i = lane; i < headDim; i += 32)
      reinterpret_cast<__half*>(base)[index * headDim + i] = __float2half_rn(row[i]);
    return;
  }
  __half* scales = reinterpret_cast<__half*>(base + layout.scaleOffset) + index * layout.scaleCount;
  for (int block = 0; block < layout.scaleCount; ++block) {
    const int i = block * 32 + lane;
    const float v = i < headDim ? row[i] : 0.0f;
    const std::uint32_t top = warpMax(__float_as_uint(fabsf(v)));
    const unsigned holders = __ballot_sync(0xffffffffu, __float_as_uint(fabsf(v)) == top);
    const float extreme = __shfl_sync(0xffffffffu, v, __ffs(holders) - 1);
    const bool four = format == KvCacheFormat::q4;
    const __half scale = four ? __float2half_rn(extreme / -127.0f) : byteScale(top);
    const float inverse = inverseScale(scale);
    if (lane == 0) scales[block] = scale;
    if (four) {
      const int code = nearestQ4(v * inverse);
      const int pair = code | __shfl_down_sync(0xffffffffu, code, 1) << 4;
      if (i < headDim && lane % 2 == 0) base[(index * headDim + i) >> 1] = static_cast<std::uint8_t>(pair);
    } else if (i < headDim) {
      reinterpret_cast<std::int8_t*>(base)[index * headDim + i] = roundToByte(v, inverse);
    }
  }
}

/// Two bytes (biased by 128) in bytes 0 and 2 of `bytes` → two halves times `scale`.
__device__ __forceinline__ std::uint32_t bytesToHalves(std::uint32_t bytes, __half2 scale) {
  const __half2 bias = __floats2half2_rn(1152.0f, 1152.0f);
  const __half2 h = __hmul2(__hsub2(*reinterpret_cast<const __half2*>(&bytes), bias), scale);
  return *reinterpret_cast<const std::uint32_t*>(&h);
}

/// Four bytes, biased by 128, as halves times `scale`.
__device__ __forceinline__ uint2 widenFour(std::uint32_t bytes, __half2 scale) {
  return make_uint2(bytesToHalves(__byte_perm(bytes, 0x64646464u, 0x4140), scale),
                    bytesToHalves(__byte_perm(bytes, 0x64646464u, 0x4342), scale));
}

/// Four nibbles → four codes of kQ4Codebook, each plus 128.
__device__ __forceinline__ std::uint32_t codesOfNibbles(std::uint32_t nibbles) {
  constexpr std::uint32_t t0 = 1u | 24u << 8 | 45u << 16 | 63u << 24, t1 = 79u | 93u << 8 | 106u << 16 | 118u << 24;
  constexpr std::uint32_t t2 = 129u | 141u << 8 | 153u << 16 | 166u << 24,
                          t3 = 181u | 197u << 8 | 217u << 16 | 241u << 24;
  const std::uint32_t low = nibbles & 0x7777u;
  return __byte_perm(__byte_perm(t0, t1, low), __byte_perm(t2, t3, low), ((nibbles >> 1) & 0x4444u) | 0x3210u);
}

/// One value of the cache as fp32.
__device__ inline float kvElement(const void* store, const KvLayout& layout, KvCacheFormat format, std::int64_t index,
                                  int i) {
  constexpr std::int8_t codes[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  const std::uint8_t* base = static_cast<const std::uint8_t*>(store);
  const std::int64_t at = index * layout.headDim + i;
  if (format == KvCacheFormat::f32) return reinterpret_cast<const float*>(base)[at];
  if (format == KvCacheFormat::f16) return __half2float(reinterpret_cast<const __half*>(base)[at]);
  const float scale =
      __half2float(reinterpret_cast<const __half*>(base + layout.scaleOffset)[index * layout.scaleCount + (i >> 5)]);
  if (format == KvCacheFormat::q8) return static_cast<float>(reinterpret_cast<const std::int8_t*>(base)[at]) * scale;
  return static_cast<float>(codes[(base[at >> 1] >> ((at & 1) * 4)) & 15]) * scale;
}

}  // namespace gpu
}  // namespace nibble

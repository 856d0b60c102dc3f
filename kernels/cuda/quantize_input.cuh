// Activations as integers with a scale per 32: the rounding (rounded_vector.cuh has it too), all of x into shared
// memory; and folding of per-thread sums over a warp. What the fast products share. x is read past L1, since another
// multiprocessor has just written it.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace nibble {
namespace gpu {

/// max(|a|, |b|), or NaN if one of them is: so a NaN becomes the scale instead of vanishing.
__device__ __forceinline__ float largerMagnitude(float a, float b) {
#if __CUDA_ARCH__ >= 800
  float larger;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(larger) : "f"(fabsf(a)), "f"(fabsf(b)));
  return larger;
#else
  return __uint_as_float(max(__float_as_uint(fabsf(a)), __float_as_uint(fabsf(b))));
#endif
}

constexpr float kByteLimit = 127.0f, kWideLimit = 32767.0f;  ///< the largest integer of 8 and of 16 bits

/// What values are multiplied with to be rounded, if the largest of them is to become `limit`.
__device__ __forceinline__ float roundingInverse(float largest, float limit) {
  return largest == 0 ? 0.0f : __fdividef(limit, largest);
}
/// A float with the rounded value in its low bits: 1.5 · 2²³ leaves it there.
__device__ __forceinline__ float roundToBits(float v, float inverse) {
  return fmaf(v, inverse, 12582912.0f);
}

/// Four integers (bits of rounded floats) as the bytes of a word: byte `Byte` of each.
template <int Byte>
__device__ __forceinline__ std::uint32_t packBytes(const float* v) {
  constexpr unsigned kPair = Byte | (4 + Byte) << 4;
  return __byte_perm(__byte_perm(__float_as_uint(v[0]), __float_as_uint(v[1]), kPair),
                     __byte_perm(__float_as_uint(v[2]), __float_as_uint(v[3]), kPair), 0x5410);
}

/// Eight values of a block of 32 (four neighbouring lanes) as integers; lane 0 of the four writes the scale.
template <bool Wide>
__device__ __forceinline__ void quantizeOctet(float (&v)[8], int octet, bool inside, std::uint32_t* high,
                                              std::uint32_t* low, float* scales) {
  float largest = fabsf(v[0]);
#pragma unroll
  for (int i = 1; i < 8; ++i) largest = largerMagnitude(largest, v[i]);
  largest = largerMagnitude(largest, __shfl_xor_sync(0xffffffffu, largest, 1));
  largest = largerMagnitude(largest, __shfl_xor_sync(0xffffffffu, largest, 2));
  if (!inside) return;
  constexpr float limit = Wide ? kWideLimit : kByteLimit;
  const float inverse = roundingInverse(largest, limit);
#pragma unroll
  for (int i = 0; i < 8; ++i) v[i] = roundToBits(v[i], inverse);
  constexpr int kTop = Wide ? 1 : 0;
  *reinterpret_cast<uint2*>(high + 2 * octet) = make_uint2(packBytes<kTop>(v), packBytes<kTop>(v + 4));
  if (Wide) *reinterpret_cast<uint2*>(low + 2 * octet) = make_uint2(packBytes<0>(v), packBytes<0>(v + 4));
  if (octet % 4 == 0) scales[octet / 4] = largest * (1.0f / limit);
}

/// x · gain into shared memory as integers, by the block's first `threads` threads; returns this thread's share of Σx².
/// Columns are a multiple of 32.
template <bool Wide>
__device__ __forceinline__ float quantizeInput(const float* x, const float* weights, int columns, int threads,
                                               std::uint32_t* high, std::uint32_t* low, float* scales) {
  constexpr int kBatch = 2;  // octets that a thread asks for before it looks at the first
  const int octets = columns / 8;
  const float4* input = reinterpret_cast<const float4*>(x);
  const float4* gain = reinterpret_cast<const float4*>(weights);
  float squares = 0;
#pragma unroll 1
  for (int first = threadIdx.x; (first & ~31) < octets; first += kBatch * threads) {  // whole warps: they shuffle
    float4 v[kBatch][2] = {}, g[kBatch][2] = {};
#pragma unroll
    for (int i = 0; i < kBatch; ++i) {
      const int octet = first + i * threads;
      if (octet >= octets) continue;
      v[i][0] = __ldcg(input + 2 * octet);
      v[i][1] = __ldcg(input + 2 * octet + 1);
      if (!gain) continue;
      g[i][0] = gain[2 * octet];
      g[i][1] = gain[2 * octet + 1];
    }
#pragma unroll
    for (int i = 0; i < kBatch; ++i) {
      const int octet = first + i * threads;
      if ((octet & ~31) >= octets) break;
      float x8[8] = {v[i][0].x, v[i][0].y, v[i][0].z, v[i][0].w, v[i][1].x, v[i][1].y, v[i][1].z, v[i][1].w};
      if (gain) {
        const float g8[8] = {g[i][0].x, g[i][0].y, g[i][0].z, g[i][0].w, g[i][1].x, g[i][1].y, g[i][1].z, g[i][1].w};
#pragma unroll
        for (int j = 0; j < 8; ++j) {
          squares = fmaf(x8[j], x8[j], squares);
          x8[j] *= g8[j];
        }
      }
      quantizeOctet<Wide>(x8, octet, octet < octets, high, low, scales);
    }
  }
  return squares;
}

/// Sums `Rows` values over the warp at once; lane l ends with row rowOfLane<Rows>(l).
template <int Rows>
__device__ __forceinline__ float foldRows(const float (&v)[Rows]) {
  const int lane = threadIdx.x & 31;
  float sum;
  int mask = 16;
  if (Rows == 4) {
    const bool upper = lane & 16, odd = lane & 8;
    float a = upper ? v[Rows > 2 ? 2 : 0] : v[0], b = upper ? v[Rows > 2 ? 3 : 0] : v[Rows > 1 ? 1 : 0];
    a += __shfl_xor_sync(0xffffffffu, upper ? v[0] : v[Rows > 2 ? 2 : 0], 16);
    b += __shfl_xor_sync(0xffffffffu, upper ? v[Rows > 1 ? 1 : 0] : v[Rows > 2 ? 3 : 0], 16);
    sum = odd ? b : a;
    sum += __shfl_xor_sync(0xffffffffu, odd ? a : b, 8);
    mask = 4;
  } else if (Rows == 2) {
    const bool upper = lane & 16;
    sum = upper ? v[Rows > 1 ? 1 : 0] : v[0];
    sum += __shfl_xor_sync(0xffffffffu, upper ? v[0] : v[Rows > 1 ? 1 : 0], 16);
    mask = 8;
  } else {
    sum = v[0];
  }
#pragma unroll
  for (int m = 16; m > 0; m >>= 1)
    if (m <= mask) sum += __shfl_xor_sync(0xffffffffu, sum, m);
  return sum;
}
template <int Rows>
__device__ __forceinline__ int rowOfLane(int lane) {
  return Rows == 4 ? (lane >> 4) * 2 + ((lane >> 3) & 1) : Rows == 2 ? lane >> 4 : 0;
}

}  // namespace gpu
}  // namespace nibble

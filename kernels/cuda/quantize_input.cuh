// Activations as integers with a scale per 32 in shared memory, and folding of per-thread sums over a warp: what the
// fast products share. x is read past L1, since another multiprocessor has just written it.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace nibble {
namespace gpu {

__device__ __forceinline__ std::uint32_t absoluteBits(float v) {
  return __float_as_uint(v) & 0x7fffffffu;
}

/// Four values of a block of 32 (eight neighbouring lanes) as integers; lane 0 of the eight writes the scale.
template <bool Wide>
__device__ __forceinline__ void quantizeWord(float4 v, int word, bool inside, std::uint32_t* high, std::uint32_t* low,
                                             float* scales) {
  // Bits of |x| order like the values and put NaN above all, so a NaN becomes the scale instead of vanishing.
  std::uint32_t top = max(max(absoluteBits(v.x), absoluteBits(v.y)), max(absoluteBits(v.z), absoluteBits(v.w)));
#pragma unroll
  for (int mask = 4; mask > 0; mask >>= 1) top = max(top, __shfl_xor_sync(0xffffffffu, top, mask));
  if (!inside) return;
  const float limit = Wide ? 32767.0f : 127.0f;
  const float largest = __uint_as_float(top);
  const float inverse = largest > 0 ? __fdividef(limit, largest) : 0.0f;
  const int a = __float2int_rn(v.x * inverse), b = __float2int_rn(v.y * inverse);
  const int c = __float2int_rn(v.z * inverse), d = __float2int_rn(v.w * inverse);
  if (Wide) {
    high[word] = __byte_perm(__byte_perm(a, b, 0x0051), __byte_perm(c, d, 0x0051), 0x5410);
    low[word] = __byte_perm(__byte_perm(a, b, 0x0040), __byte_perm(c, d, 0x0040), 0x5410);
  } else {
    high[word] = __byte_perm(__byte_perm(a, b, 0x0040), __byte_perm(c, d, 0x0040), 0x5410);
  }
  if (word % 8 == 0) scales[word / 8] = largest * (1.0f / limit);
}

/// x · gain into shared memory as integers; returns this thread's share of Σx². Columns are a multiple of 32.
template <bool Wide>
__device__ __forceinline__ float quantizeInput(const float* x, const float* weights, int columns, std::uint32_t* high,
                                               std::uint32_t* low, float* scales) {
  const int words = columns / 4;
  const float4* input = reinterpret_cast<const float4*>(x);
  const float4* gain = reinterpret_cast<const float4*>(weights);
  float squares = 0;
  const int blockWords = static_cast<int>(blockDim.x);
  for (int word = threadIdx.x; (word & ~31) < words; word += 2 * blockWords) {  // whole warps: they shuffle
    const int other = word + blockWords;
    const bool here = word < words, there = other < words;
    float4 v = make_float4(0, 0, 0, 0), w = v;
    if (here) v = __ldcg(input + word);
    if (there) w = __ldcg(input + other);
    if (gain) {
      float4 g = make_float4(0, 0, 0, 0), h = g;
      if (here) g = gain[word];
      if (there) h = gain[other];
      squares += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
      squares += w.x * w.x + w.y * w.y + w.z * w.z + w.w * w.w;
      v = make_float4(v.x * g.x, v.y * g.y, v.z * g.z, v.w * g.w);
      w = make_float4(w.x * h.x, w.y * h.y, w.z * h.z, w.w * h.w);
    }
    quantizeWord<Wide>(v, word, here, high, low, scales);
    if ((other & ~31) < words) quantizeWord<Wide>(w, other, there, high, low, scales);
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

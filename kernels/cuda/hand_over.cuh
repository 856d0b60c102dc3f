// How running launches and their blocks hand vectors to each other: a value is its own flag. The receiver reads until
// the bits are no longer kNotYet: no counter, no barrier, no end of a launch between them. There are two sets of
// vectors (handedVectors), for even and odd layers; a span marks the set of the next one kNotYet, when nobody reads it
// any more.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace nibble {
namespace gpu {

constexpr std::uint32_t kNotYet = 0xffffffffu;  ///< bits of a value that has not been handed over yet (a NaN)

__device__ __forceinline__ float4 loadHanded(const float* at) {
  float4 v;
  asm volatile("ld.relaxed.gpu.global.v4.f32 {%0,%1,%2,%3}, [%4];"
               : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w)
               : "l"(at)
               : "memory");
  return v;
}
__device__ __forceinline__ void handOver(float* at, float v) {
  // A NaN of the computation must not look like a value that has not come.
  if (__float_as_uint(v) == kNotYet) v = __uint_as_float(0x7fffffffu);
  asm volatile("st.relaxed.gpu.global.f32 [%0], %1;" ::"l"(at), "f"(v) : "memory");
}
__device__ __forceinline__ bool notYet(const float4& v) {
  return __float_as_uint(v.x) == kNotYet || __float_as_uint(v.y) == kNotYet || __float_as_uint(v.z) == kNotYet ||
         __float_as_uint(v.w) == kNotYet;
}

}  // namespace gpu
}  // namespace nibble

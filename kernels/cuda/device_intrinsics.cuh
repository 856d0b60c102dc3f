// The few instructions that CUDA C++ has no portable name for: dependent launch, release and acquire, prefetch, copies
// into shared memory, dp4a with mixed signs, int8 on tensor cores, 2^x, the warp's maximum and sum. Each falls back to
// nothing or to plain code below the capability that has it.
#pragma once
#include <cuda_fp16.h>

#include <cstdint>

namespace nibble {
namespace gpu {

/// Lets the next kernel of the stream start; it may not touch what this one writes before waitForPrevious().
__device__ __forceinline__ void allowNext() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/// Returns once every kernel before this one has finished and its writes are visible.
__device__ __forceinline__ void waitForPrevious() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/// Adds to a word in global memory after everything that this thread, and those it has met at a barrier, wrote before;
/// returns what the word was.
__device__ __forceinline__ std::uint32_t fetchAddRelease(std::uint32_t* address, std::uint32_t value) {
  std::uint32_t before;
  asm volatile("atom.release.gpu.global.add.u32 %0, [%1], %2;"
               : "=r"(before)
               : "l"(address), "r"(value)
               : "memory");
  return before;
}
/// A word of global memory; what was written before the fetchAddRelease() that it shows is visible afterwards.
__device__ __forceinline__ std::uint32_t loadAcquire(const std::uint32_t* address) {
  std::uint32_t value;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(address) : "memory");
  return value;
}

/// One line into L2.
__device__ __forceinline__ void prefetchLine(const void* address) {
  asm volatile("prefetch.global.L2 [%0];" ::"l"(address));
}

/// An address in shared memory as the copies below take it.
__device__ __forceinline__ std::uint32_t sharedAddress(const void* shared) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
}

/// Starts a copy of 16 or 4 bytes into shared memory that bypasses registers (8.0+; a plain copy before), if `wanted`.
__device__ __forceinline__ void copyAsync16(std::uint32_t shared, const void* global, bool wanted) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "{ .reg .pred p; setp.ne.u32 p, %2, 0; @p cp.async.cg.shared.global.L2::128B [%0], [%1], 16; }" ::"r"(shared),
      "l"(global), "r"(static_cast<std::uint32_t>(wanted))
      : "memory");
#else
  if (wanted) {
    const uint4 v = *static_cast<const uint4*>(global);
    asm volatile("st.shared.v4.u32 [%0], {%1,%2,%3,%4};" ::"r"(shared), "r"(v.x), "r"(v.y), "r"(v.z), "r"(v.w)
                 : "memory");
  }
#endif
}
/// The same, or zeros where nothing is `wanted`, or nothing at all if not `done`.
__device__ __forceinline__ void copyAsync16OrZero(std::uint32_t shared, const void* global, bool wanted, bool done) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "{ .reg .pred p; setp.ne.u32 p, %3, 0; @p cp.async.cg.shared.global [%0], [%1], 16, %2; }" ::"r"(shared),
      "l"(global), "r"(wanted ? 16 : 0), "r"(static_cast<std::uint32_t>(done))
      : "memory");
#else
  (void)shared, (void)global, (void)wanted, (void)done;
#endif
}
__device__ __forceinline__ void copyAsync4(std::uint32_t shared, const void* global, bool wanted) {
#if __CUDA_ARCH__ >= 800
  asm volatile("{ .reg .pred p; setp.ne.u32 p, %2, 0; @p cp.async.ca.shared.global [%0], [%1], 4; }" ::"r"(shared),
               "l"(global), "r"(static_cast<std::uint32_t>(wanted))
               : "memory");
#else
  if (wanted)
    asm volatile("st.shared.u32 [%0], %1;" ::"r"(shared), "r"(*static_cast<const std::uint32_t*>(global)) : "memory");
#endif
}

__device__ __forceinline__ uint4 loadShared16(std::uint32_t shared) {
  uint4 v;
  asm volatile("ld.shared.v4.u32 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "r"(shared)
               : "memory");
  return v;
}
__device__ __forceinline__ std::uint32_t loadShared4(std::uint32_t shared) {
  std::uint32_t v;
  asm volatile("ld.shared.u32 %0, [%1];" : "=r"(v) : "r"(shared) : "memory");
  return v;
}

/// Hides from the first half of the compiler what a value is made of, so that it is not computed anew at every use.
/// (The second half, ptxas, still remakes plain constants.)
__device__ __forceinline__ std::uint32_t kept(std::uint32_t value) {
  asm volatile("mov.b32 %0, %1;" : "=r"(value) : "r"(value));
  return value;
}

/// A constant that must stay in a register of the lane: by way of the neighbour lane, which no half of the compiler sees
/// through. (A plain constant is made anew at every use, one that is the same in the whole warp is moved there from a
/// uniform register.) All lanes must call it.
__device__ __forceinline__ std::uint32_t heldConstant(std::uint32_t value) {
  const std::uint32_t odd = threadIdx.x & 1;
  return __shfl_xor_sync(0xffffffffu, value + odd, 1) - (odd ^ 1);
}

/// Closes a group of copies; copiesLeft<n>() returns when at most n groups of this thread are still under way.
__device__ __forceinline__ void closeCopies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
template <int Groups>
__device__ __forceinline__ void copiesLeft() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(Groups) : "memory");
#endif
}

__device__ __forceinline__ int dotSigned(std::uint32_t a, std::uint32_t b, int c) {
  return __dp4a(static_cast<int>(a), static_cast<int>(b), c);
}

/// a: four int8, b: four uint8.
__device__ __forceinline__ int dotSignedUnsigned(std::uint32_t a, std::uint32_t b, int c) {
  int d;
  asm("dp4a.s32.u32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
  return d;
}

/// d += A · B of int8: A (16, 32) by rows, B (32, 8) by columns, as the instruction spreads them over the warp (8.0+).
__device__ __forceinline__ void mma16832(int (&d)[4], std::uint32_t a0, std::uint32_t a1, std::uint32_t a2,
                                         std::uint32_t a3, std::uint32_t b0, std::uint32_t b1) {
#if __CUDA_ARCH__ >= 800
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
#else
  (void)d, (void)a0, (void)a1, (void)a2, (void)a3, (void)b0, (void)b1;
#endif
}

/// 2^value; 0 where that would be subnormal.
__device__ __forceinline__ float fastExp2(float value) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(value));
  return result;
}

/// The largest of the warp's values.
__device__ __forceinline__ std::uint32_t warpMax(std::uint32_t v) {
#if __CUDA_ARCH__ >= 800
  return __reduce_max_sync(0xffffffffu, v);
#else
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) v = max(v, __shfl_xor_sync(0xffffffffu, v, mask));
  return v;
#endif
}

__device__ __forceinline__ float warpSum(float v) {
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) v += __shfl_xor_sync(0xffffffffu, v, mask);
  return v;
}

}  // namespace gpu
}  // namespace nibble

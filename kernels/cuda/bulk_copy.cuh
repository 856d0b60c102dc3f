// The bulk copy engine (9.0+): one thread asks for kilobytes, an mbarrier in shared memory tells when they have come.
// Below 9.0 nothing of this exists; kernels that use it are not launched there.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda/device_intrinsics.cuh"

namespace nibble {
namespace gpu {

/// A barrier that `arrivals` threads arrive at; it must be made, and barriersReady() called, before its first use.
__device__ __forceinline__ void initBarrier(std::uint32_t barrier, int arrivals) {
#if __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
#endif
}
/// The same for one thread, in fewer instructions.
__device__ __forceinline__ void initBarrierForOne(std::uint32_t barrier) {
#if __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(barrier) : "memory");
#endif
}
__device__ __forceinline__ void barriersReady() {
#if __CUDA_ARCH__ >= 900
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
}

__device__ __forceinline__ void arrive(std::uint32_t barrier) {
#if __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
#endif
}

/// True in one lane of the warp, all of which must call it.
__device__ __forceinline__ bool electOne() {
#if __CUDA_ARCH__ >= 900
  std::uint32_t elected;
  asm volatile(
      "{\n\t.reg .pred p;\n\t"
      "elect.sync _|p, 0xffffffff;\n\t"
      "selp.u32 %0, 1, 0, p;\n\t}"
      : "=r"(elected));
  return elected != 0;
#else
  return (threadIdx.x & 31) == 0;
#endif
}

/// Arrives, and lets the barrier's phase last until `bytes` more have been copied.
__device__ __forceinline__ void expectBytes(std::uint32_t barrier, std::uint32_t bytes) {
#if __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
#endif
}

/// Copies `bytes` (a multiple of 16) from 16-byte aligned global memory into shared memory; counts towards `barrier`.
/// For what is read once: it may leave L2 first.
__device__ __forceinline__ void copyBulk(std::uint32_t shared, const void* global, std::uint32_t bytes,
                                         std::uint32_t barrier) {
#if __CUDA_ARCH__ >= 900
  constexpr std::uint64_t kEvictFirst = 0x12f0000000000000u;  // as createpolicy.fractional.L2::evict_first makes it
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1], %2, [%3], %4;" ::
          "r"(shared),
      "l"(global), "r"(bytes), "r"(barrier), "l"(kEvictFirst)
      : "memory");
#endif
}

/// Brings `bytes` (a multiple of 16) from 16-byte aligned global memory into L2.
__device__ __forceinline__ void prefetchBulk(const void* global, std::uint32_t bytes) {
#if __CUDA_ARCH__ >= 900
  asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(global), "r"(bytes) : "memory");
#endif
}

/// Returns once the barrier's phase of this parity is over. A copy that never comes ends the launch with an error
/// instead of hanging.
__device__ __forceinline__ void waitBarrier(std::uint32_t barrier, std::uint32_t parity) {
#if __CUDA_ARCH__ >= 900
  constexpr int kMostTries = 1 << 20;
#pragma unroll 1
  for (int tries = 0; tries < kMostTries; ++tries) {
    std::uint32_t passed;
    asm volatile(
        "{\n\t.reg .pred p;\n\t"
        "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n\t"
        "selp.u32 %0, 1, 0, p;\n\t}"
        : "=r"(passed)
        : "r"(barrier), "r"(parity)
        : "memory");
    if (passed) return;
  }
  __trap();
#else
  (void)barrier, (void)parity;
  __trap();  // code below 9.0 has no such barriers: decodeTuning() leaves these kernels aside
#endif
}

}  // namespace gpu
}  // namespace nibble

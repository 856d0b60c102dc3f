// Which instruction set the CPU kernels use: picked once from the processor, or forced by tests and benchmarks.
#pragma once

namespace nibble {

enum class KernelLevel { portable, avx2, avx512 };  ///< avx2 with FMA and F16C; avx512 with BW, VL, DQ, VNNI, VBMI

/// The best level this processor has.
KernelLevel bestKernelLevel();

/// The level in use; the best one unless forced.
KernelLevel kernelLevel();

/// Forces a level. False (and nothing changes) where the processor lacks it. Not while a kernel runs.
/// Packed matrices and caches have the same bytes at every level.
bool setKernelLevel(KernelLevel level);

/// "portable", "AVX2", "AVX-512 VNNI".
const char* kernelLevelName(KernelLevel level);

}  // namespace nibble

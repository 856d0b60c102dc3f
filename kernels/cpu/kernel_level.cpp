// Picks the table of kernels once, from what the processor says, and lets tests force another.
#include "kernels/cpu/kernel_level.h"

#include <atomic>

#include "kernels/cpu/kernel_table.h"

namespace nibble {
namespace {

struct Tables {
  KernelTable levels[3];
  KernelLevel best = KernelLevel::portable;
  std::atomic<int> current{0};

  Tables() {
    setMatmul_portable(levels[0]);
    setElementwise_portable(levels[0]);
    setAttention_portable(levels[0]);
    setQuantize_portable(levels[0]);
    levels[1] = levels[2] = levels[0];
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c")) {
      setMatmul_avx2(levels[1]);
      setElementwise_avx2(levels[1]);
      setAttention_avx2(levels[1]);
      setQuantize_avx2(levels[1]);
      setInt8_avx2(levels[1]);
      best = KernelLevel::avx2;
      levels[2] = levels[1];
      setAvx512();
    }
#endif
    current = static_cast<int>(best);
  }

#if defined(__x86_64__)
  void setAvx512() {
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vnni") || !__builtin_cpu_supports("avx512vbmi")) {
      return;
    }
    setMatmul_avx512(levels[2]);
    setElementwise_avx512(levels[2]);
    setAttention_avx512(levels[2]);
    setQuantize_avx512(levels[2]);
    setInt8_avx512(levels[2]);
    best = KernelLevel::avx512;
  }
#endif
};

Tables& tables() {
  static Tables instance;
  return instance;
}

}  // namespace

const KernelTable& kernels() {
  Tables& all = tables();
  return all.levels[all.current.load(std::memory_order_relaxed)];
}

KernelLevel bestKernelLevel() { return tables().best; }
KernelLevel kernelLevel() { return static_cast<KernelLevel>(tables().current.load()); }

bool setKernelLevel(KernelLevel level) {
  if (level > bestKernelLevel()) return false;
  tables().current = static_cast<int>(level);
  return true;
}

const char* kernelLevelName(KernelLevel level) {
  switch (level) {
    case KernelLevel::portable: return "portable";
    case KernelLevel::avx2: return "AVX2";
    case KernelLevel::avx512: return "AVX-512 VNNI";
  }
  return "";
}

}  // namespace nibble

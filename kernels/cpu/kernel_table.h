// The kernels of one level, as function pointers. Public functions call through the table in use; level files fill it.
#pragma once
#include <cstdint>

#include "kernels/blocks.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/matmul.h"

namespace nibble {

struct KernelTable {
  void (*dequantizePanel)(const PackedMatrix&, std::int64_t panel, std::int64_t firstColumn, std::int64_t lastColumn, float* out);
  void (*matmulA32)(const PackedMatrix&, const float*, std::int64_t, std::int64_t, const MatmulOutput&, std::int64_t, std::int64_t);
  void (*matmulA8)(const PackedMatrix&, const std::uint8_t*, std::int64_t, const MatmulOutput&, std::int64_t, std::int64_t);
  void (*quantizeActivations)(const float*, std::int64_t, std::int64_t, std::uint8_t*, std::int64_t, std::int64_t);
  void (*attend)(const AttentionArguments&, std::int64_t, std::int64_t);
  void (*rmsnorm)(const float*, const float*, float*, std::int64_t, std::int64_t, float);
  void (*rope)(float*, int, int, const float*, const float*);
  void (*swiglu)(const float*, const float*, float*, std::int64_t);
  void (*add)(const float*, float*, std::int64_t);
  void (*softmax)(float*, std::int64_t, float);
  std::int64_t (*argmax)(const float*, std::int64_t);
  float (*poisonOf)(const float*, std::int64_t);
  std::uint64_t (*readStream)(const std::uint8_t*, std::int64_t);
  void (*quantizeQ8)(const float*, std::int64_t, BlockQ8*);
  void (*quantizeQ4)(const float*, const float*, std::int64_t, BlockQ4*);
  void (*quantizeNf4)(const float*, std::int64_t, std::uint8_t*, float*);
  void (*widenHalves)(const void*, std::int64_t, float*);
  void (*narrowToHalves)(const float*, std::int64_t, std::uint16_t*);
  void (*widenBf16)(const void*, std::int64_t, float*);
};

/// The table in use.
const KernelTable& kernels();

// Each level file sets the entries it implements; a level starts as a copy of the one below.
void setElementwise_portable(KernelTable& table);
void setMatmul_portable(KernelTable& table);
void setAttention_portable(KernelTable& table);
void setQuantize_portable(KernelTable& table);
#if defined(__x86_64__)
void setElementwise_avx2(KernelTable& table);
void setMatmul_avx2(KernelTable& table);
void setAttention_avx2(KernelTable& table);
void setQuantize_avx2(KernelTable& table);
void setInt8_avx2(KernelTable& table);
void setElementwise_avx512(KernelTable& table);
void setMatmul_avx512(KernelTable& table);
void setAttention_avx512(KernelTable& table);
void setQuantize_avx512(KernelTable& table);
void setInt8_avx512(KernelTable& table);
#endif

}  // namespace nibble

// Reads a piece of a file's weights as fp32, whatever its type.
#pragma once
#include <type_traits>

#include "kernels/cuda/element.cuh"
#include "kernels/cuda/quantize.h"

namespace nibble::gpu {

/// Calls `visit` with a typed pointer to the piece's data.
template <typename Visit>
cudaError_t visitSource(const SourcePiece& piece, Visit visit) {
  switch (piece.type) {
    case SourceType::f32:
      return visit(static_cast<const float*>(piece.data));
    case SourceType::f16:
      return visit(static_cast<const __half*>(piece.data));
    case SourceType::bf16:
      return visit(static_cast<const __nv_bfloat16*>(piece.data));
  }
  return cudaErrorInvalidValue;
}

/// `Count` values from `from`, zeros from `available` on. One thread reads them all.
template <int Count, typename T>
__device__ __forceinline__ void readValues(const T* from, int available, float (&to)[Count]) {
  if (available >= Count && reinterpret_cast<std::uintptr_t>(from) % 16 == 0) {
#pragma unroll
    for (int i = 0; i < Count; i += 8) {
      float eight[8];
      loadEight(from + i, eight);
#pragma unroll
      for (int j = 0; j < 8; ++j) to[i + j] = eight[j];
    }
    return;
  }
#pragma unroll
  for (int i = 0; i < Count; ++i) to[i] = i < available ? toFloat(from[i]) : 0.0f;
}

/// 0 if all values are finite, else NaN.
template <int Count>
__device__ __forceinline__ float poisonOf(const float (&values)[Count]) {
  float poison = 0;
#pragma unroll
  for (int i = 0; i < Count; ++i) poison += values[i] * 0.0f;
  return poison;
}

constexpr unsigned short kHalfNan =
    0x7e00;  // the scale of a block that holds NaN or infinity, as the CPU's codec writes it

inline unsigned blocksOf(std::int64_t units, int threads) {
  return static_cast<unsigned>((units + threads - 1) / threads);
}

}  // namespace nibble::gpu

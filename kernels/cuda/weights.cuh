// Reads eight neighbouring weights of a device matrix (device_layout.h) as fp32, for every format: shared by
// dequantizing for prefill and by the embedding.
#pragma once
#include "kernels/blocks.h"
#include "kernels/cuda/device_layout.h"
#include "kernels/cuda/element.cuh"

namespace nibble::gpu {

constexpr int kPairTableSize = 256;

template <MatrixFormat F>
constexpr bool kIsNibble = F == MatrixFormat::nf4 || F == MatrixFormat::nf4dq || F == MatrixFormat::q4;

/// Two weights for every byte of two nibbles (low one first), unscaled. All threads of the block call it; it ends with
/// a barrier.
template <MatrixFormat F>
__device__ void fillPairTable(float2* table) {
  if constexpr (kIsNibble<F>) {
    // Copies, because device code cannot index a host constant.
    constexpr float kQ4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    constexpr float kNf4[16] = {kNf4Code[0],  kNf4Code[1],  kNf4Code[2],  kNf4Code[3], kNf4Code[4],  kNf4Code[5],
                                kNf4Code[6],  kNf4Code[7],  kNf4Code[8],  kNf4Code[9], kNf4Code[10], kNf4Code[11],
                                kNf4Code[12], kNf4Code[13], kNf4Code[14], kNf4Code[15]};
    for (int i = threadIdx.x; i < kPairTableSize; i += blockDim.x) {
      float low = 0, high = 0;
#pragma unroll
      for (int code = 0; code < 16; ++code) {
        const float value = F == MatrixFormat::q4 ? kQ4[code] : kNf4[code];
        if ((i & 15) == code) low = value;
        if (i >> 4 == code) high = value;
      }
      table[i] = make_float2(low, high);
    }
    __syncthreads();
  }
}

template <MatrixFormat F>
__device__ __forceinline__ float nibbleScale(const char* data, const MatrixLayout& layout, std::int64_t row,
                                             int column) {
  if constexpr (F == MatrixFormat::q4) {
    return __half2float(*reinterpret_cast<const __half*>(data + layout.scaleAt(row, column / 32 * 2)));
  } else {
    constexpr int kBytes = F == MatrixFormat::nf4 ? 4 : 1;
    const std::int64_t block = (row * layout.columns + column) / 64;
    const char* scale =  // absmaxAt() would divide
        data + (layout.flat ? layout.flatOffset + block * kBytes : layout.scaleAt(row, column / 64 * kBytes));
    if constexpr (F == MatrixFormat::nf4) {
      return *reinterpret_cast<const float*>(scale);
    } else {
      const float* nested = reinterpret_cast<const float*>(data + layout.nestedOffset);
      const int code = *reinterpret_cast<const std::uint8_t*>(scale);
      return __fadd_rn(__fmul_rn(nested[4 + code], nested[4 + 256 + block / 256]), nested[0]);
    }
  }
}

/// Weights (row, column … column + 7) as fp32; column is a multiple of 8. Those behind the last column are 0.
template <MatrixFormat F>
__device__ __forceinline__ void readEight(const char* data, const MatrixLayout& layout, const float2* table,
                                          std::int64_t row, int column, float (&out)[8]) {
  const char* record = data + row * layout.stride;
  if constexpr (F == MatrixFormat::f32) {
#pragma unroll
    for (int i = 0; i < 8; ++i)
      out[i] = column + i < layout.columns ? reinterpret_cast<const float*>(record)[column + i] : 0.0f;
  } else if constexpr (F == MatrixFormat::f16) {
    loadEight(reinterpret_cast<const __half*>(record) + column, out);
  } else if constexpr (F == MatrixFormat::bf16) {
    loadEight(reinterpret_cast<const __nv_bfloat16*>(record) + column, out);
  } else if constexpr (F == MatrixFormat::q8) {
    const uint2 raw = *reinterpret_cast<const uint2*>(data + layout.codeAt(row, column));
    const float scale = __half2float(*reinterpret_cast<const __half*>(data + layout.scaleAt(row, column / 32 * 2)));
#pragma unroll
    for (int i = 0; i < 8; ++i)
      out[i] = static_cast<float>(static_cast<std::int8_t>((i < 4 ? raw.x : raw.y) >> (i % 4 * 8))) * scale;
  } else {
    const std::uint32_t word = *reinterpret_cast<const std::uint32_t*>(data + layout.codeAt(row, column / 2));
    const bool split = F != MatrixFormat::q4 && layout.flat;  // an nf4 block may end inside these eight
    const float scale = split ? 0.0f : nibbleScale<F>(data, layout, row, column);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float2 pair = table[word >> (8 * i) & 255];
      out[2 * i] = pair.x * (split ? nibbleScale<F>(data, layout, row, column + 2 * i) : scale);
      out[2 * i + 1] = pair.y * (split ? nibbleScale<F>(data, layout, row, column + 2 * i + 1) : scale);
    }
  }
  if (layout.columns % 8 != 0) {
#pragma unroll
    for (int i = 0; i < 8; ++i)
      if (column + i >= layout.columns) out[i] = 0.0f;
  }
}

/// Calls `visit` with the format as a compile-time constant.
template <typename Visit>
cudaError_t visitFormat(MatrixFormat format, Visit visit) {
  switch (format) {
    case MatrixFormat::f32:
      return visit(std::integral_constant<MatrixFormat, MatrixFormat::f32>());
    case MatrixFormat::f16:
      return visit(std::integral_constant<MatrixFormat, MatrixFormat::f16>());
    case MatrixFormat::bf16:
      return visit(std::integral_constant<MatrixFormat, MatrixFormat::bf16>());
    case MatrixFormat::q8:
      return visit(std::integral_constant<MatrixFormat, MatrixFormat::q8>());
    case MatrixFormat::nf4:
      return visit(std::integral_constant<MatrixFormat, MatrixFormat::nf4>());
    case MatrixFormat::nf4dq:
      return visit(std::integral_constant<MatrixFormat, MatrixFormat::nf4dq>());
    case MatrixFormat::q4:
      return visit(std::integral_constant<MatrixFormat, MatrixFormat::q4>());
  }
  return cudaErrorInvalidValue;
}

}  // namespace nibble::gpu

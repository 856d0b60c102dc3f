// One weight of a matrix on the device as fp32, of any format: the slow, plain reading that embedding rows, the plain
// product and tests use.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels/blocks.h"
#include "kernels/cuda/device_layout.h"

namespace nibble {
namespace gpu {

__device__ __forceinline__ int nibbleAt(const MatrixLayout& layout, const std::uint8_t* data, std::int64_t row,
                                        std::int64_t column) {
  return (data[layout.codeAt(row, column >> 1)] >> ((column & 1) * 4)) & 15;
}
/// fp16 scale of a block of 32.
__device__ __forceinline__ float halfScale(const MatrixLayout& layout, const std::uint8_t* data, std::int64_t row,
                                           std::int64_t column) {
  return __half2float(*reinterpret_cast<const __half*>(data + layout.scaleAt(row, (column >> 5) * 2)));
}

/// NF4's code as a switchless table in constant memory.
static __constant__ float kNf4Values[16] = {-1.0f,
                                            -0.6961928009986877f,
                                            -0.5250730514526367f,
                                            -0.39491748809814453f,
                                            -0.28444138169288635f,
                                            -0.18477343022823334f,
                                            -0.09105003625154495f,
                                            0.0f,
                                            0.07958029955625534f,
                                            0.16093020141124725f,
                                            0.24611230194568634f,
                                            0.33791524171829224f,
                                            0.44070982933044434f,
                                            0.5626170039176941f,
                                            0.7229568362236023f,
                                            1.0f};
static __constant__ std::int8_t kQ4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                 1,    13,   25,  38,  53,  69,  89,  113};

__device__ inline float nf4Absmax(MatrixFormat format, const MatrixLayout& layout, const std::uint8_t* data,
                                  std::int64_t row, std::int64_t column) {
  const std::int64_t block = (row * layout.columns + column) >> 6;
  const std::uint8_t* scale = data + layout.absmaxAt(block, format == MatrixFormat::nf4 ? 4 : 1);
  if (format == MatrixFormat::nf4) return *reinterpret_cast<const float*>(scale);
  const float* nested = reinterpret_cast<const float*>(data + layout.nestedOffset);
  return fmaf(nested[4 + *scale], nested[4 + 256 + (block >> 8)], nested[0]);
}

__device__ inline float matrixElement(MatrixFormat format, const MatrixLayout& layout, const std::uint8_t* data,
                                      std::int64_t row, std::int64_t column) {
  const std::uint8_t* record = data + row * layout.stride;
  switch (format) {
    case MatrixFormat::f32:
      return reinterpret_cast<const float*>(record)[column];
    case MatrixFormat::f16:
      return __half2float(reinterpret_cast<const __half*>(record)[column]);
    case MatrixFormat::bf16:
      return __bfloat162float(reinterpret_cast<const __nv_bfloat16*>(record)[column]);
    case MatrixFormat::q8:
      return static_cast<float>(static_cast<std::int8_t>(data[layout.codeAt(row, column)])) *
             halfScale(layout, data, row, column);
    case MatrixFormat::q4:
      return static_cast<float>(kQ4Values[nibbleAt(layout, data, row, column)]) * halfScale(layout, data, row, column);
    default:
      return kNf4Values[nibbleAt(layout, data, row, column)] * nf4Absmax(format, layout, data, row, column);
  }
}

}  // namespace gpu
}  // namespace nibble

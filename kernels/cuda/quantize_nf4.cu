// Weights to NF4 exactly as bitsandbytes does it: blocks of 64 along the flattened tensor, x · (1 / absmax) against its
// thresholds; and absmax to the 8-bit dynamic code (double quantization). A pass for absmax, one for the nibbles, one
// to place the scales.
#include "kernels/blocks.h"
#include "kernels/cuda/source.cuh"

namespace nibble::gpu {

namespace {
constexpr int kThreads = 128;

template <typename T>
__global__ void nf4_absmax_kernel(const T* __restrict__ source, std::int64_t firstBlock, std::int64_t blocks,
                                  std::int64_t values, float* __restrict__ absmax) {
  const std::int64_t unit = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (unit >= blocks) return;
  const std::int64_t rest = values - unit * 64;
  float top = 0;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    float x[32];
    const std::int64_t available = rest - half * 32;
    readValues<32>(source + unit * 64 + half * 32,
                   static_cast<int>(available < 0    ? 0
                                    : available > 32 ? 32
                                                     : available),
                   x);
#pragma unroll
    for (int i = 0; i < 32; ++i) top = fmaxf(top, fabsf(x[i]));
  }
  absmax[firstBlock + unit] = top;
}

/// bitsandbytes' rounding: midpoints in fp32, four of them one step off; NaN is greater than nothing.
__device__ __forceinline__ int nearestCode(float value) {
  constexpr float kMiddle[15] = {-0.8480964303016663f,
                                 (kNf4Code[1] + kNf4Code[2]) / 2,
                                 (kNf4Code[2] + kNf4Code[3]) / 2,
                                 (kNf4Code[3] + kNf4Code[4]) / 2,
                                 (kNf4Code[4] + kNf4Code[5]) / 2,
                                 (kNf4Code[5] + kNf4Code[6]) / 2,
                                 (kNf4Code[6] + kNf4Code[7]) / 2,
                                 (kNf4Code[7] + kNf4Code[8]) / 2,
                                 0.1202552542090416f,
                                 (kNf4Code[9] + kNf4Code[10]) / 2,
                                 (kNf4Code[10] + kNf4Code[11]) / 2,
                                 (kNf4Code[11] + kNf4Code[12]) / 2,
                                 0.5016633868217468f,
                                 (kNf4Code[13] + kNf4Code[14]) / 2,
                                 0.8614783883094788f};
  int code = 0;
#pragma unroll
  for (int i = 0; i < 15; ++i) code += value > kMiddle[i];
  return code;
}

/// A thread makes one word: eight neighbouring columns of a row.
template <typename T>
__global__ void quantize_nf4_kernel(const T* __restrict__ source, std::int64_t firstRow, std::int64_t units,
                                    const float* __restrict__ absmax, char* __restrict__ data,
                                    const MatrixLayout layout) {
  const std::int64_t unit = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (unit >= units) return;
  const int words = static_cast<int>(layout.paddedColumns / 8), columns = static_cast<int>(layout.columns);
  const std::int64_t row = unit / words;
  const int column = static_cast<int>(unit % words) * 8;
  float x[8];
  readValues<8>(source + row * columns + column, columns - column, x);
  const std::int64_t flat = (firstRow + row) * columns + column;
  std::int64_t block = -1;
  float inverse = 0;
  std::uint32_t word = 0;
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    if (column + i >= columns) break;
    if ((flat + i) / 64 != block) {
      block = (flat + i) / 64;
      inverse = __fdiv_rn(1.0f, absmax[block]);
    }
    word |= static_cast<std::uint32_t>(nearestCode(x[i] * inverse)) << (i * 4);
  }
  *reinterpret_cast<std::uint32_t*>(data + layout.codeAt(firstRow + row, column / 2)) = word;
}

/// The absmax, or its code, of flattened block `block`.
template <typename T>
__device__ __forceinline__ T* scaleOf(char* data, const MatrixLayout& layout, std::int64_t block) {
  return reinterpret_cast<T*>(data + layout.absmaxAt(block, sizeof(T)));
}

__global__ void place_absmax_kernel(const float* __restrict__ absmax, std::int64_t firstBlock, std::int64_t count,
                                    char* data, const MatrixLayout layout) {
  const std::int64_t unit = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (unit < count) *scaleOf<float>(data, layout, firstBlock + unit) = absmax[firstBlock + unit];
}

/// One warp 256 blocks: a nested block.
__global__ void nest_absmax_kernel(const float* __restrict__ absmax, std::int64_t blocks, char* data,
                                   const MatrixLayout layout, float offset, const float* __restrict__ code) {
  __shared__ float sorted[256];
  for (int i = threadIdx.x; i < 256; i += kThreads) sorted[i] = code[i];
  __syncthreads();
  const std::int64_t nested = static_cast<std::int64_t>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32;
  const int lane = threadIdx.x % 32;
  float* tail = reinterpret_cast<float*>(data + layout.nestedOffset);
  if (blockIdx.x == 0) {
    for (int i = threadIdx.x; i < 256; i += kThreads) tail[4 + i] = sorted[i];
    if (threadIdx.x < 4) tail[threadIdx.x] = threadIdx.x == 0 ? offset : 0.0f;
  }
  if (nested * 256 >= blocks) return;
  float values[8], top = 0;
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    const std::int64_t block = nested * 256 + i * 32 + lane;
    values[i] = block < blocks ? __fsub_rn(absmax[block], offset) : 0.0f;
    top = fmaxf(top, fabsf(values[i]));
  }
#pragma unroll
  for (int step = 16; step > 0; step >>= 1) top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, step));
  if (lane == 0) tail[4 + 256 + nested] = top;
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    const std::int64_t block = nested * 256 + i * 32 + lane;
    if (block >= blocks) continue;
    const float value = values[i] * __fdiv_rn(1.0f, top);
    int best = 0;  // the largest code whose midpoint to its lower neighbour is below the value; NaN stays at 0
    for (int step = 128; step > 0; step >>= 1)
      if (best + step < 256 && value > __fmul_rn(__fadd_rn(sorted[best + step - 1], sorted[best + step]), 0.5f))
        best += step;
    *scaleOf<std::uint8_t>(data, layout, block) = static_cast<std::uint8_t>(best);
  }
}

char* writable(const MatrixView& matrix) {
  return static_cast<char*>(const_cast<void*>(matrix.data));
}
}  // namespace

cudaError_t nf4_absmax(cudaStream_t stream, const SourcePiece& piece, std::int64_t columns, float* absmax) {
  const std::int64_t values = piece.rows * columns, blocks = (values + 63) / 64,
                     firstBlock = piece.firstRow * columns / 64;
  return visitSource(piece, [&](auto source) {
    nf4_absmax_kernel<<<blocksOf(blocks, kThreads), kThreads, 0, stream>>>(source, firstBlock, blocks, values, absmax);
    return cudaGetLastError();
  });
}

cudaError_t quantize_nf4(cudaStream_t stream, const SourcePiece& piece, const MatrixView& matrix, const float* absmax) {
  const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
  const std::int64_t units = piece.rows * (layout.paddedColumns / 8);
  return visitSource(piece, [&](auto source) {
    quantize_nf4_kernel<<<blocksOf(units, kThreads), kThreads, 0, stream>>>(source, piece.firstRow, units, absmax,
                                                                            writable(matrix), layout);
    return cudaGetLastError();
  });
}

cudaError_t place_nf4_absmax(cudaStream_t stream, const float* absmax, std::int64_t firstBlock, std::int64_t count,
                             const MatrixView& matrix) {
  const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
  place_absmax_kernel<<<blocksOf(count, kThreads), kThreads, 0, stream>>>(absmax, firstBlock, count, writable(matrix),
                                                                          layout);
  return cudaGetLastError();
}

cudaError_t nest_nf4_absmax(cudaStream_t stream, const float* absmax, const MatrixView& matrix, float offset,
                            const float* code) {
  const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
  const std::int64_t blocks = (layout.rows * layout.columns + 63) / 64, nested = (blocks + 255) / 256;
  nest_absmax_kernel<<<blocksOf(nested, kThreads / 32), kThreads, 0, stream>>>(absmax, blocks, writable(matrix), layout,
                                                                               offset, code);
  return cudaGetLastError();
}

}  // namespace nibble::gpu

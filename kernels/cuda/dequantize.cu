// Quantized weights back into the compute type. A thread reads eight weights of each of four rows before it writes the
// first, so that enough bytes are in flight. Bytes moved: the quantized matrix once in, the dequantized one once out.
#include <type_traits>

#include "kernels/cuda/dequantize.h"
#include "kernels/cuda/weights.cuh"

namespace nibble::gpu {

namespace {
constexpr int kThreads = 256;
constexpr int kRowsAThread = 4;

template <MatrixFormat F, typename T>
__global__ void __launch_bounds__(kThreads) dequantize_kernel(const char* __restrict__ data, const MatrixLayout layout,
                                                              int firstRow, int rows, T* __restrict__ out, int stride) {
  __shared__ float2 table[kIsNibble<F> ? kPairTableSize : 1];
  fillPairTable<F>(table);
  const int column = (blockIdx.x * kThreads + threadIdx.x) * 8;
  if (column >= stride) return;
  for (int first = blockIdx.y * kRowsAThread; first < rows; first += gridDim.y * kRowsAThread) {
    float values[kRowsAThread][8];
#pragma unroll
    for (int i = 0; i < kRowsAThread; ++i)
      readEight<F>(data, layout, table, firstRow + min(first + i, rows - 1), column, values[i]);
#pragma unroll
    for (int i = 0; i < kRowsAThread; ++i)
      if (first + i < rows) storeEight(out + static_cast<std::int64_t>(first + i) * stride + column, values[i]);
  }
}

template <MatrixFormat F>
__global__ void __launch_bounds__(kThreads)
    embed_kernel(const char* __restrict__ data, const MatrixLayout layout, const std::int32_t* __restrict__ ids,
                 float* __restrict__ out) {
  __shared__ float2 table[kIsNibble<F> ? kPairTableSize : 1];
  fillPairTable<F>(table);
  const int column = (blockIdx.y * kThreads + threadIdx.x) * 8;
  const int columns = static_cast<int>(layout.columns);
  if (column >= columns) return;
  const std::int64_t row = ids[blockIdx.x];
  float values[8];
  if (row >= 0 && row < layout.rows) {
    readEight<F>(data, layout, table, row, column, values);
  } else {
#pragma unroll
    for (int i = 0; i < 8; ++i) values[i] = NAN;
  }
  float* to = out + static_cast<std::int64_t>(blockIdx.x) * columns + column;
  for (int i = 0; i < 8 && column + i < columns; ++i) to[i] = values[i];
}

template <MatrixFormat F, typename T>
cudaError_t launch(cudaStream_t stream, const MatrixView& matrix, const MatrixLayout& layout, int firstRow, int rows,
                   void* out) {
  const int stride = static_cast<int>(alignUp(matrix.columns, 8));
  const int groups = (rows + kRowsAThread - 1) / kRowsAThread;
  const dim3 grid((stride / 8 + kThreads - 1) / kThreads, groups < 32768 ? groups : 32768);
  dequantize_kernel<F, T><<<grid, kThreads, 0, stream>>>(static_cast<const char*>(matrix.data), layout, firstRow, rows,
                                                         static_cast<T*>(out), stride);
  return cudaGetLastError();
}
}  // namespace

cudaError_t dequantize_rows(cudaStream_t stream, const MatrixView& matrix, int firstRow, int rows, void* out,
                            Element element) {
  const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
  return visitFormat(matrix.format, [&](auto format) {
    constexpr MatrixFormat F = decltype(format)::value;
    switch (element) {
      case Element::f32:
        return launch<F, float>(stream, matrix, layout, firstRow, rows, out);
      case Element::f16:
        return launch<F, __half>(stream, matrix, layout, firstRow, rows, out);
      case Element::bf16:
        return launch<F, __nv_bfloat16>(stream, matrix, layout, firstRow, rows, out);
    }
    return cudaErrorInvalidValue;
  });
}

cudaError_t embed_rows(cudaStream_t stream, const MatrixView& embedding, const std::int32_t* ids, float* out,
                       int rows) {
  const MatrixLayout layout = matrixLayout(embedding.format, embedding.rows, embedding.columns);
  const dim3 grid(rows, (embedding.columns + 8 * kThreads - 1) / (8 * kThreads));
  return visitFormat(embedding.format, [&](auto format) {
    embed_kernel<decltype(format)::value>
        <<<grid, kThreads, 0, stream>>>(static_cast<const char*>(embedding.data), layout, ids, out);
    return cudaGetLastError();
  });
}

}  // namespace nibble::gpu

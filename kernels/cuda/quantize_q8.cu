// Weights to q8 (scale = max|x| / 127 rounded to fp16, x / (max|x| / 127) to the nearest integer), and to the
// unquantized formats. One thread a block of 32. PCIe is the limit here, not these kernels.
#include "kernels/cuda/source.cuh"

namespace nibble::gpu {

namespace {
constexpr int kThreads = 128;

template <typename T>
__global__ void quantize_q8_kernel(const T* __restrict__ source, std::int64_t firstRow, std::int64_t blocks,
                                   char* __restrict__ data, const MatrixLayout layout) {
  const std::int64_t unit = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (unit >= blocks) return;
  const int blocksARow = static_cast<int>(layout.paddedColumns / 32);
  const std::int64_t row = unit / blocksARow;
  const int block = static_cast<int>(unit % blocksARow), columns = static_cast<int>(layout.columns);
  float values[32];
  readValues<32>(source + row * columns + block * 32, columns - block * 32, values);
  float top = 0;
#pragma unroll
  for (int i = 0; i < 32; ++i) top = fmaxf(top, fabsf(values[i]));
  const bool finite = poisonOf(values) == 0.0f;
  const float scale = __fdiv_rn(top, 127.0f);
  float inverse = finite && scale > 0.0f ? __fdiv_rn(1.0f, scale) : 0.0f;
  if (!isfinite(inverse)) inverse = 0.0f;  // the scale is below the normal numbers
  if (!finite) {
#pragma unroll
    for (int i = 0; i < 32; ++i) values[i] = 0.0f;
  }
  std::uint32_t packed[8] = {};
#pragma unroll
  for (int i = 0; i < 32; ++i)
    packed[i / 4] |= (static_cast<std::uint32_t>(static_cast<int>(roundf(values[i] * inverse))) & 255u) << (i % 4 * 8);
  uint4* codes = reinterpret_cast<uint4*>(data + layout.codeAt(firstRow + row, block * 32));
#pragma unroll
  for (int i = 0; i < 2; ++i)
    codes[i] = make_uint4(packed[4 * i], packed[4 * i + 1], packed[4 * i + 2], packed[4 * i + 3]);
  *reinterpret_cast<__half*>(data + layout.scaleAt(firstRow + row, block * 2)) =
      finite ? __float2half_rn(scale) : __ushort_as_half(kHalfNan);
}

template <typename T>
__global__ void find_not_finite_kernel(const T* __restrict__ source, std::int64_t count, int* flag) {
  const std::int64_t first = (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x) * 32;
  if (first >= count) return;
  float values[32];
  readValues<32>(source + first, static_cast<int>(count - first < 32 ? count - first : 32), values);
  if (poisonOf(values) != 0.0f) *flag = 1;
}

template <typename T, typename Out>
__global__ void store_rows_kernel(const T* __restrict__ source, std::int64_t firstRow, std::int64_t units,
                                  char* __restrict__ data, const MatrixLayout layout) {
  const std::int64_t unit = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (unit >= units) return;
  const std::int64_t perRow = static_cast<std::int64_t>(layout.stride / sizeof(Out));
  const std::int64_t row = unit / perRow, column = unit % perRow;
  const float value = column < layout.columns ? toFloat(source[row * layout.columns + column]) : 0.0f;
  reinterpret_cast<Out*>(data + (firstRow + row) * layout.stride)[column] = fromFloat<Out>(value);
}

template <typename Out, typename T>
cudaError_t storeAs(cudaStream_t stream, const T* source, const SourcePiece& piece, const MatrixView& matrix,
                    const MatrixLayout& layout) {
  const std::int64_t units = piece.rows * static_cast<std::int64_t>(layout.stride / sizeof(Out));
  store_rows_kernel<T, Out><<<blocksOf(units, kThreads), kThreads, 0, stream>>>(
      source, piece.firstRow, units, static_cast<char*>(const_cast<void*>(matrix.data)), layout);
  return cudaGetLastError();
}
}  // namespace

cudaError_t quantize_q8(cudaStream_t stream, const SourcePiece& piece, const MatrixView& matrix) {
  const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
  const std::int64_t blocks = piece.rows * (layout.paddedColumns / 32);
  return visitSource(piece, [&](auto source) {
    quantize_q8_kernel<<<blocksOf(blocks, kThreads), kThreads, 0, stream>>>(
        source, piece.firstRow, blocks, static_cast<char*>(const_cast<void*>(matrix.data)), layout);
    return cudaGetLastError();
  });
}

cudaError_t find_not_finite(cudaStream_t stream, const SourcePiece& piece, std::int64_t count, int* flag) {
  return visitSource(piece, [&](auto source) {
    find_not_finite_kernel<<<blocksOf((count + 31) / 32, kThreads), kThreads, 0, stream>>>(source, count, flag);
    return cudaGetLastError();
  });
}

cudaError_t store_rows(cudaStream_t stream, const SourcePiece& piece, const MatrixView& matrix) {
  const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
  return visitSource(piece, [&](auto source) {
    switch (matrix.format) {
      case MatrixFormat::f32:
        return storeAs<float>(stream, source, piece, matrix, layout);
      case MatrixFormat::f16:
        return storeAs<__half>(stream, source, piece, matrix, layout);
      case MatrixFormat::bf16:
        return storeAs<__nv_bfloat16>(stream, source, piece, matrix, layout);
      default:
        return cudaErrorInvalidValue;
    }
  });
}

}  // namespace nibble::gpu

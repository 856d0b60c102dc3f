// Weights to q4 with scale search: for every block of 32, scales of both signs around max|x| / 127 and max|x| / 113 are tried, each refit
// to d = Σxq / Σq², the best one refined by alternating nearest codes and refit, the last with the scale rounded to fp16.
// One thread a block, its weights in registers. Bound by the table look-ups in shared memory, which PCIe hides.
#include "kernels/cuda/source.cuh"

namespace nibble::gpu {

namespace {
constexpr int kThreads = 128;
constexpr int kSteps = 7;          // candidates on either side, each sign
constexpr int kTableMiddle = 576;  // the table holds the nearest code value for 4 · x / d, rounded: ±144
constexpr int kTableSize = 2 * kTableMiddle;
constexpr float kRounding = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer held in the low bits

struct Fit {
  float xq = 0, qq = 0;
  __device__ float gain() const { return qq > 0 ? xq * xq / qq : 0; }
  __device__ float scale() const { return qq > 0 ? xq / qq : 0; }
};

/// 0 … 15: the code nearest to `value`.
__device__ __forceinline__ int nearestCode(float value) {
  constexpr float kMiddle[15] = {-115.5f, -93.5f, -74.0f, -57.0f, -42.0f, -28.5f, -16.0f, -4.5f, 7.0f, 19.0f, 31.5f, 45.5f, 61.0f, 79.0f, 101.0f};
  int code = 0;
#pragma unroll
  for (int i = 0; i < 15; ++i) code += value > kMiddle[i];
  return code;
}

__constant__ float kCodeValue[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

__device__ __forceinline__ Fit tryScale(const float (&x)[32], float inverse, const float* table) {
  Fit fit;
#pragma unroll
  for (int i = 0; i < 32; ++i) {
    const int index = __float_as_int(fmaf(x[i], 4.0f * inverse, kRounding)) - __float_as_int(kRounding);
    const float q = table[kTableMiddle + max(-kTableMiddle, min(kTableMiddle - 1, index))];
    fit.xq = fmaf(x[i], q, fit.xq);
    fit.qq = fmaf(q, q, fit.qq);
  }
  return fit;
}

/// Best scale before rounding to fp16. `top` is the value of largest magnitude, not 0.
__device__ __forceinline__ float searchScale(const float (&x)[32], float top, const float* table) {
  Fit best;
#pragma unroll 1
  for (int step = -kSteps; step <= kSteps; ++step) {
#pragma unroll 1
    for (int sign = 0; sign < 2; ++sign) {
      const float inverse = (sign ? 113.0f + step : -127.0f + step) / top;
      const Fit fit = tryScale(x, inverse, table);
      if (fit.gain() > best.gain()) best = fit;
    }
  }
#pragma unroll 1
  for (int round = 0; round < 2 && best.qq > 0; ++round) {
    const Fit fit = tryScale(x, 1.0f / best.scale(), table);
    if (fit.gain() > best.gain()) best = fit;
  }
  return best.scale();
}

struct Codes {
  std::uint32_t words[4];
  float error;
  Fit fit;
};

/// Exact nearest codes for a scale that fp16 holds, their error, and what the scale should rather be.
__device__ __forceinline__ Codes encode(const float (&x)[32], float scale, const float* values) {
  Codes codes{};
  const float inverse = scale != 0.0f ? 1.0f / scale : 0.0f;
#pragma unroll
  for (int i = 0; i < 32; ++i) {
    const int code = nearestCode(x[i] * inverse);
    const float q = values[code], rest = x[i] - q * scale;
    codes.words[i / 8] |= static_cast<std::uint32_t>(code) << (i % 8 * 4);
    codes.error = fmaf(rest, rest, codes.error);
    codes.fit.xq = fmaf(x[i], q, codes.fit.xq);
    codes.fit.qq = fmaf(q, q, codes.fit.qq);
  }
  return codes;
}

template <typename T>
__global__ void __launch_bounds__(kThreads) quantize_q4_kernel(const T* __restrict__ source, std::int64_t firstRow, std::int64_t blocks, char* __restrict__ data, const MatrixLayout layout) {
  __shared__ float table[kTableSize];
  __shared__ float values[16];
  if (threadIdx.x < 16) values[threadIdx.x] = kCodeValue[threadIdx.x];
  for (int i = threadIdx.x; i < kTableSize; i += kThreads) table[i] = kCodeValue[nearestCode(static_cast<float>(i - kTableMiddle) * 0.25f)];
  __syncthreads();
  const std::int64_t unit = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (unit >= blocks) return;
  const int blocksARow = static_cast<int>(layout.paddedColumns / 32);
  const std::int64_t row = unit / blocksARow;
  const int block = static_cast<int>(unit % blocksARow), columns = static_cast<int>(layout.columns);
  float x[32];
  readValues<32>(source + row * columns + block * 32, columns - block * 32, x);
  float top = 0;
#pragma unroll
  for (int i = 0; i < 32; ++i) top = fabsf(x[i]) > fabsf(top) ? x[i] : top;
  __half scale = __float2half_rn(top != 0.0f ? searchScale(x, top, table) : 0.0f);
  Codes codes = encode(x, __half2float(scale), values);
#pragma unroll 1
  for (int round = 0; round < 2; ++round) {
    const __half other = __float2half_rn(codes.fit.scale());
    const Codes again = encode(x, __half2float(other), values);
    if (!(again.error < codes.error)) break;
    codes = again;
    scale = other;
  }
  if (top == 0.0f || poisonOf(x) != 0.0f) {
    for (auto& word : codes.words) word = 0x88888888u;
    scale = __ushort_as_half(top == 0.0f && poisonOf(x) == 0.0f ? 0 : kHalfNan);
  }
  char* record = data + (firstRow + row) * layout.stride;
  reinterpret_cast<uint4*>(record)[block] = make_uint4(codes.words[0], codes.words[1], codes.words[2], codes.words[3]);
  reinterpret_cast<__half*>(record + layout.scaleOffset)[block] = scale;
}
}  // namespace

cudaError_t quantize_q4(cudaStream_t stream, const SourcePiece& piece, const MatrixView& matrix) {
  const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
  const std::int64_t blocks = piece.rows * (layout.paddedColumns / 32);
  return visitSource(piece, [&](auto source) {
    quantize_q4_kernel<<<blocksOf(blocks, kThreads), kThreads, 0, stream>>>(source, piece.firstRow, blocks, static_cast<char*>(const_cast<void*>(matrix.data)), layout);
    return cudaGetLastError();
  });
}

}  // namespace nibble::gpu

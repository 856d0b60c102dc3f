// Weights to q4 with scale search, byte for byte as kernels/cpu/q4_search_impl.h does it: the largest weight of a block
// of 32 is set near either end of the codebook, 18 candidates are compared in integers, then scale and codes are
// refitted twice in unfused fp32. One thread a block, its weights in registers. Bound by the table look-ups in shared
// memory, which PCIe hides.
#include "kernels/cuda/source.cuh"

namespace nibble::gpu {

namespace {
constexpr int kThreads = 128;
constexpr int kSteps = 4;  // candidates on either side of an end of the codebook
constexpr int kStep = 5;   // in units of the codebook
constexpr int kRefits = 2;

__constant__ float kCodeValue[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// 0 … 15: the code nearest to `value`; between two, the lower one.
__device__ __forceinline__ int nearestCode(float value) {
  constexpr float kMiddle[15] = {-115.5f, -93.5f, -74.0f, -57.0f, -42.0f, -28.5f, -16.0f, -4.5f,
                                 7.0f,    19.0f,  31.5f,  45.5f,  61.0f,  79.0f,  101.0f};
  int code = 0;
#pragma unroll
  for (int i = 0; i < 15; ++i) code += value > kMiddle[i];
  return code;
}

struct Tables {
  int nearest[256];  // the codebook value nearest to v = -128 … 127, at v + 128
  float values[16];
};

/// Index of the nearest value for a weight (16 bits of the largest) when the largest is set to `target`.
__device__ __forceinline__ int tableIndex(int scaled, int target) {
  return max(-128, min(127, (scaled * target + 0x4000) >> 15)) + 128;
}

__device__ __forceinline__ float scoreOf(const int (&scaled)[16], int target, const Tables& tables) {
  int products = 0, squares = 0;
#pragma unroll
  for (int i = 0; i < 32; ++i) {
    const int x = i % 2 ? scaled[i / 2] >> 16 : static_cast<int>(static_cast<short>(scaled[i / 2]));
    const int q = tables.nearest[tableIndex(x, target)];
    products += x * q;
    squares += q * q;
  }
  const float product = static_cast<float>(products);
  return __fdiv_rn(__fmul_rn(product, product), static_cast<float>(squares));
}

/// What the largest weight is set to, for the best score. `negative`: a weight of the largest magnitude is negative.
__device__ __forceinline__ int searchTarget(const int (&scaled)[16], bool negative, const Tables& tables) {
  const int sign = negative ? -1 : 1;
  int best = 0;
  float bestScore = -1.0f;
#pragma unroll 1
  for (int candidate = 0; candidate < 2 * (2 * kSteps + 1); ++candidate) {
    const int step = candidate / 2 - kSteps, end = (candidate % 2 ? 113 : -127) * sign;
    const int target = end > 0 ? end + step * kStep : end - step * kStep;
    const float score = scoreOf(scaled, target, tables);
    if (score > bestScore) {
      bestScore = score;
      best = target;
    }
  }
  return best;
}

/// Σ x q / Σ q² in eight partial sums each, as the CPU adds them.
struct Refit {
  float products[8] = {}, squares[8] = {};
  __device__ __forceinline__ void add(int i, float x, float q) {
    products[i % 8] = __fadd_rn(products[i % 8], __fmul_rn(q, x));
    squares[i % 8] = __fadd_rn(squares[i % 8], __fmul_rn(q, q));
  }
  static __device__ __forceinline__ float sum(const float (&p)[8]) {
    return __fadd_rn(__fadd_rn(__fadd_rn(p[0], p[4]), __fadd_rn(p[1], p[5])),
                     __fadd_rn(__fadd_rn(p[2], p[6]), __fadd_rn(p[3], p[7])));
  }
  __device__ __forceinline__ __half scale() const {
    const float square = sum(squares);
    return __float2half_rn(square > 0.0f ? __fdiv_rn(sum(products), square) : 0.0f);
  }
};

struct Encoded {
  std::uint32_t words[4] = {};
  __half scale;
};

__device__ __forceinline__ Encoded encode(const float (&x)[32], float peak, const Tables& tables) {
  int scaled[16] = {};
  bool negative = false;
#pragma unroll
  for (int i = 0; i < 32; ++i) {
    const float v = __fmul_rn(__fdiv_rn(x[i], peak), 32767.0f);
    const int whole = static_cast<int>(__fadd_rn(v, v < 0.0f ? -0.5f : 0.5f));
    negative |= whole == -32767;
    scaled[i / 2] |= i % 2 ? whole << 16 : whole & 0xffff;
  }
  const int target = searchTarget(scaled, negative, tables);
  Refit refit;
#pragma unroll
  for (int i = 0; i < 32; ++i) {
    const int whole = i % 2 ? scaled[i / 2] >> 16 : static_cast<int>(static_cast<short>(scaled[i / 2]));
    refit.add(i, x[i], static_cast<float>(tables.nearest[tableIndex(whole, target)]));
  }
  Encoded encoded;
#pragma unroll 1
  for (int round = 0; round < kRefits; ++round) {
    encoded.scale = refit.scale();
    const float scale = __half2float(encoded.scale);
    if (scale == 0.0f) break;  // below fp16
    const float inverse = __fdiv_rn(1.0f, scale);
    refit = Refit();
#pragma unroll
    for (int i = 0; i < 4; ++i) encoded.words[i] = 0;
#pragma unroll
    for (int i = 0; i < 32; ++i) {
      const int code = nearestCode(__fmul_rn(x[i], inverse));
      encoded.words[i / 8] |= static_cast<std::uint32_t>(code) << (i % 8 * 4);
      refit.add(i, x[i], tables.values[code]);
    }
  }
  return encoded;
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    quantize_q4_kernel(const T* __restrict__ source, std::int64_t firstRow, std::int64_t blocks,
                       char* __restrict__ data, const MatrixLayout layout) {
  __shared__ Tables tables;
  if (threadIdx.x < 16) tables.values[threadIdx.x] = kCodeValue[threadIdx.x];
  for (int i = threadIdx.x; i < 256; i += kThreads)
    tables.nearest[i] = static_cast<int>(kCodeValue[nearestCode(static_cast<float>(i - 128))]);
  __syncthreads();
  const std::int64_t unit = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (unit >= blocks) return;
  const int blocksARow = static_cast<int>(layout.paddedColumns / 32);
  const std::int64_t row = unit / blocksARow;
  const int block = static_cast<int>(unit % blocksARow), columns = static_cast<int>(layout.columns);
  float x[32];
  readValues<32>(source + row * columns + block * 32, columns - block * 32, x);
  float peak = 0;
#pragma unroll
  for (int i = 0; i < 32; ++i) peak = fmaxf(peak, fabsf(x[i]));
  const bool finite = poisonOf(x) == 0.0f;
  Encoded encoded;
  if (finite && peak > 0.0f) {
    encoded = encode(x, peak, tables);
  } else {
    for (auto& word : encoded.words) word = 0x88888888u;
    encoded.scale = __ushort_as_half(finite ? 0 : kHalfNan);
  }
  *reinterpret_cast<uint4*>(data + layout.codeAt(firstRow + row, block * 16)) =
      make_uint4(encoded.words[0], encoded.words[1], encoded.words[2], encoded.words[3]);
  *reinterpret_cast<__half*>(data + layout.scaleAt(firstRow + row, block * 2)) = encoded.scale;
}
}  // namespace

cudaError_t quantize_q4(cudaStream_t stream, const SourcePiece& piece, const MatrixView& matrix) {
  const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
  const std::int64_t blocks = piece.rows * (layout.paddedColumns / 32);
  return visitSource(piece, [&](auto source) {
    quantize_q4_kernel<<<blocksOf(blocks, kThreads), kThreads, 0, stream>>>(
        source, piece.firstRow, blocks, static_cast<char*>(const_cast<void*>(matrix.data)), layout);
    return cudaGetLastError();
  });
}

}  // namespace nibble::gpu

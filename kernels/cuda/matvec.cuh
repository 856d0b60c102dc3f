// The fast decode product. One block per SM owns a contiguous range of rows; `threadsPerRow` threads share a row (each keeps
// the activations of its chunks in registers), `rowGroups` rows are in flight side by side, `kUnroll` more behind each other.
//   prologue  weights of the first rows are asked for before the wait on the previous kernel; then x is read, multiplied by
//             the norm's gain and rounded to integers with a scale per 32 (the root of the norm is applied last).
//   main      stream rows; per-thread sums are folded across the warp (transposed, several rows at once) into shared memory.
//   epilogue  one thread a row: sum over warps, root, bias, then store, residual add or SwiGLU.
// Bytes moved: the matrix once. NaN in x reaches every output through the block scales.
#pragma once
#include "kernels/cuda/matvec.h"
#include "kernels/cuda/product_formats.cuh"

namespace nibble {
namespace gpu {

struct RowPlace {
  int segment;
  int row;
};

__device__ __forceinline__ RowPlace placeOf(const MatvecArgs& args, int row) {
  if (args.epilogue == Epilogue::swiglu) return {row & 1, row >> 1};
  int segment = 0;
  if (segment + 1 < args.segments && row >= args.segmentRows[0]) {
    row -= args.segmentRows[0];
    segment = 1;
    if (segment + 1 < args.segments && row >= args.segmentRows[1]) {
      row -= args.segmentRows[1];
      segment = 2;
    }
  }
  return {segment, row};
}

/// Rows [first, last) of this block; pairs stay together for SwiGLU.
__device__ __forceinline__ void rowsOfBlock(const MatvecArgs& args, int& first, int& last) {
  const int pair = args.epilogue == Epilogue::swiglu ? 2 : 1;
  const long long units = args.rows / pair;
  first = static_cast<int>(units * blockIdx.x / gridDim.x) * pair;
  last = static_cast<int>(units * (blockIdx.x + 1) / gridDim.x) * pair;
}

__device__ __forceinline__ void finishRow(const MatvecArgs& args, int row, float y, float pairY) {
  const RowPlace place = placeOf(args, row);
  if (args.bias[place.segment]) y += args.bias[place.segment][place.row];
  switch (args.epilogue) {
    case Epilogue::store: args.output[row] = y; break;
    case Epilogue::add: args.output[row] += y; break;
    case Epilogue::swiglu:
      if (args.bias[1]) pairY += args.bias[1][place.row];
      args.output[place.row] = y / (1.0f + __expf(-y)) * pairY;
      break;
    case Epilogue::multiplySilu: {
      const float gate = args.output[row];
      args.output[row] = gate / (1.0f + __expf(-gate)) * y;
      break;
    }
  }
}

/// x · gain into shared memory as integers; returns this thread's share of Σx². Called by all threads of the block.
template <bool Wide>
__device__ __forceinline__ float quantizeInput(const MatvecArgs& args, std::uint32_t* high, std::uint32_t* low, float* scales) {
  constexpr int kAtOnce = 4;
  const int columns = static_cast<int>(args.layout[0].columns);
  const int words = static_cast<int>(args.layout[0].paddedColumns) / 4;
  const bool whole = columns % 4 == 0;
  float squares = 0;
  for (int base = static_cast<int>(threadIdx.x & ~31u); base < words; base += kAtOnce * blockDim.x) {
    float4 x[kAtOnce];
#pragma unroll
    for (int k = 0; k < kAtOnce; ++k) {
      const int word = base + k * blockDim.x + (threadIdx.x & 31);
      x[k] = make_float4(0, 0, 0, 0);
      if (word * 4 >= columns) continue;
      if (whole) {
        x[k] = *reinterpret_cast<const float4*>(args.input + word * 4);
      } else {
        x[k].x = args.input[word * 4];
        if (word * 4 + 1 < columns) x[k].y = args.input[word * 4 + 1];
        if (word * 4 + 2 < columns) x[k].z = args.input[word * 4 + 2];
      }
    }
#pragma unroll
    for (int k = 0; k < kAtOnce; ++k) {
      const int word = base + k * blockDim.x + (threadIdx.x & 31);
      if (base + k * static_cast<int>(blockDim.x) >= words) break;
      float4 v = x[k];
      if (args.gain) {
        squares += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
        if (word * 4 < columns) {
          v.x *= args.gain[word * 4];
          if (word * 4 + 1 < columns) v.y *= args.gain[word * 4 + 1];
          if (word * 4 + 2 < columns) v.z *= args.gain[word * 4 + 2];
          if (word * 4 + 3 < columns) v.w *= args.gain[word * 4 + 3];
        }
      }
      // Bits of |x| order like the values and put NaN above all, so a NaN becomes the scale instead of vanishing.
      std::uint32_t top = max(max(__float_as_uint(fabsf(v.x)), __float_as_uint(fabsf(v.y))),
                              max(__float_as_uint(fabsf(v.z)), __float_as_uint(fabsf(v.w))));
#pragma unroll
      for (int mask = 4; mask > 0; mask >>= 1) top = max(top, __shfl_xor_sync(0xffffffffu, top, mask));
      if (word >= words) continue;
      const float limit = Wide ? 32767.0f : 127.0f;
      const float largest = __uint_as_float(top);
      const float inverse = largest > 0 ? limit / largest : 0.0f;
      const int a = __float2int_rn(v.x * inverse), b = __float2int_rn(v.y * inverse);
      const int c = __float2int_rn(v.z * inverse), d = __float2int_rn(v.w * inverse);
      if (Wide) {
        high[word] = pack4((a >> 8) & 255, (b >> 8) & 255, (c >> 8) & 255, (d >> 8) & 255);
        low[word] = pack4(a & 255, b & 255, c & 255, d & 255);
      } else {
        high[word] = pack4(a & 255, b & 255, c & 255, d & 255);
      }
      if (word % 8 == 0) scales[word / 8] = largest / limit;
    }
  }
  return squares;
}

/// fp32 activations straight into registers; returns this thread's share of Σx² (only of the first row group).
template <typename P>
__device__ __forceinline__ float loadInput(const MatvecArgs& args, typename P::Activations& a, int thread, bool countSquares) {
  const int columns = static_cast<int>(args.layout[0].columns);
  float squares = 0;
#pragma unroll
  for (int k = 0; k < P::kChunks; ++k) {
    const int column = (thread + k * args.threadsPerRow) * P::kColumns;
#pragma unroll
    for (int i = 0; i < P::kColumns; i += 4) {
      float4 v = make_float4(0, 0, 0, 0), g = make_float4(1, 1, 1, 1);
      if (columns % 4 == 0 && column + i < columns) {
        v = *reinterpret_cast<const float4*>(args.input + column + i);
        if (args.gain) g = *reinterpret_cast<const float4*>(args.gain + column + i);
      } else {
        float* values = &v.x;
        float* gains = &g.x;
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          if (column + i + j >= columns) continue;
          values[j] = args.input[column + i + j];
          if (args.gain) gains[j] = args.gain[column + i + j];
        }
      }
      if (countSquares) squares += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
      a.x[k][i] = v.x * g.x;
      a.x[k][i + 1] = v.y * g.y;
      a.x[k][i + 2] = v.z * g.z;
      a.x[k][i + 3] = v.w * g.w;
    }
  }
  return squares;
}

/// Sums `Rows` values over the warp at once; lane l ends with row rowOfLane<Rows>(l).
template <int Rows>
__device__ __forceinline__ float foldRows(const float (&v)[Rows]) {
  const int lane = threadIdx.x & 31;
  float sum;
  int mask = 16;
  if (Rows == 4) {
    const bool upper = lane & 16, odd = lane & 8;
    float a = upper ? v[Rows > 2 ? 2 : 0] : v[0], b = upper ? v[Rows > 2 ? 3 : 0] : v[Rows > 1 ? 1 : 0];
    a += __shfl_xor_sync(0xffffffffu, upper ? v[0] : v[Rows > 2 ? 2 : 0], 16);
    b += __shfl_xor_sync(0xffffffffu, upper ? v[Rows > 1 ? 1 : 0] : v[Rows > 2 ? 3 : 0], 16);
    sum = odd ? b : a;
    sum += __shfl_xor_sync(0xffffffffu, odd ? a : b, 8);
    mask = 4;
  } else if (Rows == 2) {
    const bool upper = lane & 16;
    sum = upper ? v[Rows > 1 ? 1 : 0] : v[0];
    sum += __shfl_xor_sync(0xffffffffu, upper ? v[0] : v[Rows > 1 ? 1 : 0], 16);
    mask = 8;
  } else {
    sum = v[0];
  }
#pragma unroll
  for (int m = 16; m > 0; m >>= 1)
    if (m <= mask) sum += __shfl_xor_sync(0xffffffffu, sum, m);
  return sum;
}
template <int Rows>
__device__ __forceinline__ int rowOfLane(int lane) {
  return Rows == 4 ? (lane >> 4) * 2 + ((lane >> 3) & 1) : Rows == 2 ? lane >> 4 : 0;
}

template <typename P>
struct Batch {
  typename P::Weights w[P::kUnroll];
};

template <typename P>
__device__ __forceinline__ RowContext contextOf(const MatvecArgs& args, const RowPlace& place, const float* code) {
  RowContext context{static_cast<std::uint32_t>(args.layout[0].scaleOffset), nullptr, code, 0};
  if (P::kNested) {
    context.nested = reinterpret_cast<const float*>(args.data[place.segment] + args.layout[place.segment].nestedOffset);
    context.blockOfRow = static_cast<std::int64_t>(place.row) * (args.layout[0].columns / 64);
  }
  return context;
}

template <typename P>
__device__ __forceinline__ void loadBatch(const MatvecArgs& args, Batch<P>& batch, int row, int lastRow, const std::uint32_t (&at)[P::kChunks]) {
#pragma unroll
  for (int u = 0; u < P::kUnroll; ++u) {
    const RowPlace place = placeOf(args, min(row + u * args.rowGroups, lastRow - 1));
    const RowContext context = contextOf<P>(args, place, nullptr);
    const std::uint8_t* data = args.data[place.segment] + static_cast<std::uint64_t>(place.row) * args.layout[0].stride;
#pragma unroll
    for (int k = 0; k < P::kChunks; ++k) P::load(batch.w[u], k, data, at[k], context);
  }
}

/// Dynamic shared memory: [activations: high plane, low plane, scales] [nf4-dq code] [sums (rows of block, warps per row)].
template <typename P>
__global__ void __launch_bounds__(1024) matvec_kernel(const __grid_constant__ MatvecArgs args) {
  extern __shared__ __align__(16) std::uint8_t memory[];
  __shared__ float squareSums[32];
  const int columns = static_cast<int>(args.layout[0].columns);
  const int padded = static_cast<int>(args.layout[0].paddedColumns);
  const int group = threadIdx.x / args.threadsPerRow;
  const int thread = threadIdx.x - group * args.threadsPerRow;
  const int lane = threadIdx.x & 31;
  int first, last;
  rowsOfBlock(args, first, last);
  allowNext();

  const int chunks = (padded + P::kColumns - 1) / P::kColumns;
  std::uint32_t at[P::kChunks];
#pragma unroll
  for (int k = 0; k < P::kChunks; ++k) {
    const int chunk = thread + k * args.threadsPerRow;
    at[k] = chunk < chunks ? chunk : 0;
  }
  const bool any = first < last;
  const int step = P::kUnroll * args.rowGroups;
  Batch<P> current;
  if (any) loadBatch<P>(args, current, first + group, last, at);
  if (args.prefetchBytes && any && threadIdx.x == 0) {
    const int pair = args.epilogue == Epilogue::swiglu ? 2 : 1;
    for (int s = 0; s < pair; ++s) {
      const RowPlace begin = placeOf(args, first + s), end = placeOf(args, last - pair + s);
      const std::uint8_t* from = args.data[begin.segment] + static_cast<std::uint64_t>(begin.row) * args.layout[0].stride;
      const int rows = begin.segment == end.segment ? end.row - begin.row + 1 : args.segmentRows[begin.segment] - begin.row;
      const std::uint64_t bytes = static_cast<std::uint64_t>(rows) * args.layout[0].stride;
      const std::uint64_t wanted = args.prefetchBytes / pair;
      prefetchL2(from, static_cast<std::uint32_t>(bytes < wanted ? bytes : wanted));
    }
  }
  if (args.gain)
    for (int i = threadIdx.x * 32; i < columns; i += blockDim.x * 32) prefetchLine(args.gain + i);

  std::uint32_t* high = reinterpret_cast<std::uint32_t*>(memory);
  std::uint32_t* low = high + (P::kWideInput ? padded / 4 : 0);
  float* scales = reinterpret_cast<float*>(low + (P::kQuantizedInput ? padded / 4 : 0));
  float* code = scales + (P::kQuantizedInput ? padded / 32 : 0);
  float* sums = code + (P::kNested ? 256 : 0);
  if (P::kNested) {
    const float* nested = reinterpret_cast<const float*>(args.data[0] + args.layout[0].nestedOffset);
    for (int i = threadIdx.x; i < 256; i += blockDim.x) code[i] = nested[4 + i];
  }

  waitForPrevious();

  typename P::Activations activations;
  float squares = 0;
  if constexpr (P::kQuantizedInput) {
    squares = quantizeInput<P::kWideInput>(args, high, low, scales);
  } else {
    squares = loadInput<P>(args, activations, thread, group == 0);
  }
  if (args.gain) {
    squares = warpSum(squares);
    if (lane == 0) squareSums[threadIdx.x >> 5] = squares;
  }
  __syncthreads();
  if constexpr (P::kQuantizedInput) {
    const SharedActivations shared{high, low, scales};
#pragma unroll
    for (int k = 0; k < P::kChunks; ++k) {
      const int chunk = thread + k * args.threadsPerRow;
      if (chunk < chunks) {
        activations.x[k].load(shared, chunk);
      } else {
        activations.x[k].clear();
      }
    }
  }

  const int warpsPerRow = args.threadsPerRow >> 5;
  const int warp = thread >> 5;
#pragma unroll 2
  for (int row = first + group; row < last; row += step) {
    Batch<P> next;
    if (row + step < last) loadBatch<P>(args, next, row + step, last, at);
    float sum[P::kUnroll];
#pragma unroll
    for (int u = 0; u < P::kUnroll; ++u) {
      RowContext context{};
      if (P::kNested) context = contextOf<P>(args, placeOf(args, min(row + u * args.rowGroups, last - 1)), code);
      sum[u] = P::dot(current.w[u], activations, context);
    }
    const float total = foldRows<P::kUnroll>(sum);
    const int mine = row + rowOfLane<P::kUnroll>(lane) * args.rowGroups;
    if ((lane & (32 / P::kUnroll - 1)) == 0 && mine < last) sums[(mine - first) * warpsPerRow + warp] = total;
    current = next;
  }
  __syncthreads();

  float root = 1.0f;
  if (args.gain) {
    float total = 0;
    for (int i = 0; i < static_cast<int>(blockDim.x >> 5); ++i) total += squareSums[i];
    root = rsqrtf(total / static_cast<float>(columns) + args.normEps);
  }
  const int pair = args.epilogue == Epilogue::swiglu ? 2 : 1;
  for (int i = threadIdx.x; i < (last - first) / pair; i += blockDim.x) {
    float y[2] = {0, 0};
    for (int p = 0; p < pair; ++p)
      for (int w = 0; w < warpsPerRow; ++w) y[p] += sums[(i * pair + p) * warpsPerRow + w];
    finishRow(args, first + i * pair, y[0] * root, y[1] * root);
  }
}

}  // namespace gpu
}  // namespace nibble

// The fast decode product without tensor cores: 16-bit weights, 16-bit activations, cards before 9.0, columns that are
// no multiple of 256. One block per SM owns a contiguous range of rows; `threadsPerRow` threads share a row (each keeps
// the activations of its chunks in registers), `rowGroups` rows are worked on side by side.
//   prologue  every thread fills its ring in shared memory with the weights of its first rows, before the wait on the
//   previous
//             kernel; then x is read, multiplied by the norm's gain and rounded to integers with a scale per 32 (the
//             root of the norm is applied last).
//   main      rows out of the ring, new ones asked for; per-thread sums are folded across the warp (transposed, several
//   rows
//             at once) into shared memory.
//   epilogue  one thread a row: sum over warps, root, bias, then store, residual add or SwiGLU.
// Bytes moved: the matrix once. NaN in x reaches every output through the block scales.
#pragma once
#include "kernels/cuda/finish_row.cuh"
#include "kernels/cuda/matvec.h"
#include "kernels/cuda/product_formats.cuh"
#include "kernels/cuda/quantize_input.cuh"

namespace nibble {
namespace gpu {

/// How rows are found: one matrix; gate and up side by side (odd row groups take up); or q, k and v behind each other.
enum class Rows { one, pair, three };

/// fp32 activations straight into registers; returns this thread's share of Σx².
template <typename P>
__device__ __forceinline__ float loadInput(const MatvecArgs& args, typename P::Activations& a, int thread) {
  float squares = 0;
#pragma unroll
  for (int k = 0; k < P::kChunks; ++k) {
    const int column = (thread + k * args.threadsPerRow) * P::kColumns;
#pragma unroll
    for (int i = 0; i < P::kColumns; i += 4) {
      float4 v = make_float4(0, 0, 0, 0);
      if (column + i < args.columns) v = *reinterpret_cast<const float4*>(args.input + column + i);
      if (args.gain) {
        squares += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
        if (column + i < args.columns) {
          const float4 g = *reinterpret_cast<const float4*>(args.gain + column + i);
          v = make_float4(v.x * g.x, v.y * g.y, v.z * g.z, v.w * g.w);
        }
      }
      a.x[k][i] = v.x;
      a.x[k][i + 1] = v.y;
      a.x[k][i + 2] = v.z;
      a.x[k][i + 3] = v.w;
    }
  }
  return squares;
}

/// One row's share of a thread as it comes out of the ring.
template <typename P>
struct RowShare {
  uint4 w[P::kChunks];
  std::uint32_t scale[P::kChunks];
  float nested, offset;  // nf4-dq
  const float* code;
};

/// A ring of rows in shared memory, every thread its own column of it: nobody waits for anybody. Rows are asked for
/// `slots` ahead; a thread's copies of kUnroll rows are one group.
template <typename P, Rows R>
struct Ring {
  static constexpr int kWords = P::kChunks * (P::kScaleBytes > 0) + P::kNested;  // 32-bit words beside the chunks
  static constexpr int kSlotBytes = P::kChunks * 16 + kWords * 4;                // a thread
  std::uint32_t weights, words;  // shared: (slots, chunks, threads) and (slots, words, threads), this thread's column
  std::uint32_t slotThreads;     // threads · 4: bytes of one word of all threads
  const std::uint8_t* data;      // the thread's first chunk in row 0 of the output
  std::uint32_t chunkBytes[P::kChunks];  // to its other chunks,
  std::int32_t scaleDelta[P::kChunks];   // and from the first to the words with their scales, in a panel's first row
  std::uint32_t stride, codeStep;        // bytes of a row; from a row's codes to the next one's in a panel,
  std::int32_t scaleStep;                // and how much less that is between their scales
  int panelMask;                         // rows of a panel - 1
  int asked, last, rowStep, nestedBlock, side;

  __device__ __forceinline__ void setUp(const MatvecArgs& args, std::uint8_t* memory, int thread, int group, int first,
                                        int rows) {
    const int chunk = thread < args.chunks ? thread : 0;
    slotThreads = kept(blockDim.x * 4);
    weights = kept(sharedAddress(memory) + threadIdx.x * 16);
    words = kept(sharedAddress(memory) + args.slots * slotThreads * P::kChunks * 4 + threadIdx.x * 4);
    side = R == Rows::pair ? group & 1 : 0;
    last = first + rows - 1;
    rowStep = R == Rows::pair ? args.rowGroups >> 1 : args.rowGroups;
    asked = first + (R == Rows::pair ? group >> 1 : group);
    const MatrixLayout& layout = args.layout[0];
    const std::uint64_t firstAt = layout.codeAt(0, chunk * 16);
    data = (side ? args.data[1] : args.data[0]) + firstAt;
    stride = kept(args.stride);
    codeStep = kept(layout.codeBytes());
    scaleStep = static_cast<std::int32_t>(kept(layout.codeBytes() - layout.scaleBytes()));
    panelMask = static_cast<int>(kept(layout.panelRows - 1));
    nestedBlock = chunk >> 1;
#pragma unroll
    for (int k = 0; k < P::kChunks; ++k) {
      // A thread without a chunk reads its first one again and multiplies it by nothing.
      const bool has = thread + k * args.threadsPerRow < args.chunks;
      const int at = has ? chunk + k * args.threadsPerRow : chunk;
      chunkBytes[k] = static_cast<std::uint32_t>(layout.codeAt(0, at * 16) - firstAt);
      scaleDelta[k] =
          static_cast<std::int32_t>(layout.scaleAt(0, ((at >> P::kScaleShift) * P::kScaleBytes) & ~3) - firstAt);
    }
  }

  /// nf4-dq: the tail of the row's matrix.
  __device__ __forceinline__ const float* nestedOf(const MatvecArgs& args, int row) const {
    if (R == Rows::three) return args.nested[row >= args.starts[2] ? 2 : row >= args.starts[1] ? 1 : 0];
    return args.nested[side];
  }
  __device__ __forceinline__ const float* nestedScale(const MatvecArgs& args, int row) const {
    const int own = R == Rows::three ? row - (row >= args.starts[2]   ? args.starts[2]
                                              : row >= args.starts[1] ? args.starts[1]
                                                                      : 0)
                                     : row;
    return nestedOf(args, row) + kNestedAbsmaxAt +
           ((static_cast<std::uint32_t>(own) * (args.columns >> 6) + nestedBlock) >> 8);
  }

  /// Asks for the next kUnroll rows of the thread.
  __device__ __forceinline__ void ask(const MatvecArgs& args, int slot) {
    const std::uint32_t w = weights + slot * P::kChunks * 4 * slotThreads, s = words + slot * kWords * slotThreads;
#pragma unroll
    for (int u = 0; u < P::kUnroll; ++u) {
      const bool wanted = asked <= last;
      const int row = P::kQuantizedInput ? asked & panelMask : 0;  // other weights lie record by record
      const std::uint8_t* at = data + static_cast<std::uint64_t>(static_cast<std::uint32_t>(asked - row)) * stride +
                               static_cast<std::uint64_t>(static_cast<std::uint32_t>(row)) * codeStep;
      if (R == Rows::three && asked >= args.starts[1])
        at += (asked >= args.starts[2] ? args.data[2] : args.data[1]) - args.data[0];
#pragma unroll
      for (int k = 0; k < P::kChunks; ++k) {
        copyAsync16(w + (u * P::kChunks + k) * 4 * slotThreads, k == 0 ? at : at + chunkBytes[k], wanted);
        if (P::kScaleBytes > 0)
          copyAsync4(s + (u * kWords + k) * slotThreads, at + (scaleDelta[k] - row * scaleStep), wanted);
      }
      if (P::kNested)
        copyAsync4(s + (u * kWords + P::kChunks) * slotThreads, nestedScale(args, min(asked, last)), wanted);
      asked += rowStep;
    }
    closeCopies();
  }

  __device__ __forceinline__ void read(int slot, RowShare<P>& out) const {
    const std::uint32_t w = weights + slot * P::kChunks * 4 * slotThreads, s = words + slot * kWords * slotThreads;
#pragma unroll
    for (int k = 0; k < P::kChunks; ++k) {
      out.w[k] = loadShared16(w + k * 4 * slotThreads);
      if (P::kScaleBytes > 0) out.scale[k] = loadShared4(s + k * slotThreads);
    }
    if (P::kNested) out.nested = __uint_as_float(loadShared4(s + P::kChunks * slotThreads));
  }
};

/// Waits until the oldest of `groups` (1 … 4) groups has come.
__device__ __forceinline__ void waitOldest(int groups) {
  if (groups >= 4)
    copiesLeft<3>();
  else if (groups == 3)
    copiesLeft<2>();
  else if (groups == 2)
    copiesLeft<1>();
  else
    copiesLeft<0>();
}

/// x into this thread's registers, by way of shared memory where it is rounded; Σx² by warps. Ends behind a barrier.
template <typename P>
__device__ __forceinline__ void prepareInput(const MatvecArgs& args, typename P::Activations& activations,
                                             const SharedActivations& shared, float* squareSums, int thread,
                                             int group) {
  float squares = 0;
  if constexpr (P::kQuantizedInput) {
    squares = quantizeInput<P::kWideInput>(args.input, args.gain, args.columns, static_cast<int>(blockDim.x),
                                           shared.high, shared.low, shared.scales);
  } else {
    squares = loadInput<P>(args, activations, thread);
    if (group > 0) squares = 0;
  }
  if (args.gain) {
    squares = warpSum(squares);
    if ((threadIdx.x & 31) == 0) squareSums[threadIdx.x >> 5] = squares;
  }
  __syncthreads();
  if constexpr (P::kQuantizedInput) {
#pragma unroll
    for (int k = 0; k < P::kChunks; ++k) {
      if (thread + k * args.threadsPerRow < args.chunks) {
        activations.x[k].load(shared, thread + k * args.threadsPerRow);
      } else {
        activations.x[k].clear();
      }
    }
  }
}

/// The block's rows from the sums of their warps. `residual`: what the output holds so far in this thread's first row.
template <Rows R>
__device__ __forceinline__ void finishRows(const MatvecArgs& args, const float* sums, const float* squareSums,
                                           int first, int rows, float residual) {
  constexpr int kSides = R == Rows::pair ? 2 : 1;
  const int warpsPerRow = args.threadsPerRow >> 5;
  float root = 1.0f;
  if (args.gain) {
    const int lane = threadIdx.x & 31;
    float total = lane < static_cast<int>(blockDim.x >> 5) ? squareSums[lane] : 0.0f;
    root = rsqrtf(warpSum(total) / static_cast<float>(args.columns) + args.normEps);
  }
#pragma unroll 1
  for (int i = threadIdx.x; i < rows; i += blockDim.x) {
    float y[kSides];
#pragma unroll
    for (int p = 0; p < kSides; ++p) {
      y[p] = 0;
#pragma unroll 4
      for (int w = 0; w < warpsPerRow; ++w) y[p] += sums[(p * rows + i) * args.sumStride + w];
    }
    if (args.epilogue == Epilogue::add && i != static_cast<int>(threadIdx.x)) residual = args.output[first + i];
    const RowBias bias = biasOf(args, first + i);
    finishRow(args, first + i, fmaf(y[0], root, bias.own), fmaf(y[kSides - 1], root, bias.pair), residual);
  }
}

/// Dynamic shared memory: [ring] [activations: high plane, low plane, scales] [nf4-dq code] [sums (rows of block, warps
/// per row)].
template <typename P, Rows R>
__global__ void __launch_bounds__(1024) matvec_kernel(const __grid_constant__ MatvecArgs args) {
  extern __shared__ __align__(16) std::uint8_t memory[];
  __shared__ float squareSums[32];
  allowNext();
  const int threadsPerRow = args.threadsPerRow;
  const int group = threadIdx.x / threadsPerRow;
  const int thread = threadIdx.x - group * threadsPerRow;
  const int lane = threadIdx.x & 31;
  // Rows of the output; a pair's gate and up rows have the same number.
  const int block = blockIdx.x;
  const int first = args.rows.firstOf(block), rows = args.rows.countOf(block);

  constexpr int kSides = R == Rows::pair ? 2 : 1;
  Ring<P, R> ring;
  ring.setUp(args, memory, thread, group, first, rows);
#pragma unroll 1
  for (int slot = 0; slot < args.slots; slot += P::kUnroll) ring.ask(args, slot);
  if (args.gain)
    for (int i = threadIdx.x * 32; i < args.columns; i += blockDim.x * 32) prefetchLine(args.gain + i);

  std::uint32_t* high = reinterpret_cast<std::uint32_t*>(memory + args.slots * blockDim.x * Ring<P, R>::kSlotBytes);
  std::uint32_t* low = high + (P::kWideInput ? args.columns / 4 : 0);
  float* scales = reinterpret_cast<float*>(low + (P::kQuantizedInput ? args.columns / 4 : 0));
  float* code = scales + (P::kQuantizedInput ? args.columns / 32 : 0);
  float* sums = code + (P::kNested ? 256 : 0);
  if (P::kNested)
    for (int i = threadIdx.x; i < 256; i += blockDim.x) code[i] = args.nested[0][kNestedCodeAt + i];

  waitForPrevious();

  float residual = 0;
  if (args.epilogue == Epilogue::add && threadIdx.x < rows) residual = args.output[first + threadIdx.x];
  typename P::Activations activations;
  prepareInput<P>(args, activations, {high, low, scales}, squareSums, thread, group);

  typename P::Tables tables;
  tables.keep();
  // This lane's row of the sums that foldRows leaves, and where they go.
  const int myRow = rowOfLane<P::kUnroll>(lane) * ring.rowStep;
  int row = first + group / kSides + myRow;
  const int rowAdvance = static_cast<int>(kept(P::kUnroll * ring.rowStep));
  std::uint32_t to =
      kept(sharedAddress(sums) + ((ring.side * rows + row - first) * args.sumStride + (thread >> 5)) * 4);
  const std::uint32_t toAdvance = kept(rowAdvance * args.sumStride * 4);
  const int end = (lane & (32 / P::kUnroll - 1)) == 0 ? ring.last : -1;
  const int groups = args.slots / P::kUnroll;
  int slot = 0;
#pragma unroll 1
  for (int left = group < args.rowGroups ? ring.last - (row - myRow) : -1; left >= 0; left -= rowAdvance) {
    waitOldest(groups);
    float sum[P::kUnroll];
#pragma unroll
    for (int u = 0; u < P::kUnroll; ++u) {
      RowShare<P> share;
      ring.read(slot + u, share);
      if (P::kNested) {
        share.offset = __ldg(ring.nestedOf(args, min(row - myRow + u * ring.rowStep, ring.last)));
        share.code = code;
      }
      sum[u] = P::dot(share, activations, tables, thread);
    }
    ring.ask(args, slot);
    slot = slot + P::kUnroll == args.slots ? 0 : slot + P::kUnroll;
    const float total = foldRows<P::kUnroll>(sum);
    if (row <= end) asm volatile("st.shared.f32 [%0], %1;" ::"r"(to), "f"(total) : "memory");
    row += rowAdvance;
    to += toAdvance;
  }
  __syncthreads();

  finishRows<R>(args, sums, squareSums, first, rows, residual);
}

}  // namespace gpu
}  // namespace nibble

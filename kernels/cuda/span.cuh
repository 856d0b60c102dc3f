// The kernel of a span. Every warp owns some rows of every matrix and a ring in shared memory of its own, which one
// more warp keeps filled through the bulk copy engine, across the borders between products: while a product waits for
// its input, the weights of the next ones come in. A row is one contiguous piece of memory, so a slot of the ring is
// one copy (two rows of one matrix, or the gate and the up row of a unit; long rows of 16 bits in pieces).
//   before the wait on the launch before   rings are filled
//   each product   its input is awaited and becomes activations in shared memory (span_input.cuh), then each warp
//                  multiplies its rows as they come, folds the sums over its lanes, and hands the results over.
// Bytes moved: the matrices once; 16 to 40 KB of input a block and product out of L2.
#pragma once
#include "kernels/cuda/span_input.cuh"
#include "kernels/cuda/span_ring.cuh"

namespace nibble {
namespace gpu {

template <typename P>
__device__ __forceinline__ std::uint32_t scaleOfChunk(std::uint32_t scales, int chunk) {
  if constexpr (P::kScaleBytes == 2) return loadShared2(scales + (chunk >> P::kScaleShift) * 2);
  if constexpr (P::kScaleBytes == 4) return loadShared4(scales + (chunk >> P::kScaleShift) * 4);
  return 0;
}

/// Adds this lane's share of the rows in one or two slots.
template <typename P, int Rows>
__device__ __forceinline__ void addSlots(const SpanRun& run, const std::uint32_t (&slots)[2], int firstChunk, int count,
                                         const SpanActivations& activations, const typename P::Tables& tables,
                                         float (&sum)[2]) {
  const std::uint32_t scalesAt = run.slotScalesAt;
#pragma unroll 2
  for (int c = threadIdx.x & 31; c < count; c += 32) {
    typename P::Chunk a;
    loadChunk(a, activations, firstChunk + c);
#pragma unroll
    for (int r = 0; r < Rows; ++r) {
      const uint4 w = loadShared16(slots[r] + c * 16);
      sum[r] += P::dotChunk(w, scaleOfChunk<P>(slots[r] + scalesAt, c), a, tables, 0);
    }
  }
}

/// A warp's rows as they are finished: bias, residual or SwiGLU, out. Lane i keeps what row i of the warp needs.
struct SpanRows {
  UnitRange units;
  float bias[2], residual;

  __device__ __forceinline__ void begin(const SpanRun& run, int warp, float lastResult) {
    units = unitsOfWarp(run, warp);
    const int row = units.begin + (threadIdx.x & 31);
    const bool has = row < units.end;
    bias[0] = has && run.bias[0] ? run.bias[0][row] : 0.0f;
    bias[1] = has && run.bias[1] ? run.bias[1][row] : 0.0f;
    residual = lastResult;
    if (run.kind == SpanKind::add && run.residual && has) {
      residual = __ldcg(run.residual + row);
      run.residual[row] = __uint_as_float(kNotYet);
    }
  }
  /// `y`: row `unit` in lanes 0 … 15 (SwiGLU: its gate), the next row (the up row) in the others.
  __device__ __forceinline__ void finish(const SpanRun& run, int unit, int rows, float y, float& lastResult) {
    const int lane = threadIdx.x & 31, half = lane >> 4, i = unit - units.begin;
    if (run.kind == SpanKind::swiglu) {
      const float gate = y + __shfl_sync(0xffffffffu, bias[0], i);
      const float up = __shfl_sync(0xffffffffu, y, 16) + __shfl_sync(0xffffffffu, bias[1], i);
      if (lane == 0) handOver(run.output + unit, gate / (1.0f + __expf(-gate)) * up);
      return;
    }
    y += __shfl_sync(0xffffffffu, bias[0], i + half);
    const bool writes = (lane & 15) == 0 && half < rows;
    if (run.kind == SpanKind::store) {
      if (writes) run.output[unit + half] = y;
      return;
    }
    y += __shfl_sync(0xffffffffu, residual, i + half);
    if (writes) handOver(run.output + unit + half, y);
    const float first = __shfl_sync(0xffffffffu, y, 0), second = __shfl_sync(0xffffffffu, y, 16);
    if (lane == i) lastResult = first;
    if (lane == i + 1 && rows > 1) lastResult = second;
  }
};

/// Dynamic shared memory: [rings of the warps] [activations] [tables of the rings].
/// P: format of the launch, P2: format of the runs marked `other`. The last kSpanAskers warps ask for weights, the
/// others multiply.
template <typename P, typename P2>
__global__ void __maxnreg__(144) span_kernel(const __grid_constant__ SpanArgs args) {
  extern __shared__ __align__(128) std::uint8_t memory[];
  __shared__ float squareSums[kSpanWarps];
  constexpr bool kIntegers = P::kQuantizedInput, kWide = P::kWideInput;
  allowNext();
  // By a shuffle, so that the compiler knows that what follows from the warp is one value for all its lanes.
  const int warp = __shfl_sync(0xffffffffu, threadIdx.x >> 5, 0), lane = threadIdx.x & 31;
  const std::uint32_t rings = sharedAddress(memory);
  SpanActivations activations;
  activations.high = rings + kSpanWarps * args.ringBytes;
  activations.half = spanHalfBytes(args.mostColumns, kIntegers);
  activations.low = activations.half * 2;
  activations.scales = activations.high + activations.half * (kWide ? 4 : 2);
  const std::uint32_t ringTables = activations.high + spanActivationBytes(args.mostColumns, kIntegers, kWide);
  if (warp < kSpanWarps) {
    const SpanRing ring(args, rings, ringTables, warp);
    if (lane < kSpanBarriers) initBarrier(ring.barrier(lane));
    if (lane == 0) storeShared8(ring.returned, 0, 0);
  }
  barriersReady();
  __syncthreads();
  if (warp >= kSpanWarps) return askForWeights(args, rings, ringTables, warp - kSpanWarps);
  SpanReader reader(SpanRing(args, rings, ringTables, warp));
  typename P::Tables tables;
  typename P2::Tables otherTables;
  tables.keep();
  otherTables.keep();
  // Else what is awaited comes from the attention, which has waited for all that this span reads and overwrites.
  if (args.waits) waitForPrevious();

  float root = 1.0f, lastResult = 0;
  GainAhead ahead;
  ahead.load(args.run[0]);
#pragma unroll 1
  for (int r = 0; r < args.runs; ++r) {
    const SpanRun& run = args.run[r];
    // What was marked in the first run is seen by all before anything of the later runs is.
    if (r == 1) __threadfence();
    if (run.input) {
      const float squares = warpSum(prepareSpanInput<kIntegers, kWide>(run, ahead, activations));
      if (lane == 0) squareSums[warp] = squares;
      meetReaders();
      float total = 0;
#pragma unroll
      for (int w = 0; w < kSpanWarps; ++w) total += squareSums[w];
      root = run.gain ? rsqrtf(total / static_cast<float>(run.columns) + args.normEps) : 1.0f;
    }
    SpanRows rows;
    rows.begin(run, warp, lastResult);
    if (r == 0)
      for (int at = blockIdx.x * kSpanThreads + threadIdx.x; at < args.forgetCount; at += gridDim.x * kSpanThreads)
        if (at < args.keepFrom || at >= args.keepTo) args.forget[at] = __uint_as_float(kNotYet);
    if (r + 1 < args.runs) ahead.load(args.run[r + 1]);
#pragma unroll 1
    for (int unit = rows.units.begin; unit < rows.units.end;) {
      const int count = rowsAtOnce(run, unit, rows.units.end);
      float sum[2] = {0, 0};
#pragma unroll 1
      for (int piece = 0; piece < run.pieces; ++piece) {
        const int firstChunk = piece * run.pieceChunks, chunks = min(run.pieceChunks, run.chunks - firstChunk);
        std::uint32_t slots[2];
        slots[0] = slots[1] = reader.take(run.slotRowBytes, args.ringBytes);
        if (count > 1) slots[1] = reader.take(run.slotRowBytes, args.ringBytes);
        if (run.other) {
          if (count > 1)
            addSlots<P2, 2>(run, slots, firstChunk, chunks, activations, otherTables, sum);
          else
            addSlots<P2, 1>(run, slots, firstChunk, chunks, activations, otherTables, sum);
        } else if (count > 1) {
          addSlots<P, 2>(run, slots, firstChunk, chunks, activations, tables, sum);
        } else {
          addSlots<P, 1>(run, slots, firstChunk, chunks, activations, tables, sum);
        }
        reader.giveBack();
      }
      rows.finish(run, unit, count, foldRows<2>(sum) * root, lastResult);
      unit += run.kind == SpanKind::swiglu ? 1 : count;
    }
  }
}

}  // namespace gpu
}  // namespace nibble

// Split flash decoding on tensor cores: the query heads of one KV head are the rows of mma.m16n8k16. One block a (KV
// head, split), each warp takes 16 positions at a time straight from the cache into mma fragments: the contraction
// index and the output columns are permuted so that every thread's share of K and V is contiguous in memory, and no
// shared memory is passed. Scores and sums in fp32, probabilities and queries in fp16; 8- and 4-bit caches are turned
// to fp16 in registers. Bytes moved: the cache once.
#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_splits.cuh"
#include "kernels/cuda/attention_tiles.cuh"
#include "kernels/cuda/kv_cache.cuh"
#include "kernels/cuda/launch.h"

namespace nibble {
namespace gpu {

namespace {

constexpr int kThreads = kTensorWarps * 32;

constexpr int kPart = 64;  ///< output columns that the warps put together at a time
constexpr int kOutPad = 4;

/// Shared memory: warps' sums of kPart columns (warps, 16, kPart + pad), their maxima and denominators (warps, 16).
/// Small, since the span that reads its weights ahead is on the multiprocessor too.
struct BlockSums {
  float out[kTensorWarps][16][kPart + kOutPad];
  float top[kTensorWarps][16];
  float below[kTensorWarps][16];
};

template <int HD>
__device__ void leaveMaxima(Running<HD>& run, BlockSums& sums) {
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, row = lane >> 2;
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    run.below[r] += __shfl_xor_sync(0xffffffffu, run.below[r], 1);
    run.below[r] += __shfl_xor_sync(0xffffffffu, run.below[r], 2);
    if ((lane & 3) == 0) {
      sums.top[warp][row + 8 * r] = run.top[r];
      sums.below[warp][row + 8 * r] = run.below[r];
    }
  }
}

/// Accumulator tiles 8 · part … 8 · part + 7: column (n, t) of the part stands at n · 8 + t.
template <int HD>
__device__ __forceinline__ void leaveSums(const Running<HD>& run, int part, BlockSums& sums) {
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, row = lane >> 2;
#pragma unroll
  for (int p = 0; p < HD / kPart; ++p) {
    if (p != part) continue;
#pragma unroll
    for (int r = 0; r < 2; ++r)
#pragma unroll
      for (int i = 0; i < 2; ++i)
#pragma unroll
        for (int t = 0; t < 8; t += 4)
          *reinterpret_cast<float4*>(&sums.out[warp][row + 8 * r][((lane & 3) * 2 + i) * 8 + t]) =
              make_float4(run.out[8 * p + t][2 * r + i], run.out[8 * p + t + 1][2 * r + i],
                          run.out[8 * p + t + 2][2 * r + i], run.out[8 * p + t + 3][2 * r + i]);
  }
}

/// The warps' sums of a part as one: the output itself, or this split's partial. A warp a row, a lane two columns.
template <KvCacheFormat F, int HD>
__device__ void combineWarps(const AttentionArgs& args, const SplitRange& range, const BlockSums& sums, int part,
                             int warpsUsed) {
  const int group = args.heads / args.kvHeads;
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  for (int row = warp; row < group; row += kTensorWarps) {
    float top = -INFINITY, below = 0;
    for (int w = 0; w < warpsUsed; ++w) top = fmaxf(top, sums.top[w][row]);
    float out[2] = {};
    for (int w = 0; w < warpsUsed; ++w) {
      const float scale = exp2f(sums.top[w][row] - top);
      below += sums.below[w][row] * scale;
#pragma unroll
      for (int i = 0; i < 2; ++i) out[i] = fmaf(sums.out[w][row][lane + 32 * i], scale, out[i]);
    }
    float* target = range.active == 1 ? args.output + (range.kvHead * group + row) * HD
                                      : partialOf(args, range, range.split) + row * partialStride(HD);
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int at = lane + 32 * i;
      float* to = target + Shape<F, HD>::column(8 * part + (at & 7), at >> 3);
      if (range.active == 1)
        handOver(to, out[i] / below);
      else
        *to = out[i];
    }
    if (range.active > 1 && part == 0 && lane == 0) {
      target[HD] = top;
      target[HD + 1] = below;
    }
  }
}

template <KvCacheFormat F, int HD>
__global__ void __launch_bounds__(kThreads, 3) attend_tensor_kernel(const __grid_constant__ AttentionArgs args) {
  extern __shared__ __align__(16) std::uint8_t memory[];
  BlockSums& sums = *reinterpret_cast<BlockSums*>(memory);
  __shared__ __align__(16) QueryRows<HD> queries;
  __shared__ __align__(16) NewestRows<HD> newest;
  allowNext();
  const SplitRange range = rangeOf(args, blockIdx.y, blockIdx.x, gridDim.x);
  if (range.split >= range.active) return;
  const int warp = threadIdx.x >> 5;
  const std::int64_t head = static_cast<std::int64_t>(range.kvHead) * args.layout.capacity;
  int first = range.begin + warp * 16;
  const bool works = first < range.end;
  KeyTile<F, HD> keys;
  ValueTile<F, HD> values;
  // Positions of earlier steps are read before the wait (nothing under way writes them); the newest is patched in.
  if (works) {
    keys.load(args, head, first, range.end - 1);
    values.load(args, head, first, range.end - 1);
  }
  waitForPrevious();
  prepareBlock<F, HD, kTensorWarps>(args, range, &sums.out[0][0][0], queries, newest);
  Running<HD> run;
  while (first < range.end) {
    const int next = first + kTensorWarps * 16;
    const bool holdsNewest = first + 16 > range.position;
    if (holdsNewest) {
      keys.patch(newest, first, range.position);
      values.patch(newest, first, range.position);
    }
    float scores[2][4] = {};
    keys.scores(queries, scores);
    if (next < range.end) keys.load(args, head, next, range.end - 1);
    std::uint32_t a[4];
    run.update(scores, first, range.end, a);
    values.accumulate(a, run.out);
    if (next < range.end) values.load(args, head, next, range.end - 1);
    first = next;
  }
  const int warpsUsed = min(kTensorWarps, (range.end - range.begin + 15) / 16);
#pragma unroll
  for (int part = 0; part < HD / kPart; ++part) {
    __syncthreads();
    if (works && part == 0) leaveMaxima<HD>(run, sums);
    if (works) leaveSums<HD>(run, part, sums);
    __syncthreads();
    combineWarps<F, HD>(args, range, sums, part, warpsUsed);
  }
  if (range.active == 1) return;
  meetSplits(args, range);
  mergeSplits(args, range, &sums.out[0][0][0]);
}

template <KvCacheFormat F, int HD>
cudaError_t launchShape(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent) {
  return launch(attend_tensor_kernel<F, HD>, dim3(splits, args.kvHeads), dim3(kThreads), sizeof(BlockSums), stream,
                dependent, args);
}

template <int HD>
cudaError_t launchFormat(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent) {
  switch (args.format) {
    case KvCacheFormat::f16:
      return launchShape<KvCacheFormat::f16, HD>(stream, args, splits, dependent);
    case KvCacheFormat::q8:
      return launchShape<KvCacheFormat::q8, HD>(stream, args, splits, dependent);
    default:
      return launchShape<KvCacheFormat::q4, HD>(stream, args, splits, dependent);
  }
}

}  // namespace

cudaError_t launchTensorAttention(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent) {
  return args.headDim == 64 ? launchFormat<64>(stream, args, splits, dependent)
                            : launchFormat<128>(stream, args, splits, dependent);
}

}  // namespace gpu
}  // namespace nibble

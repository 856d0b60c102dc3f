// Split flash decoding on tensor cores over a cache of 8 or 4 bits: the query heads of one KV head are the rows of
// mma.m16n8k16, and one block a (KV head, split). Each warp takes 16 positions at a time straight from the cache into
// fragments and has a softmax and sums of its own: what limits it is turning codes to fp16, so it does nothing beside.
// Scores and sums in fp32, probabilities and queries in fp16. Bytes moved: the cache once (figures: kernels/README.md).
#include <algorithm>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_running.cuh"
#include "kernels/cuda/attention_splits.cuh"
#include "kernels/cuda/attention_tiles.cuh"
#include "kernels/cuda/launch.h"

namespace nibble {
namespace gpu {

namespace {

/// Where a column of a warp's sums lies in its row: the four lanes of a row write columns 16 or 32 apart, which must
/// not meet in a bank. Nor must neighbouring rows: a row is 4 words more than a multiple of 8, placed columns lie a
/// multiple of 8 apart.
constexpr int placeOfColumn(int column) {
  return column + column / 32 * 8;
}
template <int HD>
constexpr int kSumRow = placeOfColumn(HD) - 4;

/// Shared memory: warps' sums (warps, 16, columns as placed), their maxima and denominators (warps, 16).
template <int HD>
struct BlockSums {
  float out[kAttentionWarps][16][kSumRow<HD>];
  float top[kAttentionWarps][16];
  float below[kAttentionWarps][16];
};

template <KvCacheFormat F, int HD>
__device__ void leaveSums(RunningSoftmax<HD>& run, BlockSums<HD>& sums) {
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
  using Values = ValueTile<F, HD>;
#pragma unroll
  for (int r = 0; r < 2; ++r)
#pragma unroll
    for (int i = 0; i < 2; ++i)
#pragma unroll
      for (int t = 0; t < HD / 8; t += 4)
        *reinterpret_cast<float4*>(&sums.out[warp][row + 8 * r][placeOfColumn(Values::column(t, (lane & 3) * 2 + i))]) =
            make_float4(run.out[t][2 * r + i], run.out[t + 1][2 * r + i], run.out[t + 2][2 * r + i],
                        run.out[t + 3][2 * r + i]);
}

/// The warps' sums as one, half a warp a row. (A warp that had no position has left zeros under a maximum of minus
/// infinity.)
template <int HD>
__device__ void combineWarps(const AttentionArgs& args, const SplitRange& range, const BlockSums<HD>& sums) {
  const int lane = threadIdx.x & 31, row = (threadIdx.x >> 5) * 2 + (lane >> 4), column = (lane & 15) * 4;
  float top = -INFINITY, below = 0;
  float4 out[HD / 64] = {};
#pragma unroll
  for (int w = 0; w < kAttentionWarps; ++w) top = fmaxf(top, sums.top[w][row]);
#pragma unroll
  for (int w = 0; w < kAttentionWarps; ++w) {
    const float scale = fastExp2(sums.top[w][row] - top);
    below += sums.below[w][row] * scale;
#pragma unroll
    for (int i = 0; i < HD / 64; ++i) {
      const float4 own = *reinterpret_cast<const float4*>(&sums.out[w][row][placeOfColumn(column + 64 * i)]);
      out[i] = make_float4(fmaf(own.x, scale, out[i].x), fmaf(own.y, scale, out[i].y), fmaf(own.z, scale, out[i].z),
                           fmaf(own.w, scale, out[i].w));
    }
  }
  leaveRow<HD>(args, range, row, out, top, below);
}

template <KvCacheFormat F, int HD>
__global__ void __launch_bounds__(kAttentionThreads, 1)
    attend_quantized_kernel(const __grid_constant__ AttentionArgs args) {
  extern __shared__ __align__(16) std::uint8_t memory[];
  BlockSums<HD>& sums = *reinterpret_cast<BlockSums<HD>*>(memory);
  __shared__ __align__(16) QueryRows<HD> queries;
  __shared__ __align__(16) NewestRows<HD> newest;
  using Keys = KeyTile<F, HD>;
  using Values = ValueTile<F, HD>;
  allowNext();
  const SplitRange range = rangeOf(args, blockIdx.y, blockIdx.x, gridDim.x);
  if (range.split >= range.active) return;
  const std::int64_t head = static_cast<std::int64_t>(range.kvHead) * args.layout.capacity;
  const int stored = min(range.end, range.position);  // positions of earlier steps end here; the newest is patched in
  int first = range.begin + (threadIdx.x >> 5) * 16;
  Keys keys;
  Values values;
  typename Keys::Place keysAt = Keys::placeOf(args, head, first);
  typename Values::Place valuesAt = Values::placeOf(args, head, first);
  // Positions of earlier steps are read before the wait: nothing under way writes them.
  keys.load(keysAt, stored - first);
  values.load(valuesAt, stored - first);
  waitForPrevious();
  BlockInput<F, HD> input;
  input.load(args, range);
  input.finish(args, range, &sums.out[0][0][0], queries, newest);
  const QueryFragments<F, HD> fragments(queries);
  RunningSoftmax<HD> run;
  while (first < range.end) {
    const int next = first + kAttentionRound;
    const bool holdsNewest = first + 16 > range.position;
    if (holdsNewest) {
      keys.patch(newest, first, range.position);
      values.patch(newest, first, range.position);
    }
    float scores[2][4] = {};
    keys.scores(fragments, scores);
    keysAt.advance(kAttentionRound);
    keys.load(keysAt, stored - next);
    std::uint32_t a[4];
    run.update(scores, first, range.end, a);
    values.accumulate(a, run.out);
    valuesAt.advance(kAttentionRound);
    values.load(valuesAt, stored - next);
    first = next;
  }
  leaveSums<F, HD>(run, sums);
  __syncthreads();
  combineWarps<HD>(args, range, sums);
  if (range.active == 1) return;
  const MergeShare share = meetSplits(args, range);
  if (share.index >= 0) mergeSplits<HD>(args, range, share, &sums.out[0][0][0]);
}

template <KvCacheFormat F, int HD>
cudaError_t launchFormat(cudaStream_t stream, AttentionArgs args, int splits, bool dependent) {
  static_assert(sizeof(BlockSums<HD>) >= kMergeFloats * sizeof(float) && kAttentionWarps == kMergeWarps);
  constexpr std::size_t kStatic = sizeof(QueryRows<HD>) + sizeof(NewestRows<HD>) + sizeof(int);  // meetSplits()'s place
  static_assert(sizeof(BlockSums<HD>) + kStatic <= kTensorAttentionKiB * 1024);
  args.granule = kAttentionRound;
  args.oneBlockPositions = F == KvCacheFormat::q8 ? 2 * kAttentionRound : kAttentionRound;
  return launch(attend_quantized_kernel<F, HD>, dim3(splits, args.kvHeads), dim3(kAttentionThreads),
                std::max<std::size_t>(sizeof(BlockSums<HD>), args.aloneKiB * 1024), stream, dependent, args);
}

template <int HD>
cudaError_t launchHeads(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent) {
  return args.format == KvCacheFormat::q8 ? launchFormat<KvCacheFormat::q8, HD>(stream, args, splits, dependent)
                                          : launchFormat<KvCacheFormat::q4, HD>(stream, args, splits, dependent);
}

}  // namespace

cudaError_t launchQuantizedAttention(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent) {
  return args.headDim == 64 ? launchHeads<64>(stream, args, splits, dependent)
                            : launchHeads<128>(stream, args, splits, dependent);
}

}  // namespace gpu
}  // namespace nibble

// Split flash decoding on tensor cores over a cache of 16 bits: the query heads of one KV head are the rows of
// mma.m16n8k16. One block a (KV head, split) takes 128 positions a round: each warp computes the scores of 16 of them,
// with K straight from the cache; all share one softmax; then each computes its own columns of the output over all of
// them (head_dim 64: over half of them), with V out of shared memory. Scores and sums in fp32, probabilities and
// queries in fp16. Bytes moved: the cache once (figures: kernels/README.md).
#include <algorithm>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_softmax.cuh"
#include "kernels/cuda/attention_splits.cuh"
#include "kernels/cuda/attention_tiles.cuh"
#include "kernels/cuda/attention_values.cuh"
#include "kernels/cuda/launch.h"

namespace nibble {
namespace gpu {

namespace {

constexpr KvCacheFormat kFormat = KvCacheFormat::f16;

/// The block's sums by rows, for each of the shares that a group of columns has (OutputTiles). Rows 8 words more than a
/// multiple of 32 apart, so that the lanes of a store do not meet in a bank.
template <int HD>
struct OutputRows {
  static constexpr int kShares = OutputTiles<HD>::kShares;
  alignas(16) float rows[kShares][16][HD + 8];
};

template <int HD>
struct BlockMemory {
  QueryRows<HD> queries;  // behind the last round: for merging
  NewestRows<HD> newest;
  SoftmaxRows softmax;
  ProbabilityRows probabilities;
  OutputRows<HD> out;
};

template <int HD>
__device__ void leaveSums(const OutputTiles<HD>& tiles, OutputRows<HD>& out) {
  const int lane = threadIdx.x & 31, column = tiles.group() * 16 + (lane & 3) * 2;
#pragma unroll
  for (int t = 0; t < 2; ++t)
#pragma unroll
    for (int r = 0; r < 2; ++r)
      *reinterpret_cast<float2*>(&out.rows[tiles.share()][(lane >> 2) + 8 * r][column + t * 8]) =
          make_float2(tiles.sums[t][2 * r], tiles.sums[t][2 * r + 1]);
}

/// From there to where they belong: half a warp a row.
template <int HD>
__device__ void finishRows(const AttentionArgs& args, const SplitRange& range, const SoftmaxRows& softmax,
                           const OutputRows<HD>& out) {
  const int lane = threadIdx.x & 31, row = (threadIdx.x >> 5) * 2 + (lane >> 4), column = (lane & 15) * 4;
  float below = 0;
#pragma unroll
  for (int w = 0; w < kAttentionWarps; w += 4) {
    const float4 own = *reinterpret_cast<const float4*>(&softmax.below[row][w]);
    below += (own.x + own.y) + (own.z + own.w);
  }
  float4 sums[HD / 64] = {};
#pragma unroll
  for (int i = 0; i < HD / 64; ++i)
#pragma unroll
    for (int share = 0; share < OutputRows<HD>::kShares; ++share) {
      const float4 own = *reinterpret_cast<const float4*>(&out.rows[share][row][column + 64 * i]);
      sums[i] = make_float4(sums[i].x + own.x, sums[i].y + own.y, sums[i].z + own.z, sums[i].w + own.w);
    }
  leaveRow<HD>(args, range, row, sums, softmax.lastTop[row], below);
}

template <int HD>
__global__ void __launch_bounds__(kAttentionThreads, 1) attend_half_kernel(const __grid_constant__ AttentionArgs args) {
  extern __shared__ __align__(128) std::uint8_t stages[];
  __shared__ BlockMemory<HD> memory;
  using Ring = ValueRing<HD>;
  using Keys = KeyTile<kFormat, HD>;
  allowNext();
  const SplitRange range = rangeOf(args, blockIdx.y, blockIdx.x, gridDim.x);
  if (range.split >= range.active) return;
  const int warp = threadIdx.x >> 5;
  const std::int64_t head = static_cast<std::int64_t>(range.kvHead) * args.layout.capacity;
  const int stored = min(range.end, range.position);  // positions of earlier steps end here; the newest is patched in
  int first = range.begin + warp * 16;                // of the warp in this round
  Keys keys;
  typename Keys::Place keysAt = Keys::placeOf(args, head, first);
  const Ring values(args.values, head + range.begin, stages);
  // Positions of earlier steps are read before the wait: nothing under way writes them.
  keys.load(keysAt, stored - first);
#pragma unroll
  for (int i = 0; i < Ring::kStages; ++i) {
    const int begin = range.begin + i * kAttentionRound;
    if (begin < range.end) values.copy(i, stored - begin);
    closeCopies();
  }
  waitForPrevious();
  BlockInput<kFormat, HD> input;
  input.load(args, range);
  input.finish(args, range, nullptr, memory.queries, memory.newest);
  const QueryFragments<kFormat, HD> fragments(memory.queries);
  SharedSoftmax softmax;
  OutputTiles<HD> out;
#pragma unroll 1
  for (int round = 0, begin = range.begin; begin < range.end; ++round, begin += kAttentionRound) {
    const bool holdsNewest = first <= range.position && first + 16 > range.position;
    if (holdsNewest) {
      keys.patch(memory.newest, first, range.position);
      values.patch(round, range.position - begin, memory.newest);
    }
    float scores[2][4] = {};
    keys.scores(fragments, scores);
    keysAt.advance(kAttentionRound);
    keys.load(keysAt, stored - first - kAttentionRound);
    maskScores(scores, first, range.end);
    softmax.offer(scores, memory.softmax);
    __syncthreads();
    if (round > 0) {  // the one before it has been read
      const int ahead = begin + (Ring::kStages - 1) * kAttentionRound;
      if (ahead < range.end) values.copy(round + Ring::kStages - 1, stored - ahead);
      closeCopies();
    }
    float keep[2];
    softmax.take(scores, memory.softmax, memory.probabilities, keep);
    copiesLeft<Ring::kStages - 1>();
    __syncthreads();
    out.add(memory.probabilities, values.stages[round % Ring::kStages], range.end - begin, keep);
    first += kAttentionRound;
  }
  softmax.leave(memory.softmax);
  leaveSums(out, memory.out);
  __syncthreads();
  finishRows<HD>(args, range, memory.softmax, memory.out);
  if (range.active == 1) return;
  const MergeShare share = meetSplits(args, range);
  if (share.index >= 0) mergeSplits<HD>(args, range, share, reinterpret_cast<float*>(&memory.queries));
}

template <int HD>
cudaError_t launchHeads(cudaStream_t stream, AttentionArgs args, int splits, bool dependent) {
  static_assert(sizeof(QueryRows<HD>) >= kMergeFloats * sizeof(float) && kAttentionWarps == kMergeWarps);
  constexpr std::size_t kStages = sizeof(ValueStage<HD>) * ValueRing<HD>::kStages;
  constexpr std::size_t kStatic = sizeof(BlockMemory<HD>) + sizeof(int);  // meetSplits()'s place
  static_assert(kStages + kStatic <= kTensorAttentionKiB * 1024);
  args.granule = kAttentionRound;
  args.oneBlockPositions = 2 * kAttentionRound;  // two rounds are faster than two blocks that have to meet
  return launch(attend_half_kernel<HD>, dim3(splits, args.kvHeads), dim3(kAttentionThreads),
                std::max<std::size_t>(kStages, args.aloneKiB * 1024), stream, dependent, args);
}

}  // namespace

cudaError_t launchHalfAttention(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent) {
  return args.headDim == 64 ? launchHeads<64>(stream, args, splits, dependent)
                            : launchHeads<128>(stream, args, splits, dependent);
}

}  // namespace gpu
}  // namespace nibble

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

/// Where a column of a warp's sums lies in its row: the four lanes of a row write columns 16 or 32 apart, which must
/// not meet in a bank. Nor must neighbouring rows: a row is 4 words more than a multiple of 8, placed columns lie a
/// multiple of 8 apart.
constexpr int placeOfColumn(int column) {
  return column + column / 32 * 8;
}
template <int HD>
constexpr int kSumRow = placeOfColumn(HD) - 4;

/// Shared memory: warps' sums (warps, 16, columns as placed), their maxima and denominators (warps, 16).
template <int HD, int kWarps>
struct BlockSums {
  float out[kWarps][16][kSumRow<HD>];
  float top[kWarps][16];
  float below[kWarps][16];
};

template <KvCacheFormat F, int HD, int kWarps>
__device__ void leaveSums(Running<HD>& run, BlockSums<HD, kWarps>& sums) {
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
  using S = Shape<F, HD>;
#pragma unroll
  for (int r = 0; r < 2; ++r)
#pragma unroll
    for (int i = 0; i < 2; ++i)
#pragma unroll
      for (int t = 0; t < HD / 8; t += 4)
        *reinterpret_cast<float4*>(&sums.out[warp][row + 8 * r][placeOfColumn(S::column(t, (lane & 3) * 2 + i))]) =
            make_float4(run.out[t][2 * r + i], run.out[t + 1][2 * r + i], run.out[t + 2][2 * r + i],
                        run.out[t + 3][2 * r + i]);
}

/// The warps' sums as one: the output itself, or this split's partial. Half a warp a row: four neighbouring columns a
/// lane out of every 64. (A warp that had no position has left zeros under a maximum of minus infinity.)
template <int HD, int kWarps>
__device__ void combineWarps(const AttentionArgs& args, const SplitRange& range, const BlockSums<HD, kWarps>& sums) {
  constexpr int kParts = HD / 64;
  const int group = args.heads / args.kvHeads;
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, column = (lane & 15) * 4;
#pragma unroll 1
  for (int r = 0; r < 8 / kWarps; ++r) {
    const int row = (warp + r * kWarps) * 2 + (lane >> 4);
    float top = -INFINITY, below = 0;
    float4 out[kParts] = {};
#pragma unroll
    for (int w = 0; w < kWarps; ++w) top = fmaxf(top, sums.top[w][row]);
#pragma unroll
    for (int w = 0; w < kWarps; ++w) {
      const float scale = fastExp2(sums.top[w][row] - top);
      below += sums.below[w][row] * scale;
#pragma unroll
      for (int i = 0; i < kParts; ++i) {
        const float4 own = *reinterpret_cast<const float4*>(&sums.out[w][row][placeOfColumn(column + 64 * i)]);
        out[i] = make_float4(fmaf(own.x, scale, out[i].x), fmaf(own.y, scale, out[i].y), fmaf(own.z, scale, out[i].z),
                             fmaf(own.w, scale, out[i].w));
      }
    }
    if (row >= group) continue;
    const bool alone = range.active == 1;
    float* target = alone ? args.output + (range.kvHead * group + row) * HD
                          : partialOf(args, range, range.split) + row * partialStride(HD);
    const float factor = alone ? __fdividef(1.0f, below) : 1.0f;
    const std::uint32_t lanes = 0xffffu << (lane & 16);
#pragma unroll
    for (int i = 0; i < kParts; ++i) {
      const float o[4] = {out[i].x * factor, out[i].y * factor, out[i].z * factor, out[i].w * factor};
      *reinterpret_cast<float4*>(target + column + 64 * i) = make_float4(o[0], o[1], o[2], o[3]);
      if (alone && args.rounded)
        storeRoundedColumns(args.rounded, args.heads * HD, (range.kvHead * group + row) * HD + column + 64 * i, o,
                            lanes);
    }
    if (!alone && (lane & 15) == 0) *reinterpret_cast<float2*>(target + HD) = make_float2(top, below);
  }
}

template <KvCacheFormat F, int HD, int kWarps>
__global__ void __launch_bounds__(kWarps * 32, kWarps == kFewAttentionWarps ? 2 : 1)
    attend_tensor_kernel(const __grid_constant__ AttentionArgs args) {
  extern __shared__ __align__(16) std::uint8_t memory[];
  BlockSums<HD, kWarps>& sums = *reinterpret_cast<BlockSums<HD, kWarps>*>(memory);
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
  BlockInput<F, HD, kWarps> input;
  input.load(args, range);
  input.finish(args, range, &sums.out[0][0][0], queries, newest);
  const QueryFragments<F, HD> fragments(queries);
  Running<HD> run;
  while (first < range.end) {
    const int next = first + kWarps * 16;
    const bool holdsNewest = first + 16 > range.position;
    if (holdsNewest) {
      keys.patch(newest, first, range.position);
      values.patch(newest, first, range.position);
    }
    float scores[2][4] = {};
    keys.scores(fragments, scores);
    if (next < range.end) keys.load(args, head, next, range.end - 1);
    std::uint32_t a[4];
    run.update(scores, first, range.end, a);
    values.accumulate(a, run.out);
    if (next < range.end) values.load(args, head, next, range.end - 1);
    first = next;
  }
  leaveSums<F, HD, kWarps>(run, sums);
  __syncthreads();
  combineWarps<HD, kWarps>(args, range, sums);
  if (range.active == 1) return;
  const MergeShare share = meetSplits(args, range);
  if (share.index >= 0) mergeSplits<HD>(args, range, share, &sums.out[0][0][0]);
}

template <KvCacheFormat F, int HD, int kWarps>
cudaError_t launchWarps(cudaStream_t stream, AttentionArgs args, int splits, bool dependent) {
  static_assert(sizeof(BlockSums<HD, kWarps>) >= mergeFloats(kWarps * 32) * sizeof(float));
  constexpr std::size_t kStatic = sizeof(QueryRows<HD>) + sizeof(NewestRows<HD>) + sizeof(int);  // meetSplits()'s place
  static_assert(sizeof(BlockSums<HD, kWarps>) + kStatic <= kManyWarpsKiB * 1024);
  args.granule = kWarps * 16;
  return launch(attend_tensor_kernel<F, HD, kWarps>, dim3(splits, args.kvHeads), dim3(kWarps * 32),
                sizeof(BlockSums<HD, kWarps>), stream, dependent, args);
}

template <KvCacheFormat F, int HD>
cudaError_t launchShape(cudaStream_t stream, const AttentionArgs& args, int splits, bool manyWarps, bool dependent) {
  return manyWarps ? launchWarps<F, HD, kManyAttentionWarps>(stream, args, splits, dependent)
                   : launchWarps<F, HD, kFewAttentionWarps>(stream, args, splits, dependent);
}

template <int HD>
cudaError_t launchFormat(cudaStream_t stream, const AttentionArgs& args, int splits, bool manyWarps, bool dependent) {
  switch (args.format) {
    case KvCacheFormat::f16:
      return launchShape<KvCacheFormat::f16, HD>(stream, args, splits, manyWarps, dependent);
    case KvCacheFormat::q8:
      return launchShape<KvCacheFormat::q8, HD>(stream, args, splits, manyWarps, dependent);
    default:
      return launchShape<KvCacheFormat::q4, HD>(stream, args, splits, manyWarps, dependent);
  }
}

}  // namespace

cudaError_t launchTensorAttention(cudaStream_t stream, const AttentionArgs& args, int splits, bool manyWarps,
                                  bool dependent) {
  return args.headDim == 64 ? launchFormat<64>(stream, args, splits, manyWarps, dependent)
                            : launchFormat<128>(stream, args, splits, manyWarps, dependent);
}

}  // namespace gpu
}  // namespace nibble

// Causal attention of many rows over the fp16 or 8-bit KV cache on tensor cores, with sliding window and grouped heads.
// The query heads of one KV head are rows of one problem: row m of it is token m / group, head m % group, so that a tile of 128
// rows reads each key once for all its heads. fp32 softmax; probabilities and values in fp16.
// Bound by arithmetic: 4 · rows · keys · heads · head_dim operations.
#include "kernels/cuda/attention_rows.h"
#include "kernels/cuda/element.cuh"
#include "kernels/cuda/flash_tile.cuh"

namespace nibble::gpu {

namespace {

struct FlashProblem {
  AttentionRows rows;
  KvLayout layout;
  int group;
  float scale;  // 1/√head_dim · log2(e)
};

/// 64 keys (or values) of the cache into a shared tile; keys at or behind `end` become zeros.
template <int HD>
__device__ __forceinline__ void loadHalfTile(__half* tile, const void* cache, const FlashProblem& problem, int head, std::int64_t first, std::int64_t end) {
  const int headDim = problem.layout.headDim;
  const __half* base = static_cast<const __half*>(cache) + (head * problem.layout.capacity + first) * headDim;
  for (int i = threadIdx.x; i < kKeyTile * (HD / 8); i += kFlashThreads) {
    const int row = i / (HD / 8), chunk = i % (HD / 8);
    const bool valid = first + row < end && chunk * 8 < headDim;
    copySixteen(tile + swizzled<HD>(row, chunk), valid ? base + row * headDim + chunk * 8 : base, valid);
  }
}

/// The same from int8 with an fp16 scale per 32 values: turned into fp16 on the way.
template <int HD>
__device__ __forceinline__ void loadByteTile(__half* tile, const void* cache, const FlashProblem& problem, int head, std::int64_t first, std::int64_t end) {
  const int headDim = problem.layout.headDim;
  const std::int64_t at = head * problem.layout.capacity + first;
  const std::int8_t* base = static_cast<const std::int8_t*>(cache) + at * headDim;
  const __half* scales = reinterpret_cast<const __half*>(static_cast<const char*>(cache) + problem.layout.scaleOffset) + at * problem.layout.scaleCount;
#pragma unroll 4
  for (int i = threadIdx.x; i < kKeyTile * (HD / 8); i += kFlashThreads) {
    const int row = i / (HD / 8), chunk = i % (HD / 8);
    Eight<__half> packed{};
    if (first + row < end && chunk * 8 < headDim) {
      const uint2 raw = *reinterpret_cast<const uint2*>(base + row * headDim + chunk * 8);
      const float scale = __half2float(scales[row * problem.layout.scaleCount + chunk / 4]);
#pragma unroll
      for (int j = 0; j < 8; ++j) {
        const int byte = static_cast<int>(static_cast<std::int8_t>((j < 4 ? raw.x : raw.y) >> (j % 4 * 8)));
        packed.element[j] = __float2half_rn(static_cast<float>(byte) * scale);
      }
    }
    *reinterpret_cast<Eight<__half>*>(tile + swizzled<HD>(row, chunk)) = packed;
  }
}

/// The tile's 128 query rows, zeros behind the last.
template <int HD>
__device__ __forceinline__ void loadQueries(__half* tile, const FlashProblem& problem, int head, int firstRow, int rowCount) {
  const int headDim = problem.layout.headDim, group = problem.group;
  const __half* base = static_cast<const __half*>(problem.rows.queries);
  for (int i = threadIdx.x; i < kQueryTile * (HD / 8); i += kFlashThreads) {
    const int row = i / (HD / 8), chunk = i % (HD / 8), m = firstRow + row;
    const bool valid = m < rowCount && chunk * 8 < headDim;
    const std::int64_t at = static_cast<std::int64_t>(m / group) * problem.rows.queryStride + (head * group + m % group) * headDim + chunk * 8;
    copySixteen(tile + swizzled<HD>(row, chunk), valid ? base + at : base, valid);
  }
}

__device__ __forceinline__ std::uint32_t packOutput(float low, float high, Element element) {
  if (element == Element::f16) return packHalves(low, high);
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

template <int HD>
__device__ __forceinline__ void storeOutput(const FlashState<HD>& state, const FlashProblem& problem, int head, int firstRow, int rowCount) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, headDim = problem.layout.headDim, group = problem.group;
#pragma unroll
  for (int t = 0; t < 2; ++t)
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      float sum = state.sum[t][i];
      sum += __shfl_xor_sync(0xffffffffu, sum, 1);
      sum += __shfl_xor_sync(0xffffffffu, sum, 2);
      const int m = firstRow + warp * 32 + t * 16 + i * 8 + lane / 4;
      if (m >= rowCount) continue;
      const float inverse = 1.0f / sum;
      std::uint16_t* to = static_cast<std::uint16_t*>(problem.rows.out) + static_cast<std::int64_t>(m / group) * problem.rows.outStride +
                          (head * group + m % group) * headDim;
#pragma unroll
      for (int n = 0; n < HD / 8; ++n) {
        const int column = n * 8 + lane % 4 * 2;
        if (column >= headDim) continue;
        *reinterpret_cast<std::uint32_t*>(to + column) =
            packOutput(state.out[t][n][2 * i] * inverse, state.out[t][n][2 * i + 1] * inverse, problem.rows.element);
      }
    }
}

/// Stages = 2: the next keys and values are copied while these are used (cp.async). Bytes: the cache is 8-bit.
template <int HD, int Stages, bool Bytes>
__global__ void __launch_bounds__(kFlashThreads, 2) flash_attention_kernel(const FlashProblem problem) {
  extern __shared__ __align__(128) __half tiles[];
  __half* queries = tiles;
  __half* cached = tiles + kQueryTile * HD;  // stages × (keys, values)
  constexpr int kTile = kKeyTile * HD;
  const int head = blockIdx.y, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int rowCount = problem.rows.rows * problem.group;
  const int firstRow = (gridDim.x - 1 - blockIdx.x) * kQueryTile;  // the rows with most keys first
  const int lastRow = min(firstRow + kQueryTile, rowCount) - 1;
  const std::int64_t firstToken = problem.rows.position + firstRow / problem.group;
  const std::int64_t end = problem.rows.position + lastRow / problem.group + 1;
  const std::int64_t window = problem.rows.window;
  std::int64_t key = window > 0 && firstToken + 1 > window ? (firstToken + 1 - window) / kKeyTile * kKeyTile : 0;

  const auto load = [&](int stage, std::int64_t first) {
    __half* tile = cached + stage * 2 * kTile;
    if constexpr (Bytes) {
      loadByteTile<HD>(tile, problem.rows.cache.keys, problem, head, first, end);
      loadByteTile<HD>(tile + kTile, problem.rows.cache.values, problem, head, first, end);
    } else {
      loadHalfTile<HD>(tile, problem.rows.cache.keys, problem, head, first, end);
      loadHalfTile<HD>(tile + kTile, problem.rows.cache.values, problem, head, first, end);
      copyCommit();
    }
  };
  loadQueries<HD>(queries, problem, head, firstRow, rowCount);
  if constexpr (Bytes) copyCommit();
  if constexpr (Stages == 2) load(0, key);
  FlashState<HD> state;
  state.clear();
  int own[2][2];  // token of each row
#pragma unroll
  for (int t = 0; t < 2; ++t)
#pragma unroll
    for (int i = 0; i < 2; ++i)
      own[t][i] = min(firstRow + warp * 32 + t * 16 + i * 8 + lane / 4, rowCount - 1) / problem.group;

  for (int stage = 0; key < end; key += kKeyTile) {
    if constexpr (Stages == 1) {
      __syncthreads();  // the former tile is done with
      load(0, key);
    }
    copyWait<0>();
    __syncthreads();
    if constexpr (Stages == 2) {
      if (key + kKeyTile < end) load(stage ^ 1, key + kKeyTile);
    }
    const __half* keys = cached + stage * 2 * kTile;
    float scores[2][8][4];
    flashScores<HD>(scores, queries, keys);
    if (key + kKeyTile - 1 > firstToken || (window > 0 && key <= end - 1 - window)) {
      int last[2][2];
#pragma unroll
      for (int t = 0; t < 2; ++t)
#pragma unroll
        for (int i = 0; i < 2; ++i) last[t][i] = static_cast<int>(problem.rows.position - key) + own[t][i];
      flashMask(scores, last, static_cast<int>(window));
    }
    flashSoftmax<HD>(scores, state, problem.scale);
    flashValues<HD>(state, scores, keys + kTile);
    if constexpr (Stages == 2) stage ^= 1;
  }
  storeOutput<HD>(state, problem, head, firstRow, rowCount);
}

template <int HD, int Stages, bool Bytes>
cudaError_t launch(cudaStream_t stream, const FlashProblem& problem) {
  constexpr int kShared = (kQueryTile + Stages * 2 * kKeyTile) * HD * 2;
  const auto kernel = flash_attention_kernel<HD, Stages, Bytes>;
  if (const cudaError_t status = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kShared); status != cudaSuccess) return status;
  const dim3 grid((problem.rows.rows * problem.group + kQueryTile - 1) / kQueryTile, problem.layout.heads);
  kernel<<<grid, kFlashThreads, kShared, stream>>>(problem);
  return cudaGetLastError();
}

template <int HD>
cudaError_t choose(cudaStream_t stream, const FlashProblem& problem) {
  if (problem.rows.cache.format == KvCacheFormat::q8) return launch<HD, 1, true>(stream, problem);
  if (problem.rows.asynchronousCopies) return launch<HD, 2, false>(stream, problem);
  return launch<HD, 1, false>(stream, problem);
}
}  // namespace

bool flash_attention_supports(KvCacheFormat format, int headDim) {
  return (format == KvCacheFormat::f16 || format == KvCacheFormat::q8) && headDim % 8 == 0 && headDim <= 128;
}

cudaError_t flash_attention(cudaStream_t stream, const AttentionRows& rows) {
  const float scale = rows.scale * 1.44269504088896340736f;
  const FlashProblem problem{rows, kvLayout(rows.cache.format, rows.kvHeads, rows.capacity, rows.headDim), rows.heads / rows.kvHeads, scale};
  return rows.headDim <= 64 ? choose<64>(stream, problem) : choose<128>(stream, problem);
}

}  // namespace nibble::gpu

// Causal attention of many rows over a KV cache of 16, 8 or 4 bits on tensor cores, with sliding window and grouped
// heads. The query heads of one KV head are rows of one problem: row m of it is token m / group, head m % group, so
// that a tile of 128 rows reads each key once for all its heads. fp32 softmax; probabilities and values in fp16. Bound
// by arithmetic: 4 · rows · keys · heads · head_dim operations.
#include "kernels/cuda/attention_rows.h"
#include "kernels/cuda/element.cuh"
#include "kernels/cuda/flash_tile.cuh"
#include "kernels/cuda/kv_cache.cuh"

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
__device__ __forceinline__ void loadHalfTile(__half* tile, const void* cache, const FlashProblem& problem, int head,
                                             std::int64_t first, std::int64_t end) {
  const int headDim = problem.layout.headDim;
  const __half* base = static_cast<const __half*>(cache) + (head * problem.layout.capacity + first) * headDim;
  for (int i = threadIdx.x; i < kKeyTile * (HD / 8); i += kFlashThreads) {
    const int row = i / (HD / 8), chunk = i % (HD / 8);
    const bool valid = first + row < end && chunk * 8 < headDim;
    copySixteen(tile + swizzled<HD>(row, chunk), valid ? base + row * headDim + chunk * 8 : base, valid);
  }
}

/// Values in 16 bytes of a row of an 8- or 4-bit cache.
template <KvCacheFormat F>
constexpr int kValuesOfChunk = F == KvCacheFormat::q8 ? 16 : 32;

/// A tile of such a cache as it lies there, with its scales, on its way to becoming fp16.
template <KvCacheFormat F, int HD>
struct RawTile {
  static constexpr int kChunks = HD / kValuesOfChunk<F>;  // of a row
  alignas(16) uint4 chunks[kKeyTile * kChunks];
  alignas(16) __half scales[kKeyTile * HD / 32];
};

/// Needs head_dim divisible by 64; keys at or behind `end` become zeros.
template <KvCacheFormat F, int HD>
__device__ __forceinline__ void loadRawTile(RawTile<F, HD>& raw, const void* cache, const FlashProblem& problem,
                                            int head, std::int64_t first, std::int64_t end) {
  constexpr int kChunks = RawTile<F, HD>::kChunks;
  const int rowChunks = problem.layout.headDim / kValuesOfChunk<F>, scaleCount = problem.layout.scaleCount;
  const std::int64_t at = head * problem.layout.capacity + first;
  const uint4* base = static_cast<const uint4*>(cache) + at * rowChunks;
  const __half* scales =
      reinterpret_cast<const __half*>(static_cast<const char*>(cache) + problem.layout.scaleOffset) + at * scaleCount;
  for (int i = threadIdx.x; i < kKeyTile * kChunks; i += kFlashThreads) {
    const int row = i / kChunks, chunk = i % kChunks;
    const bool valid = first + row < end && chunk < rowChunks;
    copySixteen(raw.chunks + i, valid ? base + row * rowChunks + chunk : base, valid);
  }
  for (int i = threadIdx.x; i < kKeyTile * (HD / 64); i += kFlashThreads) {
    const int row = i / (HD / 64), pair = i % (HD / 64);
    const bool valid = first + row < end && pair * 2 < scaleCount;
    copyFour(raw.scales + i * 2, valid ? scales + row * scaleCount + pair * 2 : scales, valid);
  }
}

template <KvCacheFormat F, int HD>
__device__ __forceinline__ void widenTile(__half* tile, const RawTile<F, HD>& raw) {
  constexpr int kChunks = RawTile<F, HD>::kChunks, kPieces = kValuesOfChunk<F> / 8;
#pragma unroll 2
  for (int i = threadIdx.x; i < kKeyTile * kChunks; i += kFlashThreads) {
    const int row = i / kChunks, chunk = i % kChunks;
    const uint4 v = raw.chunks[i];
    const std::uint32_t words[4] = {v.x, v.y, v.z, v.w};
    const __half2 scale = __half2half2(raw.scales[row * (HD / 32) + chunk * kValuesOfChunk<F> / 32]);
#pragma unroll
    for (int piece = 0; piece < kPieces; ++piece) {
      const bool bytes = F == KvCacheFormat::q8;
      const uint2 low = widenFour(bytes ? words[2 * piece % 4] ^ 0x80808080u : codesOfNibbles(words[piece]), scale);
      const uint2 high =
          widenFour(bytes ? words[(2 * piece + 1) % 4] ^ 0x80808080u : codesOfNibbles(words[piece] >> 16), scale);
      *reinterpret_cast<uint4*>(tile + swizzled<HD>(row, chunk * kPieces + piece)) =
          make_uint4(low.x, low.y, high.x, high.y);
    }
  }
}

/// The tile's 128 query rows, zeros behind the last.
template <int HD>
__device__ __forceinline__ void loadQueries(__half* tile, const FlashProblem& problem, int head, int firstRow,
                                            int rowCount) {
  const int headDim = problem.layout.headDim, group = problem.group;
  const __half* base = static_cast<const __half*>(problem.rows.queries);
  for (int i = threadIdx.x; i < kQueryTile * (HD / 8); i += kFlashThreads) {
    const int row = i / (HD / 8), chunk = i % (HD / 8), m = firstRow + row;
    const bool valid = m < rowCount && chunk * 8 < headDim;
    const std::int64_t at = static_cast<std::int64_t>(m / group) * problem.rows.queryStride +
                            (head * group + m % group) * headDim + chunk * 8;
    copySixteen(tile + swizzled<HD>(row, chunk), valid ? base + at : base, valid);
  }
}

__device__ __forceinline__ std::uint32_t packOutput(float low, float high, Element element) {
  if (element == Element::f16) return packHalves(low, high);
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

template <int HD>
__device__ __forceinline__ void storeOutput(const FlashState<HD>& state, const FlashProblem& problem, int head,
                                            int firstRow, int rowCount) {
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
      std::uint16_t* to = static_cast<std::uint16_t*>(problem.rows.out) +
                          static_cast<std::int64_t>(m / group) * problem.rows.outStride +
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

/// Copies 64 keys and values into shared memory while the former 64 are multiplied with. fp16 cache: into one of
/// `Stages` tiles; 8- or 4-bit cache: as they are, into one of `Stages` raw tiles, and from there as fp16 into the one
/// tile.
template <int HD, int Stages, KvCacheFormat F>
struct Tiles {
  static constexpr bool kRaw = F != KvCacheFormat::f16;
  using Raw = RawTile<F, HD>;
  __half queries[kQueryTile * HD];
  __half cached[kRaw ? 1 : Stages][2][kKeyTile * HD];  // keys, values
  Raw raw[kRaw ? Stages : 1][2];
  static constexpr int kBytes =
      sizeof(__half) * HD * (kQueryTile + (kRaw ? 1 : Stages) * 2 * kKeyTile) + (kRaw ? Stages * 2 * sizeof(Raw) : 0);

  __device__ __forceinline__ void begin(int stage, const FlashProblem& problem, int head, std::int64_t first,
                                        std::int64_t end) {
    const KvView& cache = problem.rows.cache;
    if constexpr (kRaw) {
      loadRawTile<F, HD>(raw[stage][0], cache.keys, problem, head, first, end);
      loadRawTile<F, HD>(raw[stage][1], cache.values, problem, head, first, end);
    } else {
      loadHalfTile<HD>(cached[stage][0], cache.keys, problem, head, first, end);
      loadHalfTile<HD>(cached[stage][1], cache.values, problem, head, first, end);
    }
    closeCopies();
  }
};

template <int HD, int Stages, KvCacheFormat F>
__global__ void __launch_bounds__(kFlashThreads, 2) flash_attention_kernel(const FlashProblem problem) {
  extern __shared__ __align__(128) char shared[];
  auto& tiles = *reinterpret_cast<Tiles<HD, Stages, F>*>(shared);
  constexpr bool kRaw = Tiles<HD, Stages, F>::kRaw;
  const int head = blockIdx.y, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int rowCount = problem.rows.rows * problem.group;
  const int firstRow = (gridDim.x - 1 - blockIdx.x) * kQueryTile;  // the rows with most keys first
  const int lastRow = min(firstRow + kQueryTile, rowCount) - 1;
  const std::int64_t firstToken = problem.rows.position + firstRow / problem.group;
  const std::int64_t end = problem.rows.position + lastRow / problem.group + 1;
  const std::int64_t window = problem.rows.window;
  std::int64_t key = window > 0 && firstToken + 1 > window ? (firstToken + 1 - window) / kKeyTile * kKeyTile : 0;

  loadQueries<HD>(tiles.queries, problem, head, firstRow, rowCount);
  if constexpr (Stages == 2) tiles.begin(0, problem, head, key, end);
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
      tiles.begin(0, problem, head, key, end);
    }
    copiesLeft<0>();
    __syncthreads();
    if constexpr (kRaw) {
      widenTile<F, HD>(tiles.cached[0][0], tiles.raw[stage][0]);
      widenTile<F, HD>(tiles.cached[0][1], tiles.raw[stage][1]);
    }
    if (Stages == 2 && key + kKeyTile < end) tiles.begin(stage ^ 1, problem, head, key + kKeyTile, end);
    if constexpr (kRaw) __syncthreads();
    const int ready = kRaw ? 0 : stage;
    float scores[2][8][4];
    flashScores<HD>(scores, tiles.queries, tiles.cached[ready][0]);
    if (key + kKeyTile - 1 > firstToken || (window > 0 && key <= end - 1 - window)) {
      int last[2][2];
#pragma unroll
      for (int t = 0; t < 2; ++t)
#pragma unroll
        for (int i = 0; i < 2; ++i) last[t][i] = static_cast<int>(problem.rows.position - key) + own[t][i];
      flashMask(scores, last, static_cast<int>(window));
    }
    flashSoftmax<HD>(scores, state, problem.scale);
    flashValues<HD>(state, scores, tiles.cached[ready][1]);
    if constexpr (Stages == 2) stage ^= 1;
  }
  storeOutput<HD>(state, problem, head, firstRow, rowCount);
}

template <int HD, int Stages, KvCacheFormat F>
cudaError_t launch(cudaStream_t stream, const FlashProblem& problem) {
  constexpr int kShared = Tiles<HD, Stages, F>::kBytes;
  const auto kernel = flash_attention_kernel<HD, Stages, F>;
  if (const cudaError_t status = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kShared);
      status != cudaSuccess)
    return status;
  const dim3 grid((problem.rows.rows * problem.group + kQueryTile - 1) / kQueryTile, problem.layout.heads);
  kernel<<<grid, kFlashThreads, kShared, stream>>>(problem);
  return cudaGetLastError();
}

template <int HD>
cudaError_t choose(cudaStream_t stream, const FlashProblem& problem) {
  using C = KvCacheFormat;
  if (problem.rows.cache.format == C::q8) return launch<HD, 2, C::q8>(stream, problem);
  if (problem.rows.cache.format == C::q4) return launch<HD, 2, C::q4>(stream, problem);
  return problem.rows.asynchronousCopies ? launch<HD, 2, C::f16>(stream, problem)
                                         : launch<HD, 1, C::f16>(stream, problem);
}
}  // namespace

bool flash_attention_supports(KvCacheFormat format, int headDim, bool asynchronousCopies) {
  if (headDim > 128 || format == KvCacheFormat::f32) return false;
  return format == KvCacheFormat::f16 ? headDim % 8 == 0 : headDim % 64 == 0 && asynchronousCopies;
}

cudaError_t flash_attention(cudaStream_t stream, const AttentionRows& rows) {
  const float scale = rows.scale * 1.44269504088896340736f;
  const FlashProblem problem{rows, kvLayout(rows.cache.format, rows.kvHeads, rows.capacity, rows.headDim),
                             rows.heads / rows.kvHeads, scale};
  return rows.headDim <= 64 ? choose<64>(stream, problem) : choose<128>(stream, problem);
}

}  // namespace nibble::gpu

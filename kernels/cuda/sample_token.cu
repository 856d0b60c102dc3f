// The next id from the logits, in two kernels. Blocks cover ranges of ids: penalties, non-finite check, then the
// maximum or the sorted best `topK` of the range (bitonic sort of 64-bit keys: ordered logit, then inverted id, so of
// equal logits the lowest id wins). The second kernel merges the ranges, and draws after temperature, top-k, top-p and
// min-p.
#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/launch.h"

namespace nibble {
namespace gpu {

constexpr int kSampleThreads = 1024;
constexpr int kSortCount = 2048;  // keys a block sorts at a time
constexpr int kMergeCount = kSampleBlocks * kSampleTopKMax;

__device__ __forceinline__ std::uint64_t keyOf(float logit, int id) {
  const std::uint32_t bits = __float_as_uint(logit);
  const std::uint32_t ordered = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return static_cast<std::uint64_t>(ordered) << 32 | static_cast<std::uint32_t>(~id);
}
__device__ __forceinline__ int idOfKey(std::uint64_t key) {
  return static_cast<int>(~static_cast<std::uint32_t>(key));
}
__device__ __forceinline__ float logitOfKey(std::uint64_t key) {
  const std::uint32_t ordered = static_cast<std::uint32_t>(key >> 32);
  return __uint_as_float(ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered);
}

/// Descending sort of `count` (a power of two) keys in shared memory.
__device__ void sortDescending(std::uint64_t* keys, int count) {
  for (int size = 2; size <= count; size <<= 1) {
    for (int stride = size >> 1; stride > 0; stride >>= 1) {
      __syncthreads();
      for (int i = threadIdx.x; i < count / 2; i += blockDim.x) {
        const int a = 2 * i - (i & (stride - 1)), b = a + stride;
        const std::uint64_t ka = keys[a], kb = keys[b];
        if ((ka < kb) == ((a & size) == 0)) {
          keys[a] = kb;
          keys[b] = ka;
        }
      }
    }
  }
  __syncthreads();
}

__device__ std::uint64_t blockMax(std::uint64_t key) {
  __shared__ std::uint64_t warpBest[32];
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) {
    const std::uint64_t other = __shfl_xor_sync(0xffffffffu, key, mask);
    key = other > key ? other : key;
  }
  if ((threadIdx.x & 31) == 0) warpBest[threadIdx.x >> 5] = key;
  __syncthreads();
  std::uint64_t best = 0;
  for (int i = 0; i < static_cast<int>(blockDim.x >> 5); ++i) best = warpBest[i] > best ? warpBest[i] : best;
  __syncthreads();
  return best;
}

/// Repetition penalty on the ids of [begin, end), each once however often it occurs in the window.
__device__ void penalize(const StepInput& in, const std::int32_t* history, float* logits, int begin, int end) {
  const int window = min(min(in.penaltyWindow, kSampleThreads), in.position + 1);
  const int base = in.position + 1 - window;
  const int i = threadIdx.x;
  if (i < window) {
    const int id = history[base + i];
    bool first = id >= begin && id < end;
    for (int j = 0; j < i && first; ++j) first = history[base + j] != id;
    if (first) logits[id] = logits[id] > 0 ? logits[id] / in.repetitionPenalty : logits[id] * in.repetitionPenalty;
  }
  __syncthreads();
}

__global__ void __launch_bounds__(kSampleThreads)
    sample_ranges_kernel(float* logits, int vocab, const StepInput* input, const std::int32_t* history,
                         std::uint64_t* candidates, std::uint32_t* flags) {
  __shared__ std::uint64_t keys[kSortCount];
  allowNext();
  waitForPrevious();
  const StepInput in = *input;
  const int begin = static_cast<int>(static_cast<long long>(vocab) * blockIdx.x / gridDim.x);
  const int end = static_cast<int>(static_cast<long long>(vocab) * (blockIdx.x + 1) / gridDim.x);
  if (!in.greedy && in.repetitionPenalty != 1.0f) penalize(in, history, logits, begin, end);
  const int keep = in.greedy ? 1 : max(1, min(in.topK, kSampleTopKMax));
  std::uint64_t best = 0;
  bool bad = false;
  if (keep == 1) {
    for (int i = begin + threadIdx.x; i < end; i += kSampleThreads) {
      const float logit = logits[i];
      bad |= !isfinite(logit);
      const std::uint64_t key = keyOf(logit, i);
      best = key > best ? key : best;
    }
    best = blockMax(best);
    if (threadIdx.x == 0) candidates[blockIdx.x * kSampleTopKMax] = best;
  } else {
    // The best of the range so far stay in front while the next ids come in behind them.
    for (int i = threadIdx.x; i < kSortCount; i += kSampleThreads) keys[i] = 0;
    __syncthreads();
    for (int from = begin; from < end; from += kSortCount - kSampleTopKMax) {
      for (int i = threadIdx.x; i < kSortCount - kSampleTopKMax; i += kSampleThreads) {
        const int id = from + i;
        const float logit = id < end ? logits[id] : 0.0f;
        bad |= !isfinite(logit);
        keys[kSampleTopKMax + i] = id < end ? keyOf(logit, id) : 0;
      }
      sortDescending(keys, kSortCount);
    }
    for (int i = threadIdx.x; i < kSampleTopKMax; i += kSampleThreads)
      candidates[blockIdx.x * kSampleTopKMax + i] = i < keep ? keys[i] : 0;
  }
  if (bad) atomicOr(flags, 1u);
}

/// Among `count` sorted keys: temperature, top-p, min-p, one draw. One thread; at most 128 candidates.
__device__ int drawFrom(const std::uint64_t* keys, int count, const StepInput& in, float* weights) {
  const float top = logitOfKey(keys[0]);
  float total = 0;
  for (int i = 0; i < count; ++i) total += weights[i] = __expf((logitOfKey(keys[i]) - top) / in.temperature);
  int kept = count;
  if (in.topP < 1.0f) {
    float mass = 0;
    for (kept = 0; kept < count && (kept == 0 || mass < in.topP * total); ++kept) mass += weights[kept];
  }
  if (in.minP > 0.0f)
    while (kept > 1 && weights[kept - 1] < in.minP * weights[0]) --kept;
  float mass = 0;
  for (int i = 0; i < kept; ++i) mass += weights[i];
  float left = in.draw * mass;
  for (int i = 0; i < kept; ++i) {
    left -= weights[i];
    if (left < 0) return idOfKey(keys[i]);
  }
  return idOfKey(keys[kept - 1]);
}

__global__ void __launch_bounds__(kSampleThreads)
    sample_merge_kernel(int vocab, int blocks, StepInput* input, StepOutput* output, const std::uint64_t* candidates,
                        const std::uint32_t* flags) {
  extern __shared__ std::uint64_t merged[];
  __shared__ float weights[kSampleTopKMax];
  waitForPrevious();
  const StepInput in = *input;
  const int keep = in.greedy ? 1 : max(1, min(min(in.topK, kSampleTopKMax), vocab));
  int token = 0;
  if (keep == 1) {
    std::uint64_t best = 0;
    for (int i = threadIdx.x; i < blocks; i += kSampleThreads) {
      const std::uint64_t key = candidates[i * kSampleTopKMax];
      best = key > best ? key : best;
    }
    token = idOfKey(blockMax(best));
  } else {
    int width = 2;
    while (width < keep) width <<= 1;
    const int count = kSampleBlocks * width;
    for (int i = threadIdx.x; i < count; i += kSampleThreads)
      merged[i] = i / width < blocks ? candidates[i / width * kSampleTopKMax + i % width] : 0;
    sortDescending(merged, count);
    if (threadIdx.x == 0) token = drawFrom(merged, keep, in, weights);
  }
  if (threadIdx.x != 0) return;
  output->token = token;
  output->badLogits = flags[0] != 0;
  if (in.advance) {
    input->token = token;
    input->position = in.position + 1;
  }
}

cudaError_t sampleToken(cudaStream_t stream, const DecodeModel& model) {
  const DecodeWorkspace& w = model.workspace;
  const int vocab = model.shape.vocab;
  const int blocks = vocab < kSampleBlocks ? 1 : kSampleBlocks;
  const cudaError_t error =
      launch(sample_ranges_kernel, dim3(blocks), dim3(kSampleThreads), 0, stream, model.tuning.dependentLaunch,
             w.logits, vocab, static_cast<const StepInput*>(model.input), static_cast<const std::int32_t*>(w.history),
             w.candidates, w.flags);
  if (error != cudaSuccess) return error;
  return launch(sample_merge_kernel, dim3(1), dim3(kSampleThreads), kMergeCount * sizeof(std::uint64_t), stream,
                model.tuning.dependentLaunch, vocab, blocks, model.input, model.output,
                static_cast<const std::uint64_t*>(w.candidates), static_cast<const std::uint32_t*>(w.flags));
}

}  // namespace gpu
}  // namespace nibble

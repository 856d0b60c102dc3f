// Decode attention in fp32 for any head size, cache format, group and card, and the choice between it and
// those on tensor cores. One block a (KV head, split): scores of 64 positions, softmax, then sums of the values, tile
// by tile.
#include <algorithm>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/attention_splits.cuh"
#include "kernels/cuda/kv_cache.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/rounded_vector.h"

namespace nibble {
namespace gpu {

namespace {

constexpr int kThreads = 32 * kMergeWarps;
constexpr int kTile = 64;
constexpr int kMostOutputs = 16;  // outputs a thread: group · head_dim ≤ 16 · 256

struct PlainMemory {
  float* query;   // (group, head_dim)
  float* key;     // (2, head_dim)
  float* scores;  // (group, kTile)
  float* top;     // (group)
  float* below;   // (group)
  float* keep;    // (group)
};

__device__ PlainMemory plainMemory(float* memory, int group, int headDim) {
  PlainMemory m;
  m.query = memory;
  m.key = m.query + group * headDim;
  m.scores = m.key + 2 * headDim;
  m.top = m.scores + group * kTile;
  m.below = m.top + group;
  m.keep = m.below + group;
  return m;
}

__device__ void prepareBlock(const AttentionArgs& args, const PlainMemory& m, const SplitRange& range, int group) {
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, headDim = args.headDim;
  const bool owner = static_cast<int>(blockIdx.x) == range.active - 1;
  const bool rotated = args.format == KvCacheFormat::q4;
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.y) * args.layout.capacity + range.position;
  for (int row = warp; row < group + (owner ? 2 : 0); row += kThreads / 32) {
    if (row < group) {
      float* out = m.query + row * headDim;
      prepareHead(args.qkv + (blockIdx.y * group + row) * headDim, args.queryNorm, args.normEps, args.rope, headDim,
                  out);
      if (rotated) rotateHead(out, headDim);
      for (int i = lane; i < headDim; i += 32) out[i] *= args.scale;
    } else {
      const bool isKey = row == group;
      float* out = m.key + (row - group) * headDim;
      const float* raw = args.qkv + (args.heads + (isKey ? 0 : args.kvHeads) + blockIdx.y) * headDim;
      prepareHead(raw, isKey ? args.keyNorm : nullptr, args.normEps, isKey ? args.rope : nullptr, headDim, out);
      if (rotated && isKey) rotateHead(out, headDim);
      storeRow(isKey ? args.keys : args.values, args.layout, args.format, index, out);
    }
  }
  for (int g = threadIdx.x; g < group; g += kThreads) {
    m.top[g] = -INFINITY;
    m.below[g] = 0;
  }
  __syncthreads();
}

__device__ void scoreTile(const AttentionArgs& args, const PlainMemory& m, int first, int count, int group) {
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, headDim = args.headDim;
  for (int p = warp; p < count; p += kThreads / 32) {
    const std::int64_t index = static_cast<std::int64_t>(blockIdx.y) * args.layout.capacity + first + p;
    float key[8];
#pragma unroll
    for (int k = 0; k < 8; ++k)
      key[k] = lane + 32 * k < headDim ? kvElement(args.keys, args.layout, args.format, index, lane + 32 * k) : 0;
    for (int g = 0; g < group; ++g) {
      float sum = 0;
#pragma unroll
      for (int k = 0; k < 8; ++k)
        if (lane + 32 * k < headDim) sum = fmaf(key[k], m.query[g * headDim + lane + 32 * k], sum);
      sum = warpSum(sum);
      if (lane == 0) m.scores[g * kTile + p] = sum;
    }
  }
  __syncthreads();
  for (int g = warp; g < group; g += kThreads / 32) {
    float best = m.top[g];
    for (int p = lane; p < count; p += 32) best = fmaxf(best, m.scores[g * kTile + p]);
#pragma unroll
    for (int mask = 16; mask > 0; mask >>= 1) best = fmaxf(best, __shfl_xor_sync(0xffffffffu, best, mask));
    float sum = 0;
    for (int p = lane; p < count; p += 32) sum += m.scores[g * kTile + p] = exp2f(m.scores[g * kTile + p] - best);
    sum = warpSum(sum);
    if (lane == 0) {
      m.keep[g] = exp2f(m.top[g] - best);
      m.below[g] = m.below[g] * m.keep[g] + sum;
      m.top[g] = best;
    }
  }
  __syncthreads();
}

__global__ void __launch_bounds__(kThreads, 1) attend_plain_kernel(const __grid_constant__ AttentionArgs args) {
  extern __shared__ __align__(16) float memory[];
  const int group = args.group, headDim = args.headDim;
  allowNext();
  waitForPrevious();
  const SplitRange range = rangeOf(args, blockIdx.y, blockIdx.x, gridDim.x);
  if (static_cast<int>(blockIdx.x) >= range.active) return;
  const PlainMemory m = plainMemory(memory, group, headDim);
  prepareBlock(args, m, range, group);
  float out[kMostOutputs] = {};
  for (int first = range.begin; first < range.end; first += kTile) {
    const int count = min(kTile, range.end - first);
    scoreTile(args, m, first, count, group);
#pragma unroll
    for (int k = 0; k < kMostOutputs; ++k) {
      const int value = threadIdx.x + k * kThreads;
      if (value >= group * headDim) continue;
      const int g = value / headDim, i = value - g * headDim;
      float sum = out[k] * m.keep[g];
      for (int p = 0; p < count; ++p) {
        const std::int64_t index = static_cast<std::int64_t>(blockIdx.y) * args.layout.capacity + first + p;
        sum = fmaf(m.scores[g * kTile + p], kvElement(args.values, args.layout, args.format, index, i), sum);
      }
      out[k] = sum;
    }
    __syncthreads();
  }
#pragma unroll
  for (int k = 0; k < kMostOutputs; ++k) {
    const int value = threadIdx.x + k * kThreads;
    if (value >= group * headDim) continue;
    const int g = value / headDim, i = value - g * headDim;
    if (range.active == 1) {
      args.output[blockIdx.y * group * headDim + value] = out[k] / m.below[g];
      continue;
    }
    float* partial = partialOf(args, range, range.split) + g * partialStride(headDim);
    partial[i] = out[k];
    if (i == 0) {
      partial[headDim] = m.top[g];
      partial[headDim + 1] = m.below[g];
    }
  }
  if (range.active == 1) return;
  const MergeShare share = meetSplits(args, range);
  if (share.index >= 0) mergeSplits<0>(args, range, share, memory);
}

}  // namespace

std::uint64_t attentionPartialCount(const DecodeShape& shape) {
  const std::uint64_t blocks = shape.kvHeads > kAttentionBlocks ? shape.kvHeads : kAttentionBlocks;
  return blocks * static_cast<std::uint64_t>(shape.heads / shape.kvHeads) *
         static_cast<std::uint64_t>(shape.headDim + 4);
}

cudaError_t launchPlainAttention(cudaStream_t stream, const AttentionArgs& args, int splits, bool dependent) {
  const int group = args.group;
  if (group * args.headDim > kMostOutputs * kThreads || args.headDim > 256) return cudaErrorInvalidValue;
  std::size_t floats = static_cast<std::size_t>(group) * args.headDim + 2 * args.headDim + group * kTile + 3 * group;
  floats = std::max(floats, kMergeFloats);
  return launch(attend_plain_kernel, dim3(splits, args.kvHeads), dim3(kThreads), floats * 4, stream, dependent, args);
}

AttentionArgs attentionArgs(const DecodeModel& model, int layer) {
  const DecodeShape& shape = model.shape;
  const LayerView& l = model.layers[layer];
  AttentionArgs args;
  args.qkv = model.workspace.qkv;
  args.rope = model.workspace.rope;
  args.queryNorm = l.queryNorm;
  args.keyNorm = l.keyNorm;
  args.keys = l.kv.keys;
  args.values = l.kv.values;
  args.format = l.kv.format;
  args.layout = kvLayout(l.kv.format, shape.kvHeads, shape.capacity, shape.headDim);
  args.heads = shape.heads;
  args.kvHeads = shape.kvHeads;
  args.headDim = shape.headDim;
  args.group = shape.heads / shape.kvHeads;
  args.window = l.window;
  args.normEps = shape.normEps;
  args.scale = 1.4426950408889634f / sqrtf(static_cast<float>(shape.headDim));
  args.aloneKiB = model.tuning.aloneKiB;
  args.input = model.input;
  args.output = model.workspace.attention;
  args.rounded = attentionLeavesRounded(model, layer) ? model.workspace.roundedAttention : nullptr;
  args.partials = model.workspace.partials;
  args.counters = model.workspace.counters + layer * shape.kvHeads;
  return args;
}

namespace {

bool usesTensorCores(const DecodeModel& model, int layer) {
  const DecodeShape& shape = model.shape;
  return model.tuning.tensorAttention && model.tuning.capability >= 80 &&
         model.tuning.blockKiB >= kTensorAttentionKiB && (shape.headDim == 64 || shape.headDim == 128) &&
         shape.heads / shape.kvHeads <= 16 && model.layers[layer].kv.format != KvCacheFormat::f32;
}

}  // namespace

bool attentionLeavesRounded(const DecodeModel& model, int layer) {
  return takesRounded(model) && usesTensorCores(model, layer);
}

cudaError_t decodeAttend(cudaStream_t stream, const DecodeModel& model, int layer) {
  const DecodeShape& shape = model.shape;
  const AttentionArgs args = attentionArgs(model, layer);
  // All blocks must be on the card at once: the last ones of a KV head wait for the others.
  const int blocks = std::min(model.tuning.multiprocessors, kAttentionBlocks);
  const int splits = blocks / shape.kvHeads > 0 ? blocks / shape.kvHeads : 1;
  const auto launcher = !usesTensorCores(model, layer)      ? launchPlainAttention
                        : args.format == KvCacheFormat::f16 ? launchHalfAttention
                                                            : launchQuantizedAttention;
  return launcher(stream, args, splits, model.tuning.dependentLaunch);
}

}  // namespace gpu
}  // namespace nibble

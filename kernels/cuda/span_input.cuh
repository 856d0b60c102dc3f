// How an input of a span is awaited and becomes activations in shared memory:
//   int8 (or two planes of bytes for 16 bits) with a scale per 32, or fp32; in two halves of 16-byte
//                 pieces, even ones in front, so that every way of reading them is free of bank conflicts.
#pragma once
#include <cuda_runtime.h>

#include "kernels/cuda/hand_over.cuh"
#include "kernels/cuda/product_formats.cuh"
#include "kernels/cuda/quantize_input.cuh"
#include "kernels/cuda/span.h"

namespace nibble {
namespace gpu {

constexpr int kInputAhead = 10;      ///< loads a thread has under way: 10,240 columns at once
constexpr int kGainAhead = 4;        ///< of the norm's weights
constexpr int kMostPolls = 1 << 21;  ///< about a second; then the launch ends with an error instead of hanging

/// Where the activations lie in shared memory, as addresses.
struct SpanActivations {
  std::uint32_t high;    // int8 (or fp32) plane
  std::uint32_t half;    // bytes from even to odd pieces of a plane
  std::uint32_t low;     // 16-bit activations: from the high plane to the low one
  std::uint32_t scales;  // fp32, one per 32 columns
};

NIBBLE_HD constexpr std::uint32_t spanHalfBytes(int columns, bool integers) {
  // 64 bytes off a multiple of 128, so that even and odd pieces lie in different banks.
  return ((static_cast<std::uint32_t>(columns) * (integers ? 1u : 4u) / 2 + 127) / 128) * 128 + 64;
}
NIBBLE_HD constexpr std::uint32_t spanActivationBytes(int columns, bool integers, bool wide) {
  const std::uint32_t planes = spanHalfBytes(columns, integers) * 2 * (wide ? 2 : 1);
  return (planes + (integers ? static_cast<std::uint32_t>(columns) / 32 * 4 : 0) + 127) / 128 * 128;
}

/// This thread's words (4 columns each) `first`, `first` + threads, …; waits for those that have not come. A warp asks
/// again and again for one word that one of its lanes lacks, and for all of them only when that has come: if every
/// block kept asking for everything, the answers would take several microseconds.
__device__ __forceinline__ void awaitWords(const float* input, int first, int words, float4 (&v)[kInputAhead]) {
  const float missing = __uint_as_float(kNotYet);
#pragma unroll
  for (int i = 0; i < kInputAhead; ++i)
    v[i] = first + i * kSpanThreads < words ? make_float4(missing, missing, missing, missing) : make_float4(0, 0, 0, 0);
  int polls = 0;
  while (true) {
#pragma unroll
    for (int i = 0; i < kInputAhead; ++i)
      if (notYet(v[i])) v[i] = loadHanded(input + (first + i * kSpanThreads) * 4);
    int lacks = -1;
#pragma unroll
    for (int i = 0; i < kInputAhead; ++i)
      if (notYet(v[i])) lacks = first + i * kSpanThreads;
    const unsigned waiting = __ballot_sync(0xffffffffu, lacks >= 0);
    if (waiting == 0) return;
    lacks = __shfl_sync(0xffffffffu, lacks, __ffs(waiting) - 1);
    while (notYet(loadHanded(input + lacks * 4)))
      if (++polls == kMostPolls) __trap();
  }
}

/// Byte offset of a word of four columns in an int8 plane, and of four fp32 columns in the fp32 plane.
__device__ __forceinline__ std::uint32_t integerPlace(int word, std::uint32_t half) {
  return (word >> 2 & 1) * half + (word >> 3) * 16 + (word & 3) * 4;
}
__device__ __forceinline__ std::uint32_t floatPlace(int word, std::uint32_t half) {
  return (word & 1) * half + (word >> 1) * 16;
}

template <bool Integers, bool Wide>
__device__ __forceinline__ void storeWord(float4 v, int word, bool inside, const SpanActivations& to) {
  if constexpr (Integers) {
    const RoundedWord rounded = roundWord<Wide>(v);
    if (!inside) return;
    const std::uint32_t at = to.high + integerPlace(word, to.half);
    storeShared4(at, rounded.high);
    if (Wide) storeShared4(at + to.low, rounded.low);
    if (word % 8 == 0) storeShared4(to.scales + word / 8 * 4, __float_as_uint(rounded.scale));
  } else if (inside) {
    storeShared16(to.high + floatPlace(word, to.half), v);
  }
}

/// All threads that multiply.
__device__ __forceinline__ void meetReaders() {
  asm volatile("bar.sync 1, %0;" ::"n"(kSpanThreads) : "memory");
}

/// The norm's weights for a thread's first words, asked for a whole product before they are needed: out of device
/// memory they come late where weights stream.
struct GainAhead {
  float4 words[kGainAhead];
  __device__ __forceinline__ void load(const SpanRun& run) {
    if (!run.input || !run.gain) return;
#pragma unroll
    for (int i = 0; i < kGainAhead; ++i) {
      const int word = threadIdx.x + i * kSpanThreads;
      if (word * 4 < run.columns) words[i] = __ldg(reinterpret_cast<const float4*>(run.gain) + word);
    }
  }
};

/// `Count` of a thread's words from number `From` on, side by side: each is a chain of shuffles.
template <bool Integers, bool Wide, int From, int Count>
__device__ __forceinline__ void storeWords(const float4 (&v)[kInputAhead], int first, int words,
                                           const SpanActivations& to) {
  if (((first + From * kSpanThreads) & ~31) >= words) return;  // whole warps: they shuffle
#pragma unroll
  for (int i = From; i < From + Count; ++i) {
    const int word = first + i * kSpanThreads;
    storeWord<Integers, Wide>(v[i], word, word < words, to);
  }
}

/// input (times the norm's gain) into shared memory; returns this thread's share of Σx². Begins with a barrier: the run
/// before may still be reading the old activations. The caller ends it with another one.
template <bool Integers, bool Wide>
__device__ __forceinline__ float prepareSpanInput(const SpanRun& run, const GainAhead& ahead,
                                                  const SpanActivations& to) {
  const int words = run.columns >> 2;
  const float4* gain = reinterpret_cast<const float4*>(run.gain);
  float squares = 0;
  bool again = false;
#pragma unroll 1
  for (int first = threadIdx.x; (first & ~31) < words; first += kInputAhead * kSpanThreads) {
    float4 v[kInputAhead];
    awaitWords(run.input, first, words, v);
    if (!again) meetReaders();
    if (gain) {
#pragma unroll
      for (int i = 0; i < kInputAhead; ++i) {
        const int word = first + i * kSpanThreads;
        if (word >= words) continue;
        squares += v[i].x * v[i].x + v[i].y * v[i].y + v[i].z * v[i].z + v[i].w * v[i].w;
        const float4 g = i < kGainAhead && !again ? ahead.words[i < kGainAhead ? i : 0] : gain[word];
        v[i] = make_float4(v[i].x * g.x, v[i].y * g.y, v[i].z * g.z, v[i].w * g.w);
      }
    }
    storeWords<Integers, Wide, 0, 4>(v, first, words, to);
    storeWords<Integers, Wide, 4, 3>(v, first, words, to);
    storeWords<Integers, Wide, 7, 3>(v, first, words, to);
    again = true;
  }
  if (!again) meetReaders();
  return squares;
}

/// A chunk's activations out of shared memory.
template <int Words, bool Wide>
__device__ __forceinline__ void loadChunk(IntegerActivations<Words, Wide>& a, const SpanActivations& from, int chunk) {
  const auto piece = [](std::uint32_t at, std::uint32_t* out) {
    const uint4 v = loadShared16(at);
    out[0] = v.x, out[1] = v.y, out[2] = v.z, out[3] = v.w;
  };
  if constexpr (Words == 8) {
    const std::uint32_t at = from.high + chunk * 16;
    piece(at, a.high);
    piece(at + from.half, a.high + 4);
    if constexpr (Wide) {
      piece(at + from.low, a.low);
      piece(at + from.low + from.half, a.low + 4);
    }
    a.scale = __uint_as_float(loadShared4(from.scales + chunk * 4));
  } else {
    const std::uint32_t at = from.high + (chunk & 1) * from.half + (chunk >> 1) * 16;
    piece(at, a.high);
    if constexpr (Wide) piece(at + from.low, a.low);
    a.scale = __uint_as_float(loadShared4(from.scales + (chunk >> 1) * 4));
  }
}
__device__ __forceinline__ void loadChunk(FloatActivations<8>& a, const SpanActivations& from, int chunk) {
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    const uint4 v = loadShared16(from.high + h * from.half + chunk * 16);
    a.x[4 * h] = __uint_as_float(v.x), a.x[4 * h + 1] = __uint_as_float(v.y);
    a.x[4 * h + 2] = __uint_as_float(v.z), a.x[4 * h + 3] = __uint_as_float(v.w);
  }
}

}  // namespace gpu
}  // namespace nibble

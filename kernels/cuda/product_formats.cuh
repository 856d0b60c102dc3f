// How 16 bytes of weights of each format meet their activations: loaded, kept raw in registers, turned into one partial
// sum. A "chunk" is 16 bytes of a row (32, 16, 8 or 4 columns). A thread owns the same chunks in every row it sees, so
// its activations stay in registers for the whole kernel.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels/blocks.h"
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/device_layout.h"

namespace nibble {
namespace gpu {

/// Activations as the quantizing prologue leaves them in shared memory: planes of int8 (8 bits), or high int8 and low
/// uint8 (16 bits), 4 a word, and one scale per 32.
struct SharedActivations {
  std::uint32_t* high;
  std::uint32_t* low;
  float* scales;
};

constexpr std::uint32_t pack4(int a, int b, int c, int d) {
  return static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b) << 8 | static_cast<std::uint32_t>(c) << 16 |
         static_cast<std::uint32_t>(d) << 24;
}

/// Formats without lookup tables.
struct NoTables {
  __device__ __forceinline__ void keep() {}
};

// ---- 16- and 32-bit weights, fp32 activations
// -----------------------------------------------------------------------------

__device__ __forceinline__ float2 pairToFloat(std::uint32_t bits, __half) {
  return __half22float2(*reinterpret_cast<const __half2*>(&bits));
}
__device__ __forceinline__ float2 pairToFloat(std::uint32_t bits, __nv_bfloat16) {
  return make_float2(__uint_as_float(bits << 16), __uint_as_float(bits & 0xffff0000u));
}

/// One row's share of a thread: its chunks, and for each the 32-bit word of the row's scales that holds its own.
/// What every format has: chunks a thread owns, rows it takes at once, columns a chunk; `kScaleBytes`: of one scale (0:
/// none); `kScaleShift`: a chunk's scale is number chunk >> shift of the row. `dot` gets the chunk's number for its
/// place in the word.
template <typename T>
struct HalfProduct {
  static constexpr int kChunks = 2, kUnroll = 2, kColumns = 8, kScaleBytes = 0, kScaleShift = 0;
  static constexpr bool kQuantizedInput = false, kWideInput = false, kNested = false;
  using Tables = NoTables;
  struct Activations {
    float x[kChunks][8];
  };
  template <typename Row>
  static __device__ __forceinline__ float dot(const Row& in, const Activations& a, const Tables&, int) {
    float sum = 0;
#pragma unroll
    for (int k = 0; k < kChunks; ++k) {
      const std::uint32_t words[4] = {in.w[k].x, in.w[k].y, in.w[k].z, in.w[k].w};
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float2 v = pairToFloat(words[i], T());
        sum = fmaf(v.x, a.x[k][2 * i], sum);
        sum = fmaf(v.y, a.x[k][2 * i + 1], sum);
      }
    }
    return sum;
  }
};

struct FloatProduct {
  static constexpr int kChunks = 4, kUnroll = 1, kColumns = 4, kScaleBytes = 0, kScaleShift = 0;
  static constexpr bool kQuantizedInput = false, kWideInput = false, kNested = false;
  using Tables = NoTables;
  struct Activations {
    float x[kChunks][4];
  };
  template <typename Row>
  static __device__ __forceinline__ float dot(const Row& in, const Activations& a, const Tables&, int) {
    float sum = 0;
#pragma unroll
    for (int k = 0; k < kChunks; ++k) {
      sum = fmaf(__uint_as_float(in.w[k].x), a.x[k][0], sum);
      sum = fmaf(__uint_as_float(in.w[k].y), a.x[k][1], sum);
      sum = fmaf(__uint_as_float(in.w[k].z), a.x[k][2], sum);
      sum = fmaf(__uint_as_float(in.w[k].w), a.x[k][3], sum);
    }
    return sum;
  }
};

// ---- integer activations
// ----------------------------------------------------------------------------------------------------

/// Activations of `Words`·4 columns. Wide: 16-bit integers split into a signed high and an unsigned low byte.
template <int Words, bool Wide>
struct IntegerActivations {
  std::uint32_t high[Words];
  std::uint32_t low[Wide ? Words : 1];
  float scale;
  __device__ __forceinline__ void load(const SharedActivations& shared, int chunk) {
#pragma unroll
    for (int i = 0; i < Words; ++i) high[i] = shared.high[chunk * Words + i];
    if (Wide) {
#pragma unroll
      for (int i = 0; i < Words; ++i) low[Wide ? i : 0] = shared.low[chunk * Words + i];
    }
    scale = shared.scales[chunk * Words / 8];
  }
  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int i = 0; i < Words; ++i) high[i] = 0;
    if (Wide) {
#pragma unroll
      for (int i = 0; i < Words; ++i) low[Wide ? i : 0] = 0;
    }
    scale = 0;
  }
};

/// Sums of one signed operand (weights) with the activations' planes.
template <bool Wide>
struct IntegerSum {
  int high = 0, low = 0;
  template <typename A>
  __device__ __forceinline__ void add(std::uint32_t weights, const A& a, int word) {
    high = dotSigned(weights, a.high[word], high);
    if (Wide) low = dotSignedUnsigned(weights, a.low[Wide ? word : 0], low);
  }
  __device__ __forceinline__ int value() const { return Wide ? high * 256 + low : high; }
};

/// The fp16 scale in the lower or upper half of a word.
__device__ __forceinline__ float halfOfWord(std::uint32_t word, int which) {
  return __half2float(__ushort_as_half(static_cast<std::uint16_t>(word >> (which & 1) * 16)));
}

template <bool Wide>
struct Q8Product {
  static constexpr int kChunks = 2, kUnroll = 2, kColumns = 16, kScaleBytes = 2, kScaleShift = 1;
  static constexpr bool kQuantizedInput = true, kWideInput = Wide, kNested = false;
  using Tables = NoTables;
  struct Activations {
    IntegerActivations<4, Wide> x[kChunks];
  };
  using Chunk = IntegerActivations<4, Wide>;
  static __device__ __forceinline__ float dotChunk(const uint4& w, std::uint32_t scale, const Chunk& a, const Tables&,
                                                   int chunk) {
    IntegerSum<Wide> s;
    s.add(w.x, a, 0);
    s.add(w.y, a, 1);
    s.add(w.z, a, 2);
    s.add(w.w, a, 3);
    return static_cast<float>(s.value()) * (a.scale * halfOfWord(scale, chunk >> 1));
  }
  template <typename Row>
  static __device__ __forceinline__ float dot(const Row& in, const Activations& a, const Tables& tables, int chunk) {
    float sum = 0;
#pragma unroll
    for (int k = 0; k < kChunks; ++k) sum += dotChunk(in.w[k], in.scale[k], a.x[k], tables, chunk);
    return sum;
  }
};

/// Four table bytes by the four low nibbles of `selector`; a nibble with its top bit set gives the sign of the byte
/// that its other bits select: 0 or -1. (__byte_perm masks that bit away.)
__device__ __forceinline__ std::uint32_t lookup(std::uint32_t t0, std::uint32_t t1, std::uint32_t selector) {
  std::uint32_t bytes;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(bytes) : "r"(t0), "r"(t1), "r"(selector));
  return bytes;
}

/// The first eight codes are ≤ 0, the last eight ≥ 0: two tables of magnitudes (no byte is negative, so a lookup in the
/// wrong one gives 0), two sums, and the difference at the end.
template <bool Wide>
struct Q4Product {
  static constexpr int kChunks = 1, kUnroll = 4, kColumns = 32, kScaleBytes = 2, kScaleShift = 0;
  static constexpr bool kQuantizedInput = true, kWideInput = Wide, kNested = false;
  struct Tables {
    std::uint32_t n0, p0;  // the other halves are immediates
    __device__ __forceinline__ void keep() {
      n0 = heldConstant(pack4(127, 104, 83, 65));
      p0 = heldConstant(pack4(1, 13, 25, 38));
    }
  };
  struct Activations {
    IntegerActivations<8, Wide> x[kChunks];
  };
  using Chunk = IntegerActivations<8, Wide>;
  static __device__ __forceinline__ float dotChunk(const uint4& w, std::uint32_t scale, const Chunk& a,
                                                   const Tables& tables, int chunk) {
    constexpr std::uint32_t n1 = pack4(49, 35, 22, 10), p1 = pack4(53, 69, 89, 113);
    const std::uint32_t n0 = tables.n0, p0 = tables.p0;
    IntegerSum<Wide> negative, positive;
    const std::uint32_t words[4] = {w.x, w.y, w.z, w.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t q = words[i], r = q ^ 0x88888888u;
      negative.add(lookup(n0, n1, q), a, 2 * i);
      positive.add(lookup(p0, p1, r), a, 2 * i);
      negative.add(lookup(n0, n1, q >> 16), a, 2 * i + 1);
      positive.add(lookup(p0, p1, r >> 16), a, 2 * i + 1);
    }
    return static_cast<float>(positive.value() - negative.value()) * (a.scale * halfOfWord(scale, chunk));
  }
  template <typename Row>
  static __device__ __forceinline__ float dot(const Row& in, const Activations& a, const Tables& tables, int chunk) {
    return dotChunk(in.w[0], in.scale[0], a.x[0], tables, chunk);
  }
};

/// NF4's code as 14-bit magnitudes (code · 16383, error 3e-5 of the block's absmax), high and low 7 bits in tables of
/// their own.
constexpr int nf4Magnitude(int i) {
  return static_cast<int>((kNf4Code[i] < 0 ? -kNf4Code[i] : kNf4Code[i]) * 16383.0f + 0.5f);
}
constexpr std::uint32_t nf4Table(int first, int shift) {
  return pack4((nf4Magnitude(first) >> shift) & 127, (nf4Magnitude(first + 1) >> shift) & 127,
               (nf4Magnitude(first + 2) >> shift) & 127, (nf4Magnitude(first + 3) >> shift) & 127);
}

template <bool Wide, bool Nested>
struct Nf4Product {
  static constexpr int kChunks = 1, kUnroll = 4, kColumns = 32, kScaleBytes = Nested ? 1 : 4, kScaleShift = 1;
  static constexpr bool kQuantizedInput = true, kWideInput = Wide, kNested = Nested;
  struct Tables {
    std::uint32_t nh0, nl0, ph0, pl0;  // the other halves are immediates
    __device__ __forceinline__ void keep() {
      nh0 = heldConstant(nf4Table(0, 7));
      nl0 = heldConstant(nf4Table(0, 0));
      ph0 = heldConstant(nf4Table(8, 7));
      pl0 = heldConstant(nf4Table(8, 0));
    }
  };
  struct Activations {
    IntegerActivations<8, Wide> x[kChunks];
  };
  using Chunk = IntegerActivations<8, Wide>;
  /// Without the block's absmax.
  static __device__ __forceinline__ float dotCodes(const uint4& w, const Chunk& a, const Tables& tables) {
    constexpr std::uint32_t nh1 = nf4Table(4, 7), nl1 = nf4Table(4, 0), ph1 = nf4Table(12, 7), pl1 = nf4Table(12, 0);
    const std::uint32_t nh0 = tables.nh0, nl0 = tables.nl0, ph0 = tables.ph0, pl0 = tables.pl0;
    IntegerSum<Wide> negativeHigh, negativeLow, positiveHigh, positiveLow;
    const std::uint32_t words[4] = {w.x, w.y, w.z, w.w};
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t q = i & 1 ? words[i / 2] >> 16 : words[i / 2];
      const std::uint32_t r = i & 1 ? (words[i / 2] ^ 0x88888888u) >> 16 : words[i / 2] ^ 0x88888888u;
      negativeHigh.add(lookup(nh0, nh1, q), a, i);
      negativeLow.add(lookup(nl0, nl1, q), a, i);
      positiveHigh.add(lookup(ph0, ph1, r), a, i);
      positiveLow.add(lookup(pl0, pl1, r), a, i);
    }
    const float high = static_cast<float>(positiveHigh.value() - negativeHigh.value());
    const float low = static_cast<float>(positiveLow.value() - negativeLow.value());
    return fmaf(high, 128.0f, low) * (a.scale * (1.0f / 16383.0f));
  }
  /// nf4-dq: the code byte of a chunk in its word.
  static __device__ __forceinline__ int codeByte(std::uint32_t word, int chunk) {
    return (word >> ((chunk >> 1) & 3) * 8) & 255;
  }
  template <typename Row>
  static __device__ __forceinline__ float dot(const Row& in, const Activations& a, const Tables& tables, int chunk) {
    const float sum = dotCodes(in.w[0], a.x[0], tables);
    if (!Nested) return sum * __uint_as_float(in.scale[0]);
    return sum * fmaf(in.code[codeByte(in.scale[0], chunk)], in.nested, in.offset);
  }
};

}  // namespace gpu
}  // namespace nibble

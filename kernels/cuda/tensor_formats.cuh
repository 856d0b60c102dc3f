// How a tile of quantized weights meets 8-bit activations on tensor cores (mma.m16n8k32, int8).
//
// A "strip" is 256 columns: eight blocks of 32. In A, lane 4g + t holds 16 bytes of rows g and g + 8, which is a block:
// number t of the strip in one pass and 4 + t in the other. One mma contracts words of four different blocks, but B is
// zero except where the lane's column n names its own block (t = n % 4), so D[row][n] ends with the integer dot product
// of one block alone: one pass leaves columns 0 … 3 of use, the other 4 … 7. Lane 4g + t then holds its rows' blocks 2t
// and 2t + 1, where they get their scales. No sums cross lanes but the last two. Rows take the passes in turns
// (even rows blocks 0 … 3 first, odd rows 4 … 7): what they read then lies in different banks.
#pragma once
#include <cuda_fp16.h>

#include "kernels/cuda/code_tables.cuh"
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/matvec.h"

namespace nibble {
namespace gpu {

/// Where a warp finds activations: four words (zeros unless the lane is to have its `own`) and the scales of two
/// blocks. Those that the block has rounded itself, in shared memory, and such as the kernel before has left rounded.
struct PreparedInput {
  const std::uint32_t* words;
  const float* scales;
  __device__ __forceinline__ uint4 fourWords(int at, bool own) const {
    return own ? *reinterpret_cast<const uint4*>(words + at) : make_uint4(0, 0, 0, 0);
  }
  __device__ __forceinline__ float2 twoScales(int at) const { return *reinterpret_cast<const float2*>(scales + at); }
};
struct LeftInput {
  const std::uint32_t* words;
  const float* scales;
  __device__ __forceinline__ LeftInput(const std::uint8_t* vector, int columns)
      : words(reinterpret_cast<const std::uint32_t*>(vector)),
        scales(reinterpret_cast<const float*>(vector + columns)) {}
  __device__ __forceinline__ uint4 fourWords(int at, bool own) const {
    return own ? __ldcg(reinterpret_cast<const uint4*>(words + at)) : make_uint4(0, 0, 0, 0);
  }
  __device__ __forceinline__ float2 twoScales(int at) const {
    return __ldcg(reinterpret_cast<const float2*>(scales + at));
  }
};

/// Four signed bytes times `ratio` / 256 (at most 1), rounded again. In pairs of 16 bits, 128 higher so that nothing is
/// negative.
__device__ __forceinline__ std::uint32_t rescaled(std::uint32_t word, std::uint32_t ratio) {
  const std::uint32_t moved = (32768 + 128 - 128 * ratio) * 0x10001u;
  const std::uint32_t even = ((word ^ 0x80808080u) & 0x00ff00ffu) * ratio + moved;
  const std::uint32_t odd = ((word ^ 0x80808080u) >> 8 & 0x00ff00ffu) * ratio + moved;
  return __byte_perm(even, odd, 0x7351) ^ 0x80808080u;
}

/// Activations that the kernel before has left rounded with a scale per 16: of two neighbouring strips a warp takes 16
/// columns a lane, and brings those of a pair of lanes to the larger one's scale.
class HalvesInput {
 public:
  /// `strips`: that there are, from `strip` on. All lanes of a warp.
  __device__ __forceinline__ HalvesInput(const std::uint8_t* vector, int columns, int strip, int strips)
      : m_first(strip * (kStripColumns / kRoundedHalf)) {
    const int lane = threadIdx.x & 31;
    const int half = m_first + (strips > 1 ? lane : lane & 15);
    m_words = __ldcg(reinterpret_cast<const uint4*>(vector) + half);
    const std::uint32_t own = __ldcg(reinterpret_cast<const std::uint32_t*>(vector + columns) + half);
    const std::uint32_t larger = max(own, __shfl_xor_sync(0xffffffffu, own, 1));
    m_scale = __uint_as_float(larger);
    if (own == larger) return;
    const std::uint32_t ratio = __float2uint_rn(256.0f * __fdividef(__uint_as_float(own), m_scale));
    m_words.x = rescaled(m_words.x, ratio), m_words.y = rescaled(m_words.y, ratio);
    m_words.z = rescaled(m_words.z, ratio), m_words.w = rescaled(m_words.w, ratio);
  }
  __device__ __forceinline__ uint4 fourWords(int at, bool own) const {
    const int lane = at / 4 - m_first;
    const uint4 v = make_uint4(__shfl_sync(0xffffffffu, m_words.x, lane), __shfl_sync(0xffffffffu, m_words.y, lane),
                               __shfl_sync(0xffffffffu, m_words.z, lane), __shfl_sync(0xffffffffu, m_words.w, lane));
    return own ? v : make_uint4(0, 0, 0, 0);
  }
  __device__ __forceinline__ float2 twoScales(int at) const {
    const int lane = 2 * at - m_first;
    return make_float2(__shfl_sync(0xffffffffu, m_scale, lane), __shfl_sync(0xffffffffu, m_scale, lane + 2));
  }

 private:
  uint4 m_words;
  float m_scale;
  int m_first;
};

/// `Words` words of a strip's activations as B (zero where the lane's column is of another block; the same in all
/// passes), and the scales of the lane's two blocks.
template <int Words>
struct StripActivations {
  std::uint32_t b[Words];
  float scale[2];

  /// `from`: the first word, where `own`.
  template <typename Input>
  __device__ __forceinline__ void load(const Input& input, int from, bool own, int strip) {
#pragma unroll
    for (int i = 0; i < Words; i += 4) {
      const uint4 v = input.fourWords(from + i, own);
      b[i] = v.x, b[i + 1] = v.y, b[i + 2] = v.z, b[i + 3] = v.w;
    }
    const float2 s = input.twoScales(strip * 8 + 2 * (threadIdx.x & 3));
    scale[0] = s.x, scale[1] = s.y;
  }
};

/// A lane's 16-byte pieces of a strip of 4-bit codes: of rows g and g + 8, in both passes.
struct StripPieces {
  uint4 top[2], bottom[2];
};

/// A lane's word of the strip's scales in both its rows.
struct RowScales {
  std::uint32_t top, bottom;
};

/// A strip of a panel of `Rows` rows: the rows' codes, then their scales (device_layout.h).
template <int Rows, int CodeBytes, int ScaleBytes>
struct PanelStrip {
  static constexpr int kScalesAt = Rows * CodeBytes, kBytes = kScalesAt + Rows * ScaleBytes;
};

/// What the formats of 4 bits share. Tiles of 16 rows; `StripScaleBytes`: of a row's scales of a strip, of which lane
/// 4g + t wants word t, or the only one.
template <int StripScaleBytes>
struct FourBitTiles {
  static constexpr int kTileRows = panelRowsOf(MatrixFormat::q4), kRowsOfLane = 2, kCodeBytes = kStripColumns / 2;
  using Strip = PanelStrip<kTileRows, kCodeBytes, StripScaleBytes>;

  struct Activations : StripActivations<8> {
    template <typename Input>
    __device__ __forceinline__ void load(const Input& input, int strip) {
      const int lane = threadIdx.x & 31, column = lane >> 2;
      StripActivations<8>::load(input, (strip * 8 + column) * 8, (column & 3) == (lane & 3), strip);
    }
  };

  /// Where a lane finds its share of a warp's strips: shared addresses in slot 0. In the first pass lanes of even rows
  /// read the first half of a strip, those of odd rows the second, in the second pass the other way round: so no two
  /// rows meet in a bank.
  struct Reader {
    std::uint32_t unit[2], scales;

    __device__ __forceinline__ void setUp(std::uint32_t ring, int strip) {
      const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
      const std::uint32_t at = ring + strip * Strip::kBytes;
      unit[0] = kept(at + g * kCodeBytes + (t + (g & 1) * 4) * 16);
      unit[1] = kept(at + g * kCodeBytes + (t + (~g & 1) * 4) * 16);
      scales = kept(at + Strip::kScalesAt + g * StripScaleBytes + (StripScaleBytes > 4 ? t * 4 : 0));
    }
    /// `offset`: of the slot; `strip`: of the warp's.
    __device__ __forceinline__ StripPieces pieces(std::uint32_t offset, int strip) const {
      StripPieces w;
#pragma unroll
      for (int m = 0; m < 2; ++m) {
        w.top[m] = loadShared16(unit[m] + offset + strip * Strip::kBytes);
        w.bottom[m] = loadShared16(unit[m] + offset + strip * Strip::kBytes + 8 * kCodeBytes);
      }
      return w;
    }
    __device__ __forceinline__ RowScales rowScales(std::uint32_t offset, int strip) const {
      const std::uint32_t at = scales + offset + strip * Strip::kBytes;
      return {loadShared4(at), loadShared4(at + 8 * StripScaleBytes)};
    }
  };
  using Pieces = StripPieces;
  using Scales = RowScales;
};

/// The dot products of the lane's blocks in `Sums` sums, as the tables spread their codes over them: [0], [1] of the
/// upper row, [2], [3] of the lower.
template <int Sums, typename Tables>
__device__ __forceinline__ void multiplyStrip(const StripPieces& w, const StripActivations<8>& a, const Tables& tables,
                                              int (&out)[Sums][4]) {
  int d[2][Sums][4] = {};
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int m = 0; m < 2; ++m) {
      const std::uint32_t tops[4] = {w.top[m].x, w.top[m].y, w.top[m].z, w.top[m].w};
      const std::uint32_t bottoms[4] = {w.bottom[m].x, w.bottom[m].y, w.bottom[m].z, w.bottom[m].w};
      tables.multiply(WordSelectors(tables.multiplier, tops[i], bottoms[i]), a.b[2 * i], a.b[2 * i + 1], d[m]);
    }
  const bool first = ((threadIdx.x & 2) == 0) == ((threadIdx.x & 4) == 0);
#pragma unroll
  for (int p = 0; p < Sums; ++p)
#pragma unroll
    for (int i = 0; i < 4; ++i) out[p][i] = first ? d[0][p][i] : d[1][p][i];
}

struct Q4Tensor : FourBitTiles<16> {
  static constexpr bool kNested = false;
  struct Tables {
    Multiplier multiplier;
    HeldTables<Q4Codes> codes;
    __device__ __forceinline__ void keep() {
      multiplier.keep();
      codes.keep();
    }
    __device__ __forceinline__ void multiply(const WordSelectors& s, std::uint32_t b0, std::uint32_t b1,
                                             int (&d)[1][4]) const {
      codes.multiply(s, b0, b1, d[0], d[0]);
    }
  };
  /// Adds the strip to the sums of the lane's two rows.
  static __device__ __forceinline__ void add(const StripPieces& w, const RowScales& scales, const Activations& a,
                                             const Tables& tables, float (&sum)[2]) {
    int d[1][4];
    multiplyStrip(w, a, tables, d);
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const std::uint32_t word = r ? scales.bottom : scales.top;
      const float2 s = __half22float2(*reinterpret_cast<const __half2*>(&word));
      sum[r] = fmaf(static_cast<float>(d[0][2 * r]), s.x * a.scale[0], sum[r]);
      sum[r] = fmaf(static_cast<float>(d[0][2 * r + 1]), s.y * a.scale[1], sum[r]);
    }
  }
};

template <bool Nested>
struct Nf4Tensor : FourBitTiles<Nested ? 4 : 16> {
  static constexpr bool kNested = Nested;
  using Activations = typename FourBitTiles<Nested ? 4 : 16>::Activations;
  struct Tables {
    Multiplier multiplier;
    HeldTables<Nf4Codes> codes;
    __device__ __forceinline__ void keep() {
      multiplier.keep();
      codes.keep();
    }
    __device__ __forceinline__ void multiply(const WordSelectors& s, std::uint32_t b0, std::uint32_t b1,
                                             int (&d)[2][4]) const {
      codes.multiply(s, b0, b1, d[0], d[1]);
    }
  };
  static __device__ __forceinline__ void add(const StripPieces& w, const RowScales& scales, const Activations& a,
                                             const Tables& tables, float (&sum)[2]) {
    int d[2][4];
    multiplyStrip(w, a, tables, d);
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      float blocks[2];
#pragma unroll
      for (int i = 0; i < 2; ++i)
        blocks[i] =
            fmaf(static_cast<float>(d[1][2 * r + i]), kNf4Below / kNf4Above, -static_cast<float>(d[0][2 * r + i]));
      const float both = fmaf(blocks[0], a.scale[0], blocks[1] * a.scale[1]);
      sum[r] = fmaf(both * (1.0f / kNf4Below), __uint_as_float(r ? scales.bottom : scales.top), sum[r]);
    }
  }
};

/// 8-bit weights as they are. Tiles of 8 rows: the two halves of A hold different columns of the same row. In pass p
/// lane 4g + t reads 16 bytes p and p + 2 of four, each 64 columns apart: unit 4p + t goes into row g of A, the one
/// 8 further on into row g + 8. B is the lane's own unit 4(n / 2) + t where t / 2 = n % 2, so D's columns 2t, 2t + 1
/// (the lane's two blocks) are right in the pass and half that held units 4t … 4t + 3. Odd rows swap the passes
/// (banks).
struct Q8Tensor {
  static constexpr bool kNested = false;
  static constexpr int kTileRows = panelRowsOf(MatrixFormat::q8), kRowsOfLane = 1, kCodeBytes = kStripColumns;
  static constexpr int kScaleBytes = 16;
  using Strip = PanelStrip<kTileRows, kCodeBytes, kScaleBytes>;
  using Tables = NoTables;
  using Scales = std::uint32_t;
  struct Pieces {
    uint4 first[2], second[2];
  };

  struct Activations : StripActivations<4> {
    template <typename Input>
    __device__ __forceinline__ void load(const Input& input, int strip) {
      const int lane = threadIdx.x & 31, column = lane >> 2, t = lane & 3;
      StripActivations<4>::load(input, strip * 64 + ((column >> 1) * 4 + t) * 4, (t >> 1) == (column & 1), strip);
    }
  };

  struct Reader {
    std::uint32_t unit[2], scales;

    __device__ __forceinline__ void setUp(std::uint32_t ring, int strip) {
      const int lane = threadIdx.x & 31, g = lane >> 2, t = lane & 3;
      const std::uint32_t at = ring + strip * Strip::kBytes;
      unit[0] = kept(at + g * kCodeBytes + (t + (g & 1) * 4) * 16);
      unit[1] = kept(at + g * kCodeBytes + (t + (~g & 1) * 4) * 16);
      scales = kept(at + Strip::kScalesAt + g * kScaleBytes + t * 4);
    }
    __device__ __forceinline__ Pieces pieces(std::uint32_t offset, int strip) const {
      Pieces w;
#pragma unroll
      for (int p = 0; p < 2; ++p) {
        w.first[p] = loadShared16(unit[p] + offset + strip * Strip::kBytes);
        w.second[p] = loadShared16(unit[p] + offset + strip * Strip::kBytes + 128);
      }
      return w;
    }
    __device__ __forceinline__ Scales rowScales(std::uint32_t offset, int strip) const {
      return loadShared4(scales + offset + strip * Strip::kBytes);
    }
  };

  static __device__ __forceinline__ void add(const Pieces& w, Scales scales, const Activations& a, const Tables&,
                                             float (&sum)[1]) {
    int d[2][4] = {};
#pragma unroll
    for (int p = 0; p < 2; ++p) {
      mma16832(d[p], w.first[p].x, w.second[p].x, w.first[p].y, w.second[p].y, a.b[0], a.b[1]);
      mma16832(d[p], w.first[p].z, w.second[p].z, w.first[p].w, w.second[p].w, a.b[2], a.b[3]);
    }
    const int lane = threadIdx.x & 31;
    const bool firstPass = (lane & 1) == ((lane >> 2) & 1), upper = (lane & 2) == 0;
    const float2 s = __half22float2(*reinterpret_cast<const __half2*>(&scales));
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int inFirst = upper ? d[0][i] : d[0][i + 2], inSecond = upper ? d[1][i] : d[1][i + 2];
      const float product = static_cast<float>(firstPass ? inFirst : inSecond);
      sum[0] = fmaf(product, (i ? s.y : s.x) * a.scale[i], sum[0]);
    }
  }
};

/// The strips are those that weights lie in.
template <typename F>
constexpr bool stripsAgree(MatrixFormat format) {
  const MatrixLayout layout = matrixLayout(format, F::kTileRows, kStripColumns);
  return layout.panelRows == F::kTileRows && layout.flatOffset == F::Strip::kBytes &&
         layout.scaleAt(0, 0) == F::Strip::kScalesAt;
}
static_assert(stripsAgree<Q4Tensor>(MatrixFormat::q4) && stripsAgree<Q8Tensor>(MatrixFormat::q8), "");
static_assert(stripsAgree<Nf4Tensor<false>>(MatrixFormat::nf4) && stripsAgree<Nf4Tensor<true>>(MatrixFormat::nf4dq),
              "");

}  // namespace gpu
}  // namespace nibble

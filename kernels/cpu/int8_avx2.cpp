// Integer products with AVX2. maddubs multiplies unsigned by signed bytes and saturates sums of two, so one factor gives its
// magnitude and the other takes its sign: |x| · (w with the sign of x), at most 2 × 127 × 127.
#include "kernels/cpu/int8_unpack.h"

namespace nibble {
namespace {

constexpr int kInt8TileRows = 4;

inline __m256i load256(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

/// 4 activations in every lane.
inline __m256i splat4(const std::int8_t* p) {
  std::int32_t four;
  std::memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}

inline __m256i addProducts(__m256i sums, __m256i magnitude, __m256i other) {
  return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(magnitude, other), _mm256_set1_epi16(1)));
}

/// Sums of the 16 rows of a panel.
struct Sums {
  __m256i low = _mm256_setzero_si256();   // rows 0-7
  __m256i high = _mm256_setzero_si256();  // rows 8-15
  void add(__m256i weightsLow, __m256i weightsHigh, __m256i x) {
    const __m256i magnitude = _mm256_abs_epi8(x);
    low = addProducts(low, magnitude, _mm256_sign_epi8(weightsLow, x));
    high = addProducts(high, magnitude, _mm256_sign_epi8(weightsHigh, x));
  }
};

inline Sums sumInt8(const std::uint8_t* values, const std::int8_t* x) {
  Sums sums;
  for (int group = 0; group < 8; ++group) {
    prefetchAhead(values + group * 64);
    sums.add(load256(values + group * 64), load256(values + group * 64 + 32), splat4(x + group * 4));
  }
  return sums;
}

inline Sums sumNibbles(const std::uint8_t* bytes, __m256i codes, const std::int8_t* x) {
  const __m256i mask = _mm256_set1_epi8(15);
  Sums sums;
  for (int j = 0; j < 4; ++j) {
    prefetchAhead(bytes + j * 64);
    const __m256i a = load256(bytes + j * 64), b = load256(bytes + j * 64 + 32);
    sums.add(_mm256_shuffle_epi8(codes, _mm256_and_si256(a, mask)), _mm256_shuffle_epi8(codes, _mm256_and_si256(b, mask)), splat4(x + j * 4));
    sums.add(_mm256_shuffle_epi8(codes, _mm256_and_si256(_mm256_srli_epi16(a, 4), mask)),
             _mm256_shuffle_epi8(codes, _mm256_and_si256(_mm256_srli_epi16(b, 4), mask)), splat4(x + 16 + j * 4));
  }
  return sums;
}

inline __m256i loadCodes(const std::int8_t* codes) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes)));
}

struct RowSums {
  Vec low = splat(0.0f), high = splat(0.0f);
  void add(const Sums& sums, Vec scaleLow, Vec scaleHigh, float scale) {
    low = fma(_mm256_cvtepi32_ps(sums.low), scaleLow * splat(scale), low);
    high = fma(_mm256_cvtepi32_ps(sums.high), scaleHigh * splat(scale), high);
  }
  void addHalf(const Sums& sums, const std::uint8_t* scales, float scale) {
    const auto* halves = reinterpret_cast<const std::uint16_t*>(scales);
    add(sums, loadHalf(halves), loadHalf(halves + 8), scale);
  }
};

/// y[0..16) of one panel for one row of activations.
inline void int8Row(const PackedMatrix& matrix, std::int64_t panel, const ActivationRow& x, float* y) {
  const std::uint8_t* block = matrix.data + panel * panelBytes(matrix.type, matrix.columns);
  const std::int64_t blocks = activationBlocks(matrix.columns);
  RowSums sums;
  if (matrix.type == WeightType::q8) {
    for (std::int64_t b = 0; b < blocks; ++b, block += kQ8PanelBlock) {
      sums.addHalf(sumInt8(block + kScaleBytes, x.values + b * 32), block, x.scales[b]);
    }
  } else if (matrix.type == WeightType::q4) {
    const __m256i codes = loadCodes(kQ4Codebook);
    for (std::int64_t b = 0; b < blocks; ++b, block += kQ4PanelBlock) {
      sums.addHalf(sumNibbles(block + kScaleBytes, codes, x.values + b * 32), block, x.scales[b]);
    }
  } else {
    const __m256i codes = loadCodes(kNf4Int8);
    const std::int64_t blockBytes = matrix.type == WeightType::nf4 ? kNf4PanelBlock : kNf4dqPanelBlock;
    for (std::int64_t b = 0; b < blocks; b += 2, block += blockBytes) {
      float scales[kPanelRows];
      nf4Scales(matrix, panel, b / 2, block, scales);
      for (int half = 0; half < 2; ++half) {
        const std::uint8_t* nibbles = block + blockBytes - 512 + half * 256;
        sums.add(sumNibbles(nibbles, codes, x.values + (b + half) * 32), load(scales), load(scales + 8), x.scales[b + half]);
      }
    }
  }
  store(y, sums.low);
  store(y + 8, sums.high);
}

/// N rows of activations against `blocks` unpacked blocks. Here the weights give the magnitude: once for all rows.
template <int N>
inline void int8Tile(const std::int8_t* values, const float* scales, std::int64_t blocks, const ActivationRow* x, float* y,
                     std::int64_t yStride, bool add) {
  float totals[N][kPanelRows];
  for (int i = 0; i < N; ++i) std::memset(totals[i], 0, sizeof totals[i]);
  for (std::int64_t b = 0; b < blocks; ++b, values += 512, scales += 16) {
    __m256i low[N], high[N];
    for (int i = 0; i < N; ++i) low[i] = high[i] = _mm256_setzero_si256();
    for (int group = 0; group < 8; ++group) {
      const __m256i a = load256(values + group * 64), c = load256(values + group * 64 + 32);
      const __m256i aMagnitude = _mm256_abs_epi8(a), cMagnitude = _mm256_abs_epi8(c);
      for (int i = 0; i < N; ++i) {
        const __m256i row = splat4(x[i].values + b * 32 + group * 4);
        low[i] = addProducts(low[i], aMagnitude, _mm256_sign_epi8(row, a));
        high[i] = addProducts(high[i], cMagnitude, _mm256_sign_epi8(row, c));
      }
    }
    for (int i = 0; i < N; ++i) {
      const Vec scale = splat(x[i].scales[b]);
      store(totals[i], fma(_mm256_cvtepi32_ps(low[i]), load(scales) * scale, load(totals[i])));
      store(totals[i] + 8, fma(_mm256_cvtepi32_ps(high[i]), load(scales + 8) * scale, load(totals[i] + 8)));
    }
  }
  for (int i = 0; i < N; ++i) {
    for (int v = 0; v < 16; v += 8) {
      float* target = y + i * yStride + v;
      store(target, add ? load(target) + load(totals[i] + v) : load(totals[i] + v));
    }
  }
}

}  // namespace
}  // namespace nibble

#include "kernels/cpu/int8_impl.h"

// The scale search of q4 for one block of 32, at one level. Candidates are compared in integers (weights as 16 bits of the largest),
// the refit is fp32 in a fixed order of eight partial sums: the bytes do not depend on the level.
#pragma once
#include "kernels/blocks.h"
#include "kernels/cpu/simd.h"

namespace nibble {
namespace {

constexpr int kSearchSteps = 4;       // on either side of an end of the codebook
constexpr int kSearchStep = 5;        // in units of the codebook; finer steps gain under 0.1 %
constexpr int kRefits = 2;

/// The codebook value nearest to v, for v = -128 … 127 at [v + 128]; between two, the lower one.
struct NearestTable {
  alignas(64) std::int8_t values[256];
};
constexpr NearestTable makeNearestTable() {
  NearestTable table{};
  for (int v = -128; v < 128; ++v) {
    int best = 0;
    for (int i = 1; i < 16; ++i) {
      if (2 * v > kQ4Codebook[i - 1] + kQ4Codebook[i]) best = i;
    }
    table.values[v + 128] = kQ4Codebook[best];
  }
  return table;
}
constexpr NearestTable kNearest = makeNearestTable();

constexpr int kCandidates = 2 * (2 * kSearchSteps + 1);  // even

constexpr int kScores = (kCandidates + 15) / 16 * 16;  // padded to whole vectors

/// For every candidate Σ x q and Σ q².
struct SearchSums {
  std::int32_t products[kScores] = {};
  std::int32_t squares[kScores] = {};
#if defined(__AVX2__)
  void store(int i, __m128i both) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(products + i), both);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(squares + i), _mm_unpackhi_epi64(both, both));
  }
#endif
};

#if defined(__AVX512VBMI__)

/// q of 32 weights x (16 bits of the largest), when the largest is set to `target`.
inline __m256i nearestValues(__m512i x, int target) {
  const __m256i v = _mm512_cvtsepi16_epi8(_mm512_mulhrs_epi16(x, _mm512_set1_epi16(static_cast<short>(target))));
  const __m512i index = _mm512_castsi256_si512(v);
  const __m512i low = _mm512_permutex2var_epi8(_mm512_load_si512(kNearest.values + 128), index, _mm512_load_si512(kNearest.values + 192));
  const __m512i high = _mm512_permutex2var_epi8(_mm512_load_si512(kNearest.values), index, _mm512_load_si512(kNearest.values + 64));
  return _mm256_mask_blend_epi8(_mm256_movepi8_mask(v), _mm512_castsi512_si256(low), _mm512_castsi512_si256(high));
}

inline void searchValues(const std::int16_t* x, int target, std::int8_t* q) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(q), nearestValues(_mm512_loadu_si512(x), target));
}

/// Sums of the lanes of a, b, c and d.
inline __m128i sumFour(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
  const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
  const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
  return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

inline void searchSums(const std::int16_t* x, const int* targets, SearchSums& out) {
  const __m512i weights = _mm512_loadu_si512(x);
  for (int i = 0; i < kCandidates; i += 2) {
    const __m512i first = _mm512_cvtepi8_epi16(nearestValues(weights, targets[i]));
    const __m512i second = _mm512_cvtepi8_epi16(nearestValues(weights, targets[i + 1]));
    out.store(i, sumFour(_mm512_madd_epi16(first, weights), _mm512_madd_epi16(second, weights), _mm512_madd_epi16(first, first),
                         _mm512_madd_epi16(second, second)));
  }
}

#elif defined(__AVX2__)

inline __m256i splat16(const std::int8_t* p) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

/// For v in the 16 integers [16 k − 128, 16 k − 112), k = 0 … 15: the codebook index is base[k] plus the thresholds passed, of which at
/// most two lie in any of these ranges (v passes t if v > t).
struct SearchRanges {
  std::int8_t base[16], first[16], second[16];
};
constexpr SearchRanges makeSearchRanges() {
  SearchRanges ranges{};
  for (int k = 0; k < 16; ++k) {
    ranges.first[k] = ranges.second[k] = 127;  // never passed
    int found = 0;
    for (int i = 0; i < 15; ++i) {
      const int sum = kQ4Codebook[i] + kQ4Codebook[i + 1];
      const int threshold = sum >= 0 ? sum / 2 : -((1 - sum) / 2);  // floor: v > sum / 2 means v > floor(sum / 2)
      if (threshold < 16 * k - 128) {
        ranges.base[k] = static_cast<std::int8_t>(i + 1);
      } else if (threshold < 16 * k - 112) {
        (found++ == 0 ? ranges.first[k] : ranges.second[k]) = static_cast<std::int8_t>(threshold);
      }
    }
  }
  return ranges;
}
constexpr SearchRanges kRanges = makeSearchRanges();

/// 32 values of q; the 16-bit inputs hold weights 0-7, 16-23 and 8-15, 24-31, so that packing puts them in order.
inline __m256i nearestValues(__m256i a, __m256i b, int target) {
  const __m256i factor = _mm256_set1_epi16(static_cast<short>(target));
  const __m256i v = _mm256_packs_epi16(_mm256_mulhrs_epi16(a, factor), _mm256_mulhrs_epi16(b, factor));
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i range = _mm256_and_si256(_mm256_srli_epi16(_mm256_xor_si256(v, _mm256_set1_epi8(-128)), 4), mask);
  __m256i index = _mm256_shuffle_epi8(splat16(kRanges.base), range);
  index = _mm256_sub_epi8(index, _mm256_cmpgt_epi8(v, _mm256_shuffle_epi8(splat16(kRanges.first), range)));
  index = _mm256_sub_epi8(index, _mm256_cmpgt_epi8(v, _mm256_shuffle_epi8(splat16(kRanges.second), range)));
  return _mm256_shuffle_epi8(splat16(kQ4Codebook), index);
}

inline void loadSearch(const std::int16_t* x, __m256i& a, __m256i& b) {
  const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  const __m256i second = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + 16));
  a = _mm256_permute2x128_si256(first, second, 0x20);
  b = _mm256_permute2x128_si256(first, second, 0x31);
}

inline void searchValues(const std::int16_t* x, int target, std::int8_t* q) {
  __m256i a, b;
  loadSearch(x, a, b);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(q), nearestValues(a, b, target));
}

/// Sums of the lanes of a, b, c and d.
inline __m128i sumFour(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  const __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
  const __m256i all = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
  return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

struct PairSums {
  __m256i products, squares;
};

inline PairSums candidateSums(__m256i a, __m256i b, int target) {
  const __m256i q = nearestValues(a, b, target);
  const __m256i qa = _mm256_srai_epi16(_mm256_unpacklo_epi8(q, q), 8), qb = _mm256_srai_epi16(_mm256_unpackhi_epi8(q, q), 8);
  return {_mm256_add_epi32(_mm256_madd_epi16(qa, a), _mm256_madd_epi16(qb, b)),
          _mm256_add_epi32(_mm256_madd_epi16(qa, qa), _mm256_madd_epi16(qb, qb))};
}

inline void searchSums(const std::int16_t* x, const int* targets, SearchSums& out) {
  __m256i a, b;
  loadSearch(x, a, b);
  for (int i = 0; i < kCandidates; i += 2) {
    const PairSums first = candidateSums(a, b, targets[i]), second = candidateSums(a, b, targets[i + 1]);
    out.store(i, sumFour(first.products, second.products, first.squares, second.squares));
  }
}

#else

inline void searchValues(const std::int16_t* x, int target, std::int8_t* q) {
  for (int i = 0; i < 32; ++i) {
    const int v = (x[i] * target + 0x4000) >> 15;
    q[i] = kNearest.values[(v < -128 ? -128 : v > 127 ? 127 : v) + 128];
  }
}

inline void searchSums(const std::int16_t* x, const int* targets, SearchSums& out) {
  for (int i = 0; i < kCandidates; ++i) {
    std::int8_t q[32];
    searchValues(x, targets[i], q);
    std::int32_t product = 0, square = 0;
    for (int j = 0; j < 32; ++j) {
      product += x[j] * q[j];
      square += q[j] * q[j];
    }
    out.products[i] = product;
    out.squares[i] = square;
  }
}

#endif

/// Σ w q x / Σ w q², and if asked (Σ w q x)² / Σ w q². In eight partial sums at every level.
inline float bestScale(const float* x, const float* weights, const float* q, float* score) {
  typedef float Eight __attribute__((vector_size(32)));
  Eight products{}, squares{};
  for (int i = 0; i < 32; i += 8) {
    Eight values, weighted, inputs;
    std::memcpy(&values, q + i, sizeof values);
    std::memcpy(&inputs, x + i, sizeof inputs);
    weighted = values;
    if (weights != nullptr) {
      std::memcpy(&weighted, weights + i, sizeof weighted);
      weighted *= values;
    }
    products += weighted * inputs;
    squares += weighted * values;
  }
  const float product = ((products[0] + products[4]) + (products[1] + products[5])) + ((products[2] + products[6]) + (products[3] + products[7]));
  const float square = ((squares[0] + squares[4]) + (squares[1] + squares[5])) + ((squares[2] + squares[6]) + (squares[3] + squares[7]));
  if (score != nullptr) *score = square > 0.0f ? product * product / square : 0.0f;
  return square > 0.0f ? product / square : 0.0f;
}

inline void searchScores(const std::int16_t* scaled, const float* x, const float* importance, const int* targets, float* scores) {
  if (importance == nullptr) {
    SearchSums all;
    searchSums(scaled, targets, all);
    for (int i = 0; i < kScores; ++i) {
      const float product = static_cast<float>(all.products[i]);
      scores[i] = product * product / static_cast<float>(all.squares[i]);  // 0 / 0 in the padding: NaN, never the largest
    }
    return;
  }
  for (int i = 0; i < kCandidates; ++i) {
    std::int8_t q[32];
    float values[32];
    searchValues(scaled, targets[i], q);
    for (int j = 0; j < 32; ++j) values[j] = q[j];
    bestScale(x, importance, values, scores + i);
  }
}

/// The target for the largest weight with the best score.
inline int searchTarget(const std::int16_t* scaled, const float* x, const float* importance) {
  int negative = 0;
  for (int i = 0; i < 32; ++i) negative |= scaled[i] == -32767 ? 1 : 0;
  const int sign = negative != 0 ? -1 : 1;
  int targets[kCandidates];
  for (int i = 0; i < kCandidates; ++i) {
    const int away = (i / 2 - kSearchSteps) * kSearchStep;
    targets[i] = i % 2 == 0 ? sign * -(127 + away) : sign * (113 + away);
  }
  float scores[kScores] = {};
  searchScores(scaled, x, importance, targets, scores);
  Vec top = splat(-1.0f);
  for (int i = 0; i < kScores; i += kLanes) top = vmax(load(scores + i), top);
  const float best = maxLanes(top);
  int chosen = 0;
  while (chosen + 1 < kCandidates && scores[chosen] != best) ++chosen;
  return targets[chosen];
}

/// Indexes and values of the codebook nearest to x × inverse: a step up for every threshold that is passed.
inline void nearestCodes(const float* x, float inverse, std::int32_t* index, float* q) {
  for (int i = 0; i < 32; ++i) {
    const float v = x[i] * inverse;
    std::int32_t code = 0;
    float value = kQ4Codebook[0];
#pragma GCC unroll 15
    for (int t = 0; t < 15; ++t) {
      const bool passed = v > static_cast<float>(kQ4Codebook[t] + kQ4Codebook[t + 1]) * 0.5f;
      code += passed ? 1 : 0;
      value += passed ? static_cast<float>(kQ4Codebook[t + 1] - kQ4Codebook[t]) : 0.0f;
    }
    index[i] = code;
    q[i] = value;
  }
}

/// One block with 0 < peak < infinity, its largest magnitude.
inline void quantizeQ4Block(const float* x, const float* importance, float peak, BlockQ4* out) {
  alignas(64) std::int16_t scaled[32];
  float q[32];
  std::int8_t values[32];
  std::int32_t index[32] = {};
  // in two steps, so that the factor of a very small block does not overflow
  for (int i = 0; i < 32; ++i) {
    const float v = x[i] / peak * 32767.0f;
    scaled[i] = static_cast<std::int16_t>(static_cast<std::int32_t>(v + (v < 0.0f ? -0.5f : 0.5f)));
  }
  searchValues(scaled, searchTarget(scaled, x, importance), values);
  for (int i = 0; i < 32; ++i) q[i] = values[i];
  std::uint16_t half = 0;
  for (int refit = 0; refit < kRefits; ++refit) {
    half = floatToHalf(bestScale(x, importance, q, nullptr));
    const float scale = halfToFloat(half);
    if (scale == 0.0f) break;  // below fp16
    nearestCodes(x, 1.0f / scale, index, q);
  }
  out->scale = half;
  for (int i = 0; i < 16; ++i) out->nibbles[i] = static_cast<std::uint8_t>(index[i] | index[i + 16] << 4);
}

}  // namespace
}  // namespace nibble

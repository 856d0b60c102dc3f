// A float vector as wide as the instruction set of the file that includes it: 4 (portable), 8 (AVX2) or 16 (AVX-512) lanes.
// Everything has internal linkage, so that no code for one level is ever linked into another. Only *_impl.h and level files include it.
#pragma once
#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "kernels/half.h"

#if defined(__AVX512F__)
#define NIBBLE_LEVEL(name) name##_avx512
#elif defined(__AVX2__)
#define NIBBLE_LEVEL(name) name##_avx2
#else
#define NIBBLE_LEVEL(name) name##_portable
#endif

namespace nibble {
namespace {

#if defined(__AVX512F__)

constexpr int kLanes = 16;
using Vec = __m512;
inline Vec load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
inline Vec splat(float x) { return _mm512_set1_ps(x); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Vec vmax(Vec a, Vec b) { return _mm512_max_ps(a, b); }
inline Vec vmin(Vec a, Vec b) { return _mm512_min_ps(a, b); }
inline Vec loadHalf(const std::uint16_t* p) { return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
inline void storeHalf(std::uint16_t* p, Vec v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}
inline Vec loadBf16(const std::uint16_t* p) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))), 16));
}
inline Vec loadInt8(const std::int8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
/// Lane i is byte c of the 4 bytes of row i: int8 [rows][4].
inline Vec loadColumn(const std::int8_t* p, int c) {
  const __m512i bytes = _mm512_loadu_si512(p);
  return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_sllv_epi32(bytes, _mm512_set1_epi32(24 - 8 * c)), 24));
}
/// Lane i is table[nibble of byte c of row i]; shift 0: low nibble, 4: high nibble.
inline Vec lookupColumn(const std::uint8_t* p, int c, int shift, const float* table) {
  return _mm512_permutexvar_ps(_mm512_srlv_epi32(_mm512_loadu_si512(p), _mm512_set1_epi32(8 * c + shift)), load(table));
}
/// 64 bytes of nibbles → table values: the low nibbles to `low`, the high ones to `high`.
inline void expandNibbles(const std::uint8_t* p, const std::int8_t* table, std::int8_t* low, std::int8_t* high) {
  const __m512i codes = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
  const __m512i bytes = _mm512_loadu_si512(p);
  const __m512i mask = _mm512_set1_epi8(15);
  _mm512_storeu_si512(low, _mm512_shuffle_epi8(codes, _mm512_and_si512(bytes, mask)));
  _mm512_storeu_si512(high, _mm512_shuffle_epi8(codes, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), mask)));
}
/// 2^n × v for integral n within the normal exponents, given n + 1.5 × 2^23.
inline Vec scaleByPower(Vec v, Vec magic) {
  const __m512i shift = _mm512_slli_epi32(_mm512_castps_si512(magic), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(v), shift));
}
inline Vec zeroWhereBelow(Vec v, Vec x, Vec limit) { return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, limit, _CMP_NLT_UQ), v); }
inline float sumLanes(Vec v) { return _mm512_reduce_add_ps(v); }
inline float maxLanes(Vec v) { return _mm512_reduce_max_ps(v); }
inline Vec vabs(Vec v) { return _mm512_abs_ps(v); }

#elif defined(__AVX2__)

constexpr int kLanes = 8;
using Vec = __m256;
inline Vec load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
inline Vec splat(float x) { return _mm256_set1_ps(x); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec vmax(Vec a, Vec b) { return _mm256_max_ps(a, b); }
inline Vec vmin(Vec a, Vec b) { return _mm256_min_ps(a, b); }
inline Vec loadHalf(const std::uint16_t* p) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
inline void storeHalf(std::uint16_t* p, Vec v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}
inline Vec loadBf16(const std::uint16_t* p) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))), 16));
}
inline Vec loadInt8(const std::int8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
inline Vec loadColumn(const std::int8_t* p, int c) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_sllv_epi32(bytes, _mm256_set1_epi32(24 - 8 * c)), 24));
}
inline Vec lookupColumn(const std::uint8_t* p, int c, int shift, const float* table) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i index = _mm256_srlv_epi32(bytes, _mm256_set1_epi32(8 * c + shift));  // permutes read the low 3 bits
  const Vec low = _mm256_permutevar8x32_ps(load(table), index);
  const Vec high = _mm256_permutevar8x32_ps(load(table + 8), index);
  return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
}
inline void expandNibbles(const std::uint8_t* p, const std::int8_t* table, std::int8_t* low, std::int8_t* high) {
  const __m256i codes = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table)));
  const __m256i mask = _mm256_set1_epi8(15);
  for (int i = 0; i < 64; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + i));
    const __m256i high4 = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(low + i), _mm256_shuffle_epi8(codes, _mm256_and_si256(bytes, mask)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(high + i), _mm256_shuffle_epi8(codes, high4));
  }
}
inline Vec scaleByPower(Vec v, Vec magic) {
  const __m256i shift = _mm256_slli_epi32(_mm256_castps_si256(magic), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(v), shift));
}
inline Vec zeroWhereBelow(Vec v, Vec x, Vec limit) { return _mm256_and_ps(v, _mm256_cmp_ps(x, limit, _CMP_NLT_UQ)); }
inline float sumLanes(Vec v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline float maxLanes(Vec v) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
inline Vec vabs(Vec v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }

#else

constexpr int kLanes = 4;
typedef float Vec __attribute__((vector_size(16)));
typedef std::uint32_t IntVec __attribute__((vector_size(16)));
inline Vec load(const float* p) {
  Vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, Vec v) { std::memcpy(p, &v, sizeof v); }
inline Vec splat(float x) { return Vec{x, x, x, x}; }
inline Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
inline Vec vmax(Vec a, Vec b) { return a > b ? a : b; }
inline Vec vmin(Vec a, Vec b) { return a < b ? a : b; }
inline Vec loadHalf(const std::uint16_t* p) { return Vec{halfToFloat(p[0]), halfToFloat(p[1]), halfToFloat(p[2]), halfToFloat(p[3])}; }
inline void storeHalf(std::uint16_t* p, Vec v) {
  for (int i = 0; i < 4; ++i) p[i] = floatToHalf(v[i]);
}
inline Vec loadBf16(const std::uint16_t* p) { return Vec{bf16ToFloat(p[0]), bf16ToFloat(p[1]), bf16ToFloat(p[2]), bf16ToFloat(p[3])}; }
inline Vec loadInt8(const std::int8_t* p) {
  return Vec{static_cast<float>(p[0]), static_cast<float>(p[1]), static_cast<float>(p[2]), static_cast<float>(p[3])};
}
inline Vec loadColumn(const std::int8_t* p, int c) {
  return Vec{static_cast<float>(p[c]), static_cast<float>(p[c + 4]), static_cast<float>(p[c + 8]), static_cast<float>(p[c + 12])};
}
inline Vec lookupColumn(const std::uint8_t* p, int c, int shift, const float* table) {
  return Vec{table[(p[c] >> shift) & 15], table[(p[c + 4] >> shift) & 15], table[(p[c + 8] >> shift) & 15],
             table[(p[c + 12] >> shift) & 15]};
}
inline void expandNibbles(const std::uint8_t* p, const std::int8_t* table, std::int8_t* low, std::int8_t* high) {
  for (int i = 0; i < 64; ++i) {
    low[i] = table[p[i] & 15];
    high[i] = table[p[i] >> 4];
  }
}
inline Vec scaleByPower(Vec v, Vec magic) {
  return reinterpret_cast<Vec>(reinterpret_cast<IntVec>(v) + (reinterpret_cast<IntVec>(magic) << 23));
}
inline Vec zeroWhereBelow(Vec v, Vec x, Vec limit) { return x < limit ? Vec{} : v; }
inline float sumLanes(Vec v) { return (v[0] + v[2]) + (v[1] + v[3]); }
inline float maxLanes(Vec v) {
  const float a = v[0] > v[2] ? v[0] : v[2];
  const float b = v[1] > v[3] ? v[1] : v[3];
  return a > b ? a : b;
}
inline Vec vabs(Vec v) { return v < Vec{} ? -v : v; }

#endif

constexpr int kRowVecs = 16 / kLanes;  // vectors that hold one column of a panel

/// e^x, about 1 unit in the last place, 0 below -87.3, finite above 88; NaN stays NaN. Cephes' expf polynomial.
inline Vec vexp(Vec x) {
  const Vec low = splat(-87.33654f);
  const Vec clamped = vmin(splat(88.37f), x);
  const Vec magic = fma(clamped, splat(1.44269504088896341f), splat(12582912.0f));
  const Vec n = magic - splat(12582912.0f);
  Vec r = fma(n, splat(-0.693359375f), clamped);
  r = fma(n, splat(2.12194440e-4f), r);
  Vec p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  const Vec e = fma(p * r, r, r) + splat(1.0f);
  return zeroWhereBelow(scaleByPower(e, magic), x, low);
}

}  // namespace
}  // namespace nibble

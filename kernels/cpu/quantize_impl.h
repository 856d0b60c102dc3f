// Quantization at one level. Everything that decides a byte is either integer or unfused fp32, so the levels agree bit for bit.
#pragma once
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/q4_search_impl.h"
#include "kernels/cpu/quantize.h"
#include "kernels/cpu/simd.h"

namespace nibble {
namespace {

/// Largest magnitude of `count` values (a multiple of kLanes); NaN where one is NaN or infinite.
inline float finitePeak(const float* x, int count) {
  Vec top = splat(0.0f), poison = splat(0.0f);
  for (int i = 0; i < count; i += kLanes) {
    const Vec v = load(x + i);
    top = vmax(vabs(v), top);
    poison = poison + v * splat(0.0f);
  }
  return maxLanes(top) + sumLanes(poison);
}

inline void quantizeQ8(const float* x, std::int64_t blocks, BlockQ8* out) {
  for (std::int64_t b = 0; b < blocks; ++b, x += 32, ++out) {
    const float scale = finitePeak(x, 32) / 127.0f;
    const float inverse = scale > 0.0f ? 1.0f / scale : 0.0f;
    out->scale = floatToHalf(scale);
    if (!(inverse <= 3.4028235e38f) || !(scale == scale)) {  // no usable scale: not finite, or below the normal numbers
      std::memset(out->values, 0, 32);
      continue;
    }
    for (int i = 0; i < 32; ++i) {
      const float v = x[i] * inverse;
      const std::int32_t whole = static_cast<std::int32_t>(v);
      const float rest = v - static_cast<float>(whole);
      out->values[i] = static_cast<std::int8_t>(whole + (rest >= 0.5f) - (rest <= -0.5f));
    }
  }
}

inline void quantizeQ4(const float* x, const float* importance, std::int64_t blocks, BlockQ4* out) {
  for (std::int64_t b = 0; b < blocks; ++b, x += 32, ++out) {
    const float peak = finitePeak(x, 32);
    if (!(peak > 0.0f)) {
      out->scale = peak == 0.0f ? 0 : 0x7e00;
      std::memset(out->nibbles, 0x88, 16);
      continue;
    }
    quantizeQ4Block(x, importance != nullptr ? importance + b * 32 : nullptr, peak, out);
  }
}

/// Codes of 16 values times `inverse`: one is added for every threshold that is passed.
inline void nf4Codes(const float* x, float inverse, std::uint8_t* codes) {
#if defined(__AVX512F__)
  const __m512 v = load(x) * splat(inverse);
  __m512i sum = _mm512_setzero_si512();
  for (float threshold : kNf4Threshold) {
    sum = _mm512_mask_add_epi32(sum, _mm512_cmp_ps_mask(v, splat(threshold), _CMP_GT_OQ), sum, _mm512_set1_epi32(1));
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), _mm512_cvtepi32_epi8(sum));
#elif defined(__AVX2__)
  __m256i sums[2];
  for (int half = 0; half < 2; ++half) {
    const __m256 v = load(x + half * 8) * splat(inverse);
    __m256i sum = _mm256_setzero_si256();
    for (float threshold : kNf4Threshold) sum = _mm256_sub_epi32(sum, _mm256_castps_si256(_mm256_cmp_ps(v, splat(threshold), _CMP_GT_OQ)));
    sums[half] = sum;
  }
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(sums[0], sums[1]), 0xd8);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
#else
  for (int i = 0; i < 16; ++i) {
    const float v = x[i] * inverse;
    int code = 0;
    for (float threshold : kNf4Threshold) code += v > threshold;
    codes[i] = static_cast<std::uint8_t>(code);
  }
#endif
}

inline void quantizeNf4(const float* x, std::int64_t count, std::uint8_t* nibbles, float* absmax) {
  for (std::int64_t first = 0; first < count; first += kNf4BlockCount) {
    const int here = static_cast<int>(count - first < kNf4BlockCount ? count - first : kNf4BlockCount);
    float padded[kNf4BlockCount] = {};
    const float* source = x + first;
    if (here < kNf4BlockCount) {
      std::memcpy(padded, source, static_cast<std::size_t>(here) * sizeof(float));
      source = padded;
    }
    Vec top = splat(0.0f);
    for (int i = 0; i < kNf4BlockCount; i += kLanes) top = vmax(vabs(load(source + i)), top);  // NaN is passed over
    const float peak = maxLanes(top);
    absmax[first / kNf4BlockCount] = peak;
    std::uint8_t codes[kNf4BlockCount];
    for (int i = 0; i < kNf4BlockCount; i += 16) nf4Codes(source + i, 1.0f / peak, codes + i);
    if (here % 2 != 0) codes[here] = 7;
    for (int i = 0; i < here; i += 2) nibbles[(first + i) / 2] = static_cast<std::uint8_t>(codes[i] << 4 | codes[i + 1]);
  }
}

inline void widenHalves(const void* in, std::int64_t count, float* out) {
  const auto* bytes = static_cast<const unsigned char*>(in);
  for (std::int64_t i = 0; i < count; i += kLanes) {
    std::uint16_t halves[kLanes] = {};
    const std::int64_t here = count - i < kLanes ? count - i : kLanes;
    std::memcpy(halves, bytes + i * 2, static_cast<std::size_t>(here) * 2);
    if (here == kLanes) {
      store(out + i, loadHalf(halves));
    } else {
      for (std::int64_t j = 0; j < here; ++j) out[i + j] = halfToFloat(halves[j]);
    }
  }
}

inline void narrowToHalves(const float* in, std::int64_t count, std::uint16_t* out) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) storeHalf(out + i, load(in + i));
  for (; i < count; ++i) out[i] = floatToHalf(in[i]);
}

inline void widenBf16(const void* in, std::int64_t count, float* out) {
  const auto* bytes = static_cast<const unsigned char*>(in);
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint16_t word;
    std::memcpy(&word, bytes + i * 2, 2);
    out[i] = bf16ToFloat(word);
  }
}

}  // namespace

void NIBBLE_LEVEL(setQuantize)(KernelTable& table) {
  table.quantizeQ8 = quantizeQ8;
  table.quantizeQ4 = quantizeQ4;
  table.quantizeNf4 = quantizeNf4;
  table.widenHalves = widenHalves;
  table.narrowToHalves = narrowToHalves;
  table.widenBf16 = widenBf16;
}

}  // namespace nibble

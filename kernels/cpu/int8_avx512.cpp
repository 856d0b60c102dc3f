// Integer products with AVX-512 VNNI. vpdpbusd multiplies unsigned by signed bytes, so weights are moved up by 128 and the sums
// start at -128 × the sum of the block's activations (ActivationRow::corrections): exact.
#include "kernels/cpu/int8_unpack.h"

namespace nibble {
namespace {

constexpr int kInt8TileRows = 8;

inline __m512i load512(const void* p) { return _mm512_loadu_si512(p); }

inline __m512i splat4(const std::int8_t* p) {
  std::int32_t four;
  std::memcpy(&four, p, 4);
  return _mm512_set1_epi32(four);
}

inline __m512i unsignedBytes(__m512i weights) { return _mm512_xor_si512(weights, _mm512_set1_epi8(-128)); }

/// Two chains of sums, so that one block does not wait for itself.
inline __m512i sumInt8(const std::uint8_t* values, const std::int8_t* x, std::int32_t correction) {
  __m512i a = _mm512_set1_epi32(correction), b = _mm512_setzero_si512();
  for (int group = 0; group < 8; group += 2) {
    prefetchAhead(values + group * 64);
    prefetchAhead(values + group * 64 + 64);
    a = _mm512_dpbusd_epi32(a, unsignedBytes(load512(values + group * 64)), splat4(x + group * 4));
    b = _mm512_dpbusd_epi32(b, unsignedBytes(load512(values + group * 64 + 64)), splat4(x + group * 4 + 4));
  }
  return _mm512_add_epi32(a, b);
}

/// `codes`: the codebook plus 128.
inline __m512i sumNibbles(const std::uint8_t* bytes, __m512i codes, const std::int8_t* x, std::int32_t correction) {
  const __m512i mask = _mm512_set1_epi8(15);
  __m512i a = _mm512_set1_epi32(correction), b = _mm512_setzero_si512();
  for (int j = 0; j < 4; ++j) {
    prefetchAhead(bytes + j * 64);
    const __m512i both = load512(bytes + j * 64);
    a = _mm512_dpbusd_epi32(a, _mm512_shuffle_epi8(codes, _mm512_and_si512(both, mask)), splat4(x + j * 4));
    b = _mm512_dpbusd_epi32(b, _mm512_shuffle_epi8(codes, _mm512_and_si512(_mm512_srli_epi16(both, 4), mask)), splat4(x + 16 + j * 4));
  }
  return _mm512_add_epi32(a, b);
}

inline __m512i loadCodes(const std::int8_t* codes) {
  return unsignedBytes(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes))));
}

/// y[0..16) of one panel for one row of activations.
inline void int8Row(const PackedMatrix& matrix, std::int64_t panel, const ActivationRow& x, float* y) {
  const std::uint8_t* block = matrix.data + panel * panelBytes(matrix.type, matrix.columns);
  const std::int64_t blocks = activationBlocks(matrix.columns);
  const auto halfScales = [](const std::uint8_t* p) { return loadHalf(reinterpret_cast<const std::uint16_t*>(p)); };
  Vec sums = splat(0.0f);
  if (matrix.type == WeightType::q8) {
    for (std::int64_t b = 0; b < blocks; ++b, block += kQ8PanelBlock) {
      const __m512i sum = sumInt8(block + kScaleBytes, x.values + b * 32, x.corrections[b]);
      sums = fma(_mm512_cvtepi32_ps(sum), halfScales(block) * splat(x.scales[b]), sums);
    }
  } else if (matrix.type == WeightType::q4) {
    const __m512i codes = loadCodes(kQ4Codebook);
    for (std::int64_t b = 0; b < blocks; ++b, block += kQ4PanelBlock) {
      const __m512i sum = sumNibbles(block + kScaleBytes, codes, x.values + b * 32, x.corrections[b]);
      sums = fma(_mm512_cvtepi32_ps(sum), halfScales(block) * splat(x.scales[b]), sums);
    }
  } else {
    const __m512i codes = loadCodes(kNf4Int8);
    const std::int64_t blockBytes = matrix.type == WeightType::nf4 ? kNf4PanelBlock : kNf4dqPanelBlock;
    for (std::int64_t b = 0; b < blocks; b += 2, block += blockBytes) {
      float scales[kPanelRows];
      nf4Scales(matrix, panel, b / 2, block, scales);
      for (int half = 0; half < 2; ++half) {
        const std::uint8_t* nibbles = block + blockBytes - 512 + half * 256;
        const __m512i sum = sumNibbles(nibbles, codes, x.values + (b + half) * 32, x.corrections[b + half]);
        sums = fma(_mm512_cvtepi32_ps(sum), load(scales) * splat(x.scales[b + half]), sums);
      }
    }
  }
  store(y, sums);
}

/// N rows of activations against `blocks` unpacked blocks.
template <int N>
inline void int8Tile(const std::int8_t* values, const float* scales, std::int64_t blocks, const ActivationRow* x, float* y,
                     std::int64_t yStride, bool add) {
  Vec totals[N];
  for (int i = 0; i < N; ++i) totals[i] = splat(0.0f);
  for (std::int64_t b = 0; b < blocks; ++b, values += 512, scales += 16) {
    __m512i sums[N];
    for (int i = 0; i < N; ++i) sums[i] = _mm512_set1_epi32(x[i].corrections[b]);
    for (int group = 0; group < 8; ++group) {
      const __m512i weights = unsignedBytes(load512(values + group * 64));
      for (int i = 0; i < N; ++i) sums[i] = _mm512_dpbusd_epi32(sums[i], weights, splat4(x[i].values + b * 32 + group * 4));
    }
    const Vec scale = load(scales);
    for (int i = 0; i < N; ++i) totals[i] = fma(_mm512_cvtepi32_ps(sums[i]), scale * splat(x[i].scales[b]), totals[i]);
  }
  for (int i = 0; i < N; ++i) {
    float* target = y + i * yStride;
    store(target, add ? load(target) + totals[i] : totals[i]);
  }
}

}  // namespace
}  // namespace nibble

#include "kernels/cpu/int8_impl.h"

// The small operations at one level.
#pragma once
#include "kernels/cpu/activation_layout.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/simd.h"

namespace nibble {
namespace {

inline float sumOfSquares(const float* x, std::int64_t count) {
  Vec sums[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
  std::int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    for (int u = 0; u < 4; ++u) {
      const Vec v = load(x + i + u * kLanes);
      sums[u] = fma(v, v, sums[u]);
    }
  }
  float sum = sumLanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; i < count; ++i) sum += x[i] * x[i];
  return sum;
}

inline void normalizeRows(const float* x, const float* weight, float* y, std::int64_t n, std::int64_t columns, float epsilon) {
  for (std::int64_t row = 0; row < n; ++row, x += columns, y += columns) {
    const float mean = sumOfSquares(x, columns) / static_cast<float>(columns);
    const float factor = 1.0f / __builtin_sqrtf(mean + epsilon);
    std::int64_t i = 0;
    for (; i + kLanes <= columns; i += kLanes) store(y + i, load(x + i) * splat(factor) * load(weight + i));
    for (; i < columns; ++i) y[i] = x[i] * factor * weight[i];
  }
}

inline void rotateHeads(float* x, int heads, int half, const float* cosines, const float* sines) {
  for (int head = 0; head < heads; ++head, x += 2 * half) {
    int i = 0;
    for (; i + kLanes <= half; i += kLanes) {
      const Vec a = load(x + i), b = load(x + half + i), c = load(cosines + i), s = load(sines + i);
      store(x + i, a * c - b * s);
      store(x + half + i, b * c + a * s);
    }
    for (; i < half; ++i) {
      const float a = x[i], b = x[half + i];
      x[i] = a * cosines[i] - b * sines[i];
      x[half + i] = b * cosines[i] + a * sines[i];
    }
  }
}

inline Vec gated(Vec gate, Vec up) { return gate / (splat(1.0f) + vexp(splat(0.0f) - gate)) * up; }

inline void gateAndMultiply(const float* gate, const float* up, float* out, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(out + i, gated(load(gate + i), load(up + i)));
  if (i < count) {
    float g[kLanes] = {}, u[kLanes] = {}, o[kLanes];
    const std::size_t bytes = static_cast<std::size_t>(count - i) * sizeof(float);
    std::memcpy(g, gate + i, bytes);
    std::memcpy(u, up + i, bytes);
    store(o, gated(load(g), load(u)));
    std::memcpy(out + i, o, bytes);
  }
}

inline void addTo(const float* x, float* y, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(y + i, load(y + i) + load(x + i));
  for (; i < count; ++i) y[i] += x[i];
}

inline float maximum(const float* x, std::int64_t count) {
  float best = -__builtin_inff();
  std::int64_t i = 0;
  if (count >= kLanes) {
    Vec top = splat(best);
    for (; i + kLanes <= count; i += kLanes) top = vmax(load(x + i), top);  // of a NaN and a number, the second: the number
    best = maxLanes(top);
  }
  for (; i < count; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

inline void softmaxRow(float* x, std::int64_t count, float scale) {
  const float peak = scale >= 0 ? maximum(x, count) * scale : 0.0f;
  Vec sums = splat(0.0f);
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const Vec e = vexp(load(x + i) * splat(scale) - splat(peak));
    store(x + i, e);
    sums = sums + e;
  }
  float sum = sumLanes(sums);
  for (; i < count; ++i) {
    float lanes[kLanes];
    store(lanes, vexp(splat(x[i] * scale - peak)));
    x[i] = lanes[0];
    sum += x[i];
  }
  const float inverse = 1.0f / sum;
  for (i = 0; i < count; ++i) x[i] *= inverse;
}

inline std::int64_t findMaximum(const float* x, std::int64_t count) {
  if (count <= 0) return -1;
  constexpr std::int64_t kPiece = 4096;  // find the piece that holds the maximum, then the place in it
  std::int64_t bestPiece = 0;
  float best = -__builtin_inff();
  for (std::int64_t first = 0; first < count; first += kPiece) {
    const float top = maximum(x + first, first + kPiece < count ? kPiece : count - first);
    if (top > best) {
      best = top;
      bestPiece = first;
    }
  }
  for (std::int64_t i = bestPiece; i < count; ++i) {
    if (x[i] == best) return i;
  }
  return 0;
}

/// NaN if a value is NaN or infinite, else 0.
inline float poisonOf(const float* x, std::int64_t count) {
  Vec sums[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
  std::int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    for (int u = 0; u < 4; ++u) sums[u] = fma(load(x + i + u * kLanes), splat(0.0f), sums[u]);
  }
  float sum = sumLanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; i < count; ++i) sum += x[i] * 0.0f;
  return sum;
}

/// One block of 32 (already padded): the same bits at every level, because nothing here is fused or re-ordered.
inline void quantizeBlock(const float* x, std::int8_t* values, float* scale, std::int32_t* correction) {
  Vec top = splat(0.0f), poison = splat(0.0f);
  for (int i = 0; i < 32; i += kLanes) {
    const Vec v = load(x + i);
    top = vmax(vabs(v), top);
    poison = poison + v * splat(0.0f);  // NaN if any value is NaN or infinite
  }
  const float peak = maxLanes(top);
  const float inverse = peak > 0.0f ? 127.0f / peak : 0.0f;
  std::int32_t bits[32];
  for (int i = 0; i < 32; i += kLanes) {
    const Vec rounded = load(x + i) * splat(inverse) + splat(12582912.0f);  // 1.5 × 2^23: the integer in the low bits
    std::memcpy(bits + i, &rounded, sizeof rounded);
  }
  std::int32_t sum = 0;
  for (int i = 0; i < 32; ++i) {
    values[i] = static_cast<std::int8_t>(bits[i]);
    sum += values[i];
  }
  *scale = peak / 127.0f + sumLanes(poison);
  *correction = -128 * sum;
}

inline void quantizeActivations(const float* x, std::int64_t columns, std::int64_t xStride, std::uint8_t* activations,
                                std::int64_t firstRow, std::int64_t lastRow) {
  const std::int64_t blocks = activationBlocks(columns);
  for (std::int64_t row = firstRow; row < lastRow; ++row) {
    const ActivationRow target = activationRow(activations, columns, row);
    auto* values = const_cast<std::int8_t*>(target.values);
    auto* scales = const_cast<float*>(target.scales);
    auto* corrections = const_cast<std::int32_t*>(target.corrections);
    for (std::int64_t b = 0; b < blocks; ++b) {
      const float* source = x + row * xStride + b * 32;
      float padded[32] = {};
      if (columns - b * 32 < 32) {
        std::memcpy(padded, source, static_cast<std::size_t>(columns - b * 32) * sizeof(float));
        source = padded;
      }
      quantizeBlock(source, values + b * 32, scales + b, corrections + b);
    }
  }
}

inline std::uint64_t readStream(const std::uint8_t* data, std::int64_t bytes) {
  typedef std::uint64_t Words __attribute__((vector_size(kLanes * 4)));
  constexpr std::int64_t kWidth = sizeof(Words);
  const auto words = [data](std::int64_t offset) {
    Words value;
    std::memcpy(&value, data + offset, sizeof value);
    return value;
  };
  Words a{}, b{}, c{}, d{};
  std::int64_t i = 0;
  for (; i + 4 * kWidth <= bytes; i += 4 * kWidth) {
    a ^= words(i);
    b ^= words(i + kWidth);
    c ^= words(i + 2 * kWidth);
    d ^= words(i + 3 * kWidth);
  }
  a ^= b ^ c ^ d;
  std::uint64_t sum = 0;
  for (int j = 0; j < kLanes / 2; ++j) sum ^= a[j];
  for (; i < bytes; ++i) sum ^= data[i];
  return sum;
}

}  // namespace

void NIBBLE_LEVEL(setElementwise)(KernelTable& table) {
  table.rmsnorm = normalizeRows;
  table.rope = rotateHeads;
  table.swiglu = gateAndMultiply;
  table.add = addTo;
  table.softmax = softmaxRow;
  table.argmax = findMaximum;
  table.quantizeActivations = quantizeActivations;
  table.readStream = readStream;
  table.poisonOf = poisonOf;
}

}  // namespace nibble

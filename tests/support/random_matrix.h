// Random weight matrices in every CPU format with their exact values, for tests of kernels against a float64 reference.
#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "kernels/blocks.h"
#include "kernels/cpu/kernel_level.h"
#include "kernels/cpu/packed_matrix.h"
#include "kernels/dynamic_code.h"
#include "kernels/half.h"

namespace nibble::test {

using Random = std::mt19937_64;

inline std::vector<float> gaussian(std::int64_t count, Random& random, float deviation = 1.0f) {
  std::normal_distribution<float> normal(0.0f, deviation);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

inline std::vector<float> poisoned(std::int64_t count) {
  return std::vector<float>(static_cast<std::size_t>(count), std::numeric_limits<float>::quiet_NaN());
}

/// ‖a − b‖ / ‖b‖; NaN counts as infinite.
template <typename A, typename B>
double relativeError(const A& a, const B& b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += d * d;
    norm += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  if (!(difference == difference)) return std::numeric_limits<double>::infinity();
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

inline std::vector<KernelLevel> availableLevels() {
  std::vector<KernelLevel> levels;
  for (int i = 0; i <= static_cast<int>(bestKernelLevel()); ++i) levels.push_back(static_cast<KernelLevel>(i));
  return levels;
}

struct RandomMatrix {
  std::vector<std::uint8_t> packed;
  std::vector<double> exact;  // (rows, columns)
  PackedMatrix view;
};

constexpr WeightType kAllWeightTypes[] = {WeightType::f32, WeightType::f16, WeightType::bf16, WeightType::q8,
                                          WeightType::nf4, WeightType::nf4dq, WeightType::q4};
constexpr const char* kWeightTypeNames[] = {"f32", "f16", "bf16", "q8", "nf4", "nf4-dq", "q4"};

inline void fillNumbers(RandomMatrix& m, Random& random) {
  const std::vector<float> values = gaussian(m.view.rows * m.view.columns, random);
  std::vector<std::uint8_t> file(values.size() * 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t half = m.view.type == WeightType::f16 ? floatToHalf(values[i]) : floatToBf16(values[i]);
    if (m.view.type == WeightType::f32) std::memcpy(file.data() + i * 4, &values[i], 4);
    else std::memcpy(file.data() + i * 2, &half, 2);
    m.exact[i] = m.view.type == WeightType::f32 ? values[i] : m.view.type == WeightType::f16 ? halfToFloat(half) : bf16ToFloat(half);
  }
  const std::int64_t width = m.view.type == WeightType::f32 ? 4 : 2;
  for (std::int64_t p = 0; p < panelCount(m.view.rows); ++p) {
    pack_panel(m.view.type, m.view.rows, m.view.columns, p, file.data() + p * 16 * m.view.columns * width, m.packed.data());
  }
}

template <typename Block>
void fillBlocks(RandomMatrix& m, Random& random) {
  const std::int64_t blocks = (m.view.columns + 31) / 32;
  std::vector<Block> file(static_cast<std::size_t>(m.view.rows * blocks));
  for (std::int64_t row = 0; row < m.view.rows; ++row) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      Block& block = file[static_cast<std::size_t>(row * blocks + b)];
      block.scale = floatToHalf(0.01f + 0.02f * static_cast<float>(random() % 1000) / 1000.0f * (random() % 2 ? 1.0f : -1.0f));
      for (int i = 0; i < 32; ++i) {
        int value;
        if constexpr (sizeof(Block) == sizeof(BlockQ8)) {
          block.values[i] = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
          value = block.values[i];
        } else {
          if (i < 16) block.nibbles[i] = static_cast<std::uint8_t>(random() & 255);
          value = kQ4Codebook[i < 16 ? block.nibbles[i] & 15 : block.nibbles[i - 16] >> 4];
        }
        if (b * 32 + i < m.view.columns) {
          m.exact[static_cast<std::size_t>(row * m.view.columns + b * 32 + i)] = static_cast<double>(value) * halfToFloat(block.scale);
        }
      }
    }
  }
  for (std::int64_t p = 0; p < panelCount(m.view.rows); ++p) {
    pack_panel(m.view.type, m.view.rows, m.view.columns, p, file.data() + p * 16 * blocks, m.packed.data());
  }
}

inline void fillNf4(RandomMatrix& m, Random& random) {
  const std::int64_t count = m.view.rows * m.view.columns, blocks = (count + 63) / 64, nestedCount = (blocks + 255) / 256;
  std::vector<std::uint8_t> nibbles(static_cast<std::size_t>((count + 1) / 2)), codes(static_cast<std::size_t>(blocks));
  std::vector<float> absmax(static_cast<std::size_t>(blocks)), nested(static_cast<std::size_t>(nestedCount));
  for (auto& byte : nibbles) byte = static_cast<std::uint8_t>(random());
  for (auto& byte : codes) byte = static_cast<std::uint8_t>(random());
  for (float& value : nested) value = 0.005f + static_cast<float>(random() % 1000) * 1e-6f;
  const float offset = 0.02f;
  for (std::size_t b = 0; b < absmax.size(); ++b) {
    absmax[b] = m.view.type == WeightType::nf4 ? 0.01f + static_cast<float>(random() % 1000) * 1e-4f : kDynamicCode[codes[b]] * nested[b / 256] + offset;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint8_t byte = nibbles[static_cast<std::size_t>(i / 2)];
    m.exact[static_cast<std::size_t>(i)] = kNf4Code[i % 2 == 0 ? byte >> 4 : byte & 15] * absmax[static_cast<std::size_t>(i / 64)];
  }
  for (std::int64_t p = 0; p < panelCount(m.view.rows); ++p) {
    if (m.view.type == WeightType::nf4) pack_panel_nf4(m.view.rows, m.view.columns, p, nibbles.data(), absmax.data(), m.packed.data());
    else pack_panel_nf4dq(m.view.rows, m.view.columns, p, nibbles.data(), codes.data(), m.packed.data());
  }
  if (m.view.type == WeightType::nf4dq) pack_nested_nf4dq(m.view.rows, m.view.columns, nested.data(), offset, m.packed.data());
}

inline RandomMatrix randomMatrix(WeightType type, std::int64_t rows, std::int64_t columns, Random& random) {
  RandomMatrix m;
  m.packed.resize(packedBytes(type, rows, columns));
  m.exact.resize(static_cast<std::size_t>(rows * columns));
  m.view = {type, rows, columns, m.packed.data()};
  if (type == WeightType::q8) fillBlocks<BlockQ8>(m, random);
  else if (type == WeightType::q4) fillBlocks<BlockQ4>(m, random);
  else if (type == WeightType::nf4 || type == WeightType::nf4dq) fillNf4(m, random);
  else fillNumbers(m, random);
  return m;
}

}  // namespace nibble::test

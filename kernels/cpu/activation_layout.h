// The bytes of 8-bit activations: per row int8 values (padded with zeros to whole blocks of 32), then per block an fp32 scale, then
// per block -128 × the sum of its values (what a product with weights + 128 has too much).
#pragma once
#include <cstdint>

#include "kernels/cpu/panel_layout.h"

namespace nibble {

static inline std::int64_t activationBlocks(std::int64_t columns) { return blocksOf(columns, 32); }

static inline std::int64_t activationRowBytes(std::int64_t columns) { return alignUp(activationBlocks(columns) * 40, 64); }

struct ActivationRow {
  const std::int8_t* values;
  const float* scales;
  const std::int32_t* corrections;
};

static inline ActivationRow activationRow(const std::uint8_t* activations, std::int64_t columns, std::int64_t row) {
  const std::int64_t blocks = activationBlocks(columns);
  const std::uint8_t* start = activations + row * activationRowBytes(columns);
  return {reinterpret_cast<const std::int8_t*>(start), reinterpret_cast<const float*>(start + blocks * 32),
          reinterpret_cast<const std::int32_t*>(start + blocks * 36)};
}

}  // namespace nibble

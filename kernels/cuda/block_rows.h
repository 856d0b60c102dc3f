// How the rows of a product are dealt out to blocks: in whole units (rows, panels, groups of columns of the next
// product), as evenly as these allow. Read by the launch, by the kernels and by tests.
#pragma once
#include <cstdint>

#include "kernels/cuda/device_layout.h"

namespace nibble {
namespace gpu {

/// `each` rows a block, `unit` more to the first `fuller` blocks.
struct BlockRows {
  std::int32_t each = 0, fuller = 0, unit = 1;
  NIBBLE_HD int firstOf(int block) const { return block * each + (block < fuller ? block : fuller) * unit; }
  NIBBLE_HD int countOf(int block) const { return each + (block < fuller ? unit : 0); }
};

/// The last unit may reach beyond the rows.
constexpr int unitsOf(int rows, int unit) {
  return (rows + unit - 1) / unit;
}
inline BlockRows dealRows(int rows, int unit, int blocks) {
  const int units = unitsOf(rows, unit);
  return {units / blocks * unit, units % blocks, unit};
}
/// Rows of the fullest block.
constexpr int mostRows(int rows, int unit, int blocks) {
  return unitsOf(unitsOf(rows, unit), blocks) * unit;
}
/// Whether rows can be dealt out in units instead of tiles without the fullest block getting a tenth more.
constexpr bool unitsFit(int rows, int unit, int tileRows, int multiprocessors) {
  return rows % unit == 0 &&
         mostRows(rows, unit, multiprocessors) * 10 <= mostRows(rows, tileRows, multiprocessors) * 11;
}

}  // namespace gpu
}  // namespace nibble

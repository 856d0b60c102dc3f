// How the rows of a product are dealt out to blocks, and what the blocks of one on tensor cores ask for first: plain
// arithmetic. The latter is done by the launch, so that a block has little left to do. Read by the launch, by the
// kernels and by tests.
#pragma once
#include <cstdint>

#include "kernels/cuda/device_layout.h"

namespace nibble {
namespace gpu {

constexpr int kMatvecSegments = 3;  ///< matrices of a launch, at most

/// `each` rows a block, `unit` more to the first `fuller` blocks.
struct BlockRows {
  std::int32_t each = 0, fuller = 0, unit = 1;
  NIBBLE_HD int firstOf(int block) const { return block * each + (block < fuller ? block : fuller) * unit; }
  NIBBLE_HD int countOf(int block) const { return each + (block < fuller ? unit : 0); }
};

/// All rows in whole units, the last of which may reach beyond them.
inline BlockRows dealRows(int rows, int unit, int blocks) {
  const int units = (rows + unit - 1) / unit;
  return {units / blocks * unit, units % blocks, unit};
}

/// The first part of every block's first tile.
struct FirstPart {
  std::uint32_t bytes = 0;
  std::uint32_t blockBytes = 0, unitBytes = 0;  // from block to block; more for each of the first `fullerBlocks`
  std::int32_t fullerBlocks = 0;
  std::int32_t from[kMatvecSegments - 1] = {};  // the first block that begins in the second, third matrix

  NIBBLE_HD int matrixOf(int block) const { return (block >= from[0]) + (block >= from[1]); }
  /// Where it begins, counted from row 0 of the output.
  NIBBLE_HD std::uint64_t offsetOf(int block) const {
    const int fuller = block < fullerBlocks ? block : fullerBlocks;
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(block)) * blockBytes +
           static_cast<std::uint64_t>(static_cast<std::uint32_t>(fuller)) * unitBytes;
  }
};

/// `stride`: bytes of a row; `starts`: first row of each matrix, unless all blocks begin in one.
inline FirstPart firstPartOf(const BlockRows& rows, int blocks, std::uint32_t bytes, std::uint32_t stride,
                             const std::int32_t (&starts)[kMatvecSegments], bool oneMatrix) {
  FirstPart first;
  first.bytes = bytes;
  first.blockBytes = rows.each * stride;
  first.unitBytes = rows.unit * stride;
  first.fullerBlocks = rows.fuller;
  for (int m = 1; m < kMatvecSegments; ++m) {
    int& from = first.from[m - 1];
    while (from < blocks && (oneMatrix || rows.firstOf(from) < starts[m])) ++from;
  }
  return first;
}

}  // namespace gpu
}  // namespace nibble

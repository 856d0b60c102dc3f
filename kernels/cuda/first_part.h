// What the blocks of a product on tensor cores ask for first: plain arithmetic, done by the launch so that a block has
// little left to do. Read by the launch, by the kernel and by tests.
#pragma once
#include <cstdint>

#include "kernels/cuda/block_rows.h"

namespace nibble {
namespace gpu {

constexpr int kMatvecSegments = 3;  ///< matrices of a launch, at most

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

// What the blocks of a product on tensor cores ask for first: plain arithmetic, done by the launch so that a block has
// little left to do. Read by the launch, by the kernel and by tests.
#pragma once
#include <cstdint>

#include "kernels/cuda/device_layout.h"

namespace nibble {
namespace gpu {

constexpr int kMatvecSegments = 3;  ///< matrices of a launch, at most

/// How the rows of a product are dealt out: `each` a block, `unit` more to the first `fuller` blocks. (The kernel has
/// them as MatvecArgs::rowsPerBlock, rowsLeft and rowUnit.)
struct BlockRows {
  std::int32_t each = 0, fuller = 0, unit = 1;
  int firstOf(int block) const { return block * each + (block < fuller ? block : fuller) * unit; }
};

/// The first part of every block's first tile, where it is whole and of one matrix.
struct FirstPart {
  std::uint32_t bytes = 0;                      // of the part; 0: blocks have no whole one
  std::uint32_t blockBytes = 0, unitBytes = 0;  // from block to block; more for each of the first `fullerBlocks`
  std::int32_t fullerBlocks = 0;
  std::int32_t oneMatrix = 1;                      // all blocks begin in the first; what follows is for the others
  std::int32_t from[kMatvecSegments - 1] = {};     // the first block that begins in the second, third matrix
  std::int32_t without[kMatvecSegments - 1] = {};  // a block whose first part would be of two matrices, or -1

  NIBBLE_HD bool has(int block) const {
    return bytes != 0 && (oneMatrix || (block != without[0] && block != without[1]));
  }
  NIBBLE_HD int matrixOf(int block) const { return oneMatrix ? 0 : (block >= from[0]) + (block >= from[1]); }
  /// Where it begins, counted from row 0 of the output.
  NIBBLE_HD std::uint64_t offsetOf(int block) const {
    const int fuller = block < fullerBlocks ? block : fullerBlocks;
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(block)) * blockBytes +
           static_cast<std::uint64_t>(static_cast<std::uint32_t>(fuller)) * unitBytes;
  }
};

/// `stride`: bytes of a row; `starts`: first row of each matrix, unless all blocks begin in one.
inline FirstPart firstPartOf(const BlockRows& rows, int blocks, int partRows, std::uint32_t stride,
                             const std::int32_t (&starts)[kMatvecSegments], bool oneMatrix) {
  FirstPart first;
  if (rows.each >= partRows) first.bytes = partRows * stride;
  first.blockBytes = rows.each * stride;
  first.unitBytes = rows.unit * stride;
  first.fullerBlocks = rows.fuller;
  first.oneMatrix = oneMatrix;
  for (int m = 1; m < kMatvecSegments; ++m) {
    int& from = first.from[m - 1];
    while (from < blocks && rows.firstOf(from) < starts[m]) ++from;
    const bool across = from > 0 && rows.firstOf(from - 1) + partRows > starts[m];
    first.without[m - 1] = across ? from - 1 : -1;
  }
  return first;
}

}  // namespace gpu
}  // namespace nibble

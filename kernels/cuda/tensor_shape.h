// How a product on tensor cores is laid out over blocks, warps and shared memory: plain arithmetic, no card is needed.
// Read by the launch, by the kernel (the limits) and by tests.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/cuda/block_rows.h"

namespace nibble {
namespace gpu {

constexpr int kMostTensorPlaces = 8, kMostTileParts = 8;
constexpr int kTensorRowBytes = 56 * 1024;  ///< for the sums of a block's rows (nf4-dq: and their nested absmax)
/// A tile is asked for in parts of at most so many bytes: one of 16 rows in two as a rule, one of 8 whole
/// (kernels/README.md, step 13f).
constexpr int tilePartBytes(int tileRows) {
  return tileRows > 8 ? 20 * 1024 : 40 * 1024;
}
constexpr int kTileBytesUnderWay = 40 * 1024;  ///< at least so many, but never fewer than two parts
/// The same where the ring holds all tiles of a block: x comes sooner the less stands in line before it, and nothing is
/// gained by having the last tile early.
constexpr int kSmallPartBytes = 24 * 1024, kSmallBytesUnderWay = 32 * 1024;
/// Up to so many warps of a block multiply, or those of one row: more stand in each other's way, but nf4-dq's
/// arithmetic takes longer (kernels/README.md, step 15c).
constexpr int kMathWarps = 12, kNestedMathWarps = 16;
constexpr int kTensorStaticBytes = 2048;  ///< a block's static shared memory, rounded up

/// Warps of a block that multiply, by the strips that each takes; one more asks for tiles.
constexpr int mostTensorWarps(int strips) {
  return strips == 4 ? 15 : strips == 3 ? 18 : 20;
}

/// What is to be multiplied, and what the card gives.
struct TensorProblem {
  int rows = 0, columns = 0;  ///< of the output (SwiGLU: of the gate)
  int sides = 1;              ///< 2: SwiGLU
  int stride = 0;             ///< bytes of a row
  int tileRows = 16;          ///< rows of a panel
  bool nested = false;        ///< nf4-dq
  int multiprocessors = 1;
  int blockKiB = 48;  ///< shared memory a block may have
  int rowUnit = 1;    ///< a block's rows are to be a multiple of it: 1, or a multiple of tileRows

  int unit() const { return std::max(rowUnit, tileRows); }
};

struct TensorShape {
  int stripsOfWarp = 1, warpsPerRow = 1;
  int grid = 1;
  int tiles = 1;                  ///< of the block with the most rows, both sides
  int groups = 1;                 ///< of warps; each takes every groups-th tile
  int parts = 1, partStrips = 1;  ///< the last part has what is left
  int places = 1;                 ///< tiles that the ring holds
  int partsUnderWay = 1;
  std::size_t sharedBytes = 0;

  int threads() const { return (warpsPerRow * groups + 1) * 32; }
};

/// Two products in one launch, which share the multiprocessors; their blocks have as many warps.
struct TwoTensorShapes {
  TensorShape first, second;
};

/// Strips a warp takes where a row has `strips`: a divisor, so that no warp has one too few; 0 where a block has too
/// few warps. Two rather than one, which is no faster; four are slower (kernels/README.md, step 15).
constexpr int stripsOfTensorWarp(int strips) {
  for (int each : {2, 3, 4, 1})
    if (strips % each == 0 && strips / each <= mostTensorWarps(each)) return each;
  return 0;
}

/// A row's sums are read four at a time, and from them to the next row's it is an odd multiple of that, so that rows do
/// not meet in a bank.
constexpr int sumQuads(int warpsPerRow) {
  return (warpsPerRow + 3) / 4;
}
constexpr int tensorSumStride(int warpsPerRow) {
  return (sumQuads(warpsPerRow) | 1) * 4;
}
constexpr int kMostSumQuads = sumQuads(mostTensorWarps(1));

/// Whether the ring's barriers can tell its tiles apart. A barrier tells its last phase from the one before, not from
/// the one before that: so a group may ask whether a tile has come only when the tile before it in the same place has.
/// That is so where no place is used twice, where the group has taken that tile itself, and where the tiles between it
/// and the group's last one are more than can be under way. (A warp waits for its own part only; what holds for all of
/// a tile holds for each.)
constexpr bool groupsAreSafe(const TensorShape& s, int groups) {
  const int tilesUnderWay = (s.partsUnderWay + s.parts - 1) / s.parts;
  return s.tiles <= s.places || (groups <= s.places && (s.places % groups == 0 || s.places >= groups + tilesUnderWay));
}

/// False where the size or the card asks for another product.
inline bool tensorShape(const TensorProblem& p, TensorShape& s) {
  if (p.rows <= 0 || p.columns <= 0 || p.columns % kStripColumns != 0) return false;
  const int strips = p.columns / kStripColumns;
  s.stripsOfWarp = stripsOfTensorWarp(strips);
  if (s.stripsOfWarp == 0) return false;
  s.warpsPerRow = strips / s.stripsOfWarp;
  const int limit = p.blockKiB * 1024 - kTensorStaticBytes;
  const int rowBytes = (tensorSumStride(s.warpsPerRow) + (p.nested ? strips : 0)) * p.sides * 4;
  const int units = unitsOf(p.rows, p.unit());
  const auto rowsOfBlock = [&] { return mostRows(p.rows, p.unit(), s.grid); };
  s.grid = p.multiprocessors;
  while (rowsOfBlock() * rowBytes > std::min(kTensorRowBytes, limit / 4) && s.grid < units) s.grid += p.multiprocessors;
  s.grid = std::min(s.grid, units);
  s.tiles = rowsOfBlock() / p.tileRows * p.sides;
  const int placeBytes = p.tileRows * p.stride;
  const int fixed = rowsOfBlock() * rowBytes + 16 + p.columns + p.columns / 8 + (p.nested ? 1024 : 0);
  s.places = std::min({kMostTensorPlaces, s.tiles, (limit - fixed) / placeBytes});
  // With one place for several tiles copying and multiplying would take turns.
  if (fixed > limit || s.places < std::min(2, s.tiles)) return false;
  s.sharedBytes = static_cast<std::size_t>(fixed) + static_cast<std::size_t>(placeBytes) * s.places;
  const bool ringHoldsAll = s.tiles <= s.places;
  const int partLimit = ringHoldsAll ? kSmallPartBytes : tilePartBytes(p.tileRows);
  // Every warp's strips in one part, and parts as equal as that allows.
  const auto stripsOfPart = [&](int parts) { return (s.warpsPerRow + parts - 1) / parts * s.stripsOfWarp; };
  const int stripBytes = placeBytes / strips;
  int parts = 1;
  while (parts < kMostTileParts && stripsOfPart(parts) * stripBytes > partLimit) ++parts;
  s.partStrips = stripsOfPart(parts);
  s.parts = (strips + s.partStrips - 1) / s.partStrips;
  const int partBytes = s.partStrips * stripBytes;
  const int underWay = ringHoldsAll ? kSmallBytesUnderWay : kTileBytesUnderWay;
  s.partsUnderWay = std::min(s.places * s.parts, std::max(2, (underWay + partBytes - 1) / partBytes));
  s.groups = std::max(1, std::min((p.nested ? kNestedMathWarps : kMathWarps) / s.warpsPerRow, s.tiles));
  while (!groupsAreSafe(s, s.groups)) --s.groups;
  return true;
}

/// Splits the multiprocessors so that the block with the most bytes has as few as possible. False where one of the two
/// would not fit its share, or they have different columns. Rows go to blocks tile by tile.
inline bool twoTensorShapes(TensorProblem first, TensorProblem second, TwoTensorShapes& s) {
  const int all = first.multiprocessors;
  first.rowUnit = second.rowUnit = 1;
  const auto bytesOfBlock = [](const TensorProblem& p, int blocks) {
    return static_cast<std::int64_t>(mostRows(p.rows, p.unit(), blocks)) * p.sides * p.stride;
  };
  std::int64_t least = 0;
  for (int blocks = 1; blocks < all; ++blocks) {
    const std::int64_t most = std::max(bytesOfBlock(first, blocks), bytesOfBlock(second, all - blocks));
    if (least != 0 && most >= least) continue;
    least = most;
    first.multiprocessors = blocks;
    second.multiprocessors = all - blocks;
  }
  if (least == 0 || first.columns != second.columns || !tensorShape(first, s.first) || !tensorShape(second, s.second) ||
      s.first.grid + s.second.grid > all)
    return false;
  int groups = std::min(s.first.groups, s.second.groups);
  while (!groupsAreSafe(s.first, groups) || !groupsAreSafe(s.second, groups)) --groups;
  s.first.groups = s.second.groups = groups;
  return true;
}

}  // namespace gpu
}  // namespace nibble

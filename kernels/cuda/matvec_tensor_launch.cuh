// Shapes and launches the tensor-core product for one format.
#pragma once
#include <algorithm>

#include "kernels/cuda/matvec_launch.cuh"
#include "kernels/cuda/matvec_tensor.cuh"

namespace nibble {
namespace gpu {

constexpr int kTensorRowBytes = 40 * 1024;     ///< for the sums of a block's rows (nf4-dq: and their nested absmax)
constexpr int kTilePartBytes = 40 * 1024;      ///< a tile is asked for in pieces of at most so many bytes
constexpr int kTileBytesUnderWay = 42 * 1024;  ///< at least so many, but never fewer than two pieces
constexpr int kTensorStaticBytes = 2048;       ///< a block's static shared memory, rounded up

/// Strips a warp takes where a row has `strips`: a divisor, so that no warp has one too few; 0 where a block has too
/// few warps. Two rather than one: of two groups of warps one multiplies while the other waits.
inline int stripsOfWarp(int strips) {
  for (int each : {2, 3, 4, 1})
    if (strips % each == 0 && strips / each <= mostTensorWarps(each)) return each;
  return 0;
}

/// The block's shape for `each` strips of a row a warp, with `limit` bytes of shared memory; returns what of it is
/// needed without the ring.
template <typename F>
std::size_t shapeTensor(MatvecArgs& args, int multiprocessors, int each, std::size_t limit, int& grid, int& tiles) {
  const int sides = args.epilogue == Epilogue::swiglu ? 2 : 1;
  args.strips = args.columns / kStripColumns;
  const int warpsPerRow = args.strips / each;
  args.perColumn = 1.0f / static_cast<float>(args.columns);
  args.threadsPerRow = warpsPerRow * 32;
  args.perWarpsPerRow = 65536 / warpsPerRow + 1;
  args.sumStride = warpsPerRow | 1;
  const std::size_t rowBytes = static_cast<std::size_t>(args.sumStride + (F::kNested ? args.strips : 0)) * sides * 4;
  grid = multiprocessors;
  while ((args.units + grid - 1) / grid * rowBytes > std::min<std::size_t>(kTensorRowBytes, limit / 4) &&
         grid < args.units)
    grid += multiprocessors;
  grid = std::min(grid, args.units);
  args.rowsPerBlock = args.units / grid;
  args.rowsLeft = args.units % grid;
  const int rows = (args.units + grid - 1) / grid;
  tiles = (rows + F::kTileRows - 1) / F::kTileRows * sides;
  args.rowGroups = std::max(1, std::min(16 / warpsPerRow, tiles));
  args.partRows = F::kTileRows;
  while (args.partRows * kMostTileParts > F::kTileRows && args.partRows * args.stride > kTilePartBytes)
    args.partRows /= 2;
  args.parts = F::kTileRows / args.partRows;
  return rows * rowBytes + args.columns + args.columns / 8 + (F::kNested ? 1024 : 0);
}

/// At most args.rowGroups groups of warps. A barrier tells its last phase from the one before, not from the one before
/// that: so a group may ask whether a tile has come only when the tile before it in the same place has. That is so
/// where no place is used twice, where the group has taken that tile itself, and where the tiles between it and the
/// group's last one are more than can be under way.
inline int safeGroups(const MatvecArgs& args, int tiles) {
  const int tilesUnderWay = (args.partsUnderWay + args.parts - 1) / args.parts;
  int groups = args.rowGroups;
  while (tiles > args.slots &&
         (groups > args.slots || (args.slots % groups != 0 && args.slots < groups + tilesUnderWay)))
    --groups;
  return groups;
}

template <typename F, int Strips>
cudaError_t launchTensorStrips(cudaStream_t stream, MatvecArgs args, const MatvecOptions& options, bool& fits) {
  int grid = 1, tiles = 1;
  const std::size_t limit = static_cast<std::size_t>(options.tuning.blockKiB) * 1024 - kTensorStaticBytes;
  std::size_t shared = shapeTensor<F>(args, options.tuning.multiprocessors, Strips, limit, grid, tiles);
  const std::size_t slotBytes = static_cast<std::size_t>(F::kTileRows) * args.stride;
  args.slots = 1;
  while (args.slots < kMostTensorSlots && args.slots < tiles && shared + slotBytes * (args.slots + 1) <= limit)
    ++args.slots;
  shared += slotBytes * args.slots;
  // With one place for several tiles copying and multiplying would take turns.
  fits = shared <= limit && (args.slots > 1 || tiles == 1);
  if (!fits) return cudaSuccess;
  const int partBytes = args.partRows * static_cast<int>(args.stride);
  args.partsUnderWay = std::min(args.slots * args.parts, std::max(2, (kTileBytesUnderWay + partBytes - 1) / partBytes));
  args.rowGroups = safeGroups(args, tiles);
  shared = std::max(shared, static_cast<std::size_t>(options.tuning.aloneKiB) * 1024);
  const int threads = args.threadsPerRow * args.rowGroups + 32;
  return launch(matvec_tensor_kernel<F, Strips>, dim3(grid), dim3(threads), shared, stream,
                options.tuning.dependentLaunch, args);
}

/// `fits` becomes false, and nothing is launched, where the size, the card or the activations ask for another product.
template <typename F>
cudaError_t launchTensor(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  fits = options.tuning.tensorProducts && options.activationBits <= 8 && args.columns % kStripColumns == 0 &&
         !args.layout[0].flat;
  if (!fits) return cudaSuccess;
  switch (stripsOfWarp(args.columns / kStripColumns)) {
    case 1:
      return launchTensorStrips<F, 1>(stream, args, options, fits);
    case 2:
      return launchTensorStrips<F, 2>(stream, args, options, fits);
    case 3:
      return launchTensorStrips<F, 3>(stream, args, options, fits);
    case 4:
      return launchTensorStrips<F, 4>(stream, args, options, fits);
    default:
      fits = false;
      return cudaSuccess;
  }
}

}  // namespace gpu
}  // namespace nibble

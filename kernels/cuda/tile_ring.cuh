// The tiles of weights of a block of the tensor-core product, the ring in shared memory that they pass through, and the
// warp that asks the copy engine for them.
#pragma once
#include "kernels/cuda/bulk_copy.cuh"
#include "kernels/cuda/matvec.h"
#include "kernels/cuda/ring_place.h"

namespace nibble {
namespace gpu {

/// The tiles of a block, which are the panels of its rows (device_layout.h), each of one matrix. For SwiGLU even tiles
/// are of the gate, odd ones of the up projection. (One kernel serves all kinds of products: fewer instructions to
/// fetch while the memory is busy.)
struct Tiles {
  int first, rows;  // the block's rows of the output
  int height;
  int pair;  // 1: SwiGLU

  __device__ __forceinline__ int count() const { return (rows + height - 1) / height << pair; }
  __device__ __forceinline__ int sideOf(int tile) const { return tile & pair; }
  __device__ __forceinline__ int firstRowOf(int tile) const { return (tile >> pair) * height; }

  /// Which matrix holds a row of the output (of SwiGLU's two, `side`).
  __device__ __forceinline__ int matrixOf(const MatvecArgs& args, int row, int side) const {
    if (pair) return side;
    return (row >= args.starts[1]) + (row >= args.starts[2]);
  }

  /// Where a tile begins.
  __device__ __forceinline__ const std::uint8_t* panelOf(const MatvecArgs& args, int tile) const {
    const int row = first + firstRowOf(tile);
    return args.data[matrixOf(args, row, sideOf(tile))] +
           static_cast<std::uint64_t>(static_cast<std::uint32_t>(row)) * args.stride;
  }
};

/// The ring's shared addresses.
struct TileRing {
  std::uint32_t memory, come, free, slotBytes;
  int slots, parts;

  __device__ __forceinline__ int barriers() const { return slots * parts; }  // of parts
};

/// Makes a warp's share of the ring's barriers, but for the first one, which askForFirst() makes: one a part that the
/// copies arrive at, one a slot that `readers` threads arrive at when they have read it. (A barrier takes a thread some
/// 60 cycles, so no warp makes them all.)
__device__ __forceinline__ void makeBarriers(const TileRing& ring, int readers, int warp, int warps) {
  const int come = ring.barriers();
  if ((threadIdx.x & 31) == 0) {
#pragma unroll 1
    for (int i = warp + 1; i < come + ring.slots; i += warps)
      initBarrier(i < come ? ring.come + i * 8 : ring.free + (i - come) * 8, i < come ? 1 : readers);
  }
  barriersReady();
}

/// Asks for the first part of the block's first tile before anything else is done, and makes its barrier. Few
/// instructions: until they are done the memory has nothing to do. `memory`, `come`: where carveBlock() has the ring's
/// first place and its first barrier.
__device__ __forceinline__ void askForFirst(const MatvecArgs& args, int block, std::uint32_t memory,
                                            std::uint32_t come) {
  const FirstPart& first = args.firstPart;
  const std::uint8_t* data = args.data[first.matrixOf(block)] + first.offsetOf(block);
  initBarrierForOne(come);
  barriersReady();
  copyBulk(memory, data, first.bytes, come);
  expectBytes(come, first.bytes);
}

/// The asking warp's work behind askForFirst(): tiles as far ahead as the ring reaches, part by part, but never more
/// than a few parts at once. Whatever else comes from memory, x and the next instructions above all, stands in line
/// behind what is under way. At most slots · parts are under way, and the oldest is waited for before the next one is
/// armed: so no barrier is two phases ahead of who waits for it. All lanes go the way, so that it is reckoned in
/// uniform registers, and one asks; everything that can be is reckoned before a wait: what is done behind it delays the
/// copies (kernels/README.md, steps 13b and 15).
__device__ __forceinline__ void askForTiles(const MatvecArgs& args, const Tiles& tiles, const TileRing& ring) {
  const bool asks = electOne();
  const int count = tiles.count(), barriers = ring.barriers();
  RingPlace place, arrived;
  int underWay = 1;
  std::uint32_t begun = args.firstPart.bytes;
#pragma unroll 1
  for (int tile = 0; tile < count; ++tile, place.next(ring.slots), begun = 0) {
    const std::uint8_t* from = tiles.panelOf(args, tile) + begun;
    std::uint32_t to = ring.memory + place.slot * ring.slotBytes + begun, left = args.panelBytes - begun;
    std::uint32_t come = ring.come + (place.slot * ring.parts + (begun != 0)) * 8;
    if (tile == ring.slots) waitForPrevious();  // nothing is read, and no place free, before it is over
    if (tile >= ring.slots) waitBarrier(ring.free + place.slot * 8, place.phase ^ 1);
#pragma unroll 1
    while (left != 0) {
      __syncwarp();  // no lane is left behind in a wait
      const std::uint32_t bytes = min(args.partBytes, left);
      const bool full = underWay == args.partsUnderWay;
      if (full) waitBarrier(ring.come + arrived.slot * 8, arrived.phase);
      if (asks) {
        copyBulk(to, from, bytes, come);
        expectBytes(come, bytes);
      }
      if (full)
        arrived.next(barriers);
      else
        ++underWay;
      from += bytes, to += bytes, left -= bytes, come += 8;
    }
  }
}

}  // namespace gpu
}  // namespace nibble

// The tiles of weights of a block of the tensor-core product, the ring in shared memory that they pass through, and the
// warp that asks the copy engine for them.
#pragma once
#include "kernels/cuda/bulk_copy.cuh"
#include "kernels/cuda/matvec.h"
#include "kernels/cuda/ring_place.h"

namespace nibble {
namespace gpu {

/// The tiles of a block: `height` rows of one matrix, record behind record as they lie in memory. For SwiGLU even tiles
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

  /// First row of the output and rows of part `part` of a tile (none beyond the block's last).
  __device__ __forceinline__ int2 rowsOf(const MatvecArgs& args, int tile, int part) const {
    const int row = first + firstRowOf(tile) + part * args.partRows;
    return make_int2(row, max(0, min(args.partRows, first + rows - row)));
  }

  /// Where the record of a row of the output lies.
  __device__ __forceinline__ const std::uint8_t* recordOf(const MatvecArgs& args, int matrix, int row) const {
    return args.data[matrix] + static_cast<std::uint64_t>(static_cast<std::uint32_t>(row)) * args.stride;
  }

  /// Asks for `count` rows from `row` on. One thread.
  __device__ __forceinline__ void ask(const MatvecArgs& args, int side, int row, int count, std::uint32_t shared,
                                      std::uint32_t come) const {
#pragma unroll 1
    while (count > 0) {  // of q, k and v they may be in more than one
      const int matrix = matrixOf(args, row, side);
      const int here = pair || matrix == 2 ? count : min(count, args.starts[matrix + 1] - row);
      copyBulk(shared, recordOf(args, matrix, row), here * args.stride, come);
      row += here;
      count -= here;
      shared += here * args.stride;
    }
  }
};

/// The ring's shared addresses.
struct TileRing {
  std::uint32_t memory, come, free, slotBytes;
  int slots, parts;

  __device__ __forceinline__ int partOf(int slot, int part) const { return slot * parts + part; }
  __device__ __forceinline__ std::uint32_t comeOf(int slot, int part) const { return come + partOf(slot, part) * 8; }
};

/// Makes a warp's share of the ring's barriers: one a part that the copies arrive at, one a slot that `readers` warps
/// arrive at when they have read it. (A barrier takes a thread some 60 cycles, so no warp makes them all.) `made`: of
/// them that exist already, from the first on.
__device__ __forceinline__ void makeBarriers(const TileRing& ring, int readers, int warp, int warps, int made) {
  const int come = ring.slots * ring.parts;
  if ((threadIdx.x & 31) == 0) {
#pragma unroll 1
    for (int i = warp + made; i < come + ring.slots; i += warps)
      initBarrier(i < come ? ring.come + i * 8 : ring.free + (i - come) * 8, i < come ? 1 : readers);
  }
  barriersReady();
}

/// Asks for the first part of the block's first tile before anything else is done, and makes its barrier; returns the
/// parts asked for. Few instructions: until they are done the memory has nothing to do. All threads call it, the one
/// that `asks` does it. `memory`, `come`: where carveBlock() has the ring's first place and its first barrier.
__device__ __forceinline__ int askForFirst(const MatvecArgs& args, int block, std::uint32_t memory, std::uint32_t come,
                                           bool asks) {
  const FirstPart& first = args.firstPart;
  const bool whole = first.has(block);
  if (asks && whole) {
    const std::uint8_t* data = args.data[first.matrixOf(block)] + first.offsetOf(block);
    initBarrierForOne(come);
    barriersReady();
    copyBulk(memory, data, first.bytes, come);
    expectBytes(come, first.bytes);
  }
  return whole ? 1 : 0;
}

/// The asking thread's work behind askForFirst(): tiles as far ahead as the ring reaches, but never more than a few
/// parts at once. Whatever else comes from memory, x and the next instructions above all, stands in line behind what is
/// under way. A part without rows is armed too, since readers wait for the last parts of a tile, and this thread for
/// all in turn. At most slots · parts are under way, and the oldest is waited for before the next one is armed: so no
/// barrier is two phases ahead of who waits for it. `begun`: parts of the first tile that have been asked for.
__device__ __forceinline__ void askForTiles(const MatvecArgs& args, const Tiles& tiles, const TileRing& ring,
                                            int begun) {
  const int count = tiles.count();
  RingPlace place, arrived;
  int arrivedPart = 0, underWay = begun;
#pragma unroll 1
  for (int tile = 0; tile < count; ++tile, place.advance(ring.slots, 1)) {
    if (tile == ring.slots) waitForPrevious();  // nothing is read, and no place free, before it is over
    if (tile >= ring.slots) waitBarrier(ring.free + place.slot * 8, place.phase ^ 1);
#pragma unroll 1
    for (int part = tile == 0 ? begun : 0; part < ring.parts; ++part) {
      if (underWay == args.partsUnderWay) {
        waitBarrier(ring.comeOf(arrived.slot, arrivedPart), arrived.phase);
        if (++arrivedPart == ring.parts) arrivedPart = 0, arrived.advance(ring.slots, 1);
        --underWay;
      }
      const int2 wanted = tiles.rowsOf(args, tile, part);
      const std::uint32_t come = ring.comeOf(place.slot, part);
      expectBytes(come, wanted.y * args.stride);
      tiles.ask(args, tiles.sideOf(tile), wanted.x, wanted.y,
                ring.memory + place.slot * ring.slotBytes + part * args.partRows * args.stride, come);
      ++underWay;
    }
  }
}

}  // namespace gpu
}  // namespace nibble

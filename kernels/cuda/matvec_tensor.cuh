// The fast decode product on tensor cores: quantized weights, 8-bit activations, columns a multiple of 256. One block
// per SM owns a contiguous range of rows and works on tiles of 16 or 8 rows, the panels that weights lie in; a warp
// owns one or more strips of 256 columns, whose activations stay in its registers for the whole kernel.
//   asking    one warp asks for tiles (tile_ring.cuh) from the first instructions on, before the ring's barriers are
//             made, and in the end makes the norm's root.
//   prologue  the other warps wait for the previous kernel. If it has left x rounded (rounded_vector.cuh) they take
//             their strips as they are, or bring the halves of each group to one scale; else all of x is read,
//             multiplied by the norm's gain and rounded to integers with a scale per 32. (The root of the norm is
//             applied last.)
//   main      they take their strips of tile by tile out of the ring, each as soon as the part with them has come. The
//             sums of a tile's rows go to shared memory.
//   epilogue  a thread a row (tensor_sums.cuh): sum over warps, root, bias, then store, residual add or SwiGLU; and if
//             the next product is to find its input rounded, a warp rounds its 32 rows (SwiGLU: 16 and 16).
// Bytes moved: the matrix once (how fast: kernels/README.md). NaN in x reaches every output through the block scales.
#pragma once
#include "kernels/cuda/quantize_input.cuh"
#include "kernels/cuda/tensor_formats.cuh"
#include "kernels/cuda/tensor_shape.h"
#include "kernels/cuda/tensor_sums.cuh"
#include "kernels/cuda/tile_ring.cuh"

namespace nibble {
namespace gpu {

/// Where the barriers of a ring's free places begin, behind those of its parts.
constexpr int kFirstFreeBarrier = kMostTensorPlaces * kMostTileParts;

/// Shared memory of fixed size: Σx² by warps and the norm's root, the ring's barriers.
struct FixedMemory {
  float squareSums[33];
  std::uint64_t barriers[kFirstFreeBarrier + kMostTensorPlaces];
};

/// All shared memory of a block, the fixed and a dynamic part: [ring] [activations: bytes, scales] [nf4-dq: code,
/// nested absmax] [sums (rows, warps a row)].
struct BlockMemory {
  TileRing ring;
  std::uint32_t* words;
  float* scales;
  float* code;
  float* nested;
  float* sums;
  float* squareSums;  // a warp's
  float* norm;        // 1 / root of the mean square
};

template <typename F>
__device__ __forceinline__ BlockMemory carveBlock(const MatvecArgs& args, const Tiles& tiles, std::uint8_t* dynamic,
                                                  FixedMemory& fixed) {
  BlockMemory m;
  const std::uint32_t come = sharedAddress(fixed.barriers);
  m.ring = {sharedAddress(dynamic), come, come + kFirstFreeBarrier * 8, args.panelBytes, args.slots, args.parts};
  m.words = reinterpret_cast<std::uint32_t*>(dynamic + m.ring.slots * m.ring.slotBytes);
  m.scales = reinterpret_cast<float*>(m.words + args.columns / 4);
  m.code = m.scales + args.columns / 32;
  m.nested = m.code + (F::kNested ? 256 : 0);
  m.sums = m.nested + (F::kNested ? ((tiles.rows << tiles.pair) * args.strips + 3) / 4 * 4 : 0);
  m.squareSums = fixed.squareSums;
  m.norm = fixed.squareSums + 32;
  return m;
}

/// nf4-dq: the dynamic code, and the nested absmax of every row and strip of the block, (sides, rows, strips).
__device__ __forceinline__ void loadNested(const MatvecArgs& args, const Tiles& tiles, int threads,
                                           const BlockMemory& m) {
  const int strips = args.strips;
  for (int i = threadIdx.x; i < 256; i += threads) m.code[i] = args.nested[0][kNestedCodeAt + i];
  for (int i = threadIdx.x; i < (tiles.rows << tiles.pair) * strips; i += threads) {
    const int place = i / strips, strip = i - place * strips;
    const int side = place >= tiles.rows, row = tiles.first + place - (side ? tiles.rows : 0);
    const int matrix = tiles.matrixOf(args, row, side);
    const std::uint32_t own = static_cast<std::uint32_t>(row - args.starts[matrix]);
    m.nested[i] = args.nested[matrix][kNestedAbsmaxAt + ((own * (args.columns >> 6) + 4 * strip) >> 8)];
  }
}

/// nf4-dq: the absmax of a lane's 64 columns in both rows. `words`: the rows' four code bytes of the strip.
__device__ __forceinline__ RowScales nestedScales(const MatvecArgs& args, const Tiles& tiles, const RowScales& words,
                                                  const BlockMemory& m, int tile, int strip) {
  const int lane = threadIdx.x & 31, shift = (lane & 3) * 8, side = tiles.sideOf(tile);
  float absmax[2];
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    const int row = min(tiles.firstRowOf(tile) + (lane >> 2) + 8 * r, tiles.rows - 1);
    const float mean = __ldg(args.nested[tiles.matrixOf(args, tiles.first + row, side)]);
    const std::uint32_t word = r ? words.bottom : words.top;
    absmax[r] = fmaf(m.code[word >> shift & 255], m.nested[(side * tiles.rows + row) * args.strips + strip], mean);
  }
  return {__float_as_uint(absmax[0]), __float_as_uint(absmax[1])};
}

/// The math warps' threads wait for each other. (Barrier 0 is that of the whole block.)
__device__ __forceinline__ void meetMathWarps(int threads) {
  asm volatile("bar.sync 1, %0;" ::"r"(threads) : "memory");
}
/// The asking warp waits until the math warps have left their sums of squares.
__device__ __forceinline__ void waitForSquares(int threads) {
  asm volatile("bar.sync 2, %0;" ::"r"(threads + 32) : "memory");
}
__device__ __forceinline__ void tellSquares(int threads) {
  asm volatile("bar.arrive 2, %0;" ::"r"(threads + 32) : "memory");
}

/// The asking warp: tiles, what the next launch wants of L2, and in the end the norm, for which the sums of squares
/// were left with x or come from the math warps. (Halves come without: no norm is in front of them.)
template <InputKind Kind>
__device__ __forceinline__ void askingWarp(const MatvecArgs& args, const Tiles& tiles, const BlockMemory& m,
                                           int mathWarps) {
  const int lane = threadIdx.x & 31;
  askForTiles(args, tiles, m.ring);
  if (lane == 0 && blockIdx.x < args.ahead.blocks)
    for (const std::uint8_t* data : args.ahead.data)
      prefetchBulk(data + static_cast<std::uint64_t>(blockIdx.x) * args.ahead.pace, args.ahead.bytes);
  __syncwarp();
  if (Kind == InputKind::halves || !args.gain) return;
  float squares;
  if constexpr (Kind == InputKind::groups) {
    waitForPrevious();
    squares = sumRoundedSquares(args.rounded, args.columns);
  } else {
    waitForSquares(mathWarps * 32);
    squares = warpSum(lane < mathWarps ? m.squareSums[lane] : 0.0f);
  }
  if (lane == 0) *m.norm = rsqrtf(squares * args.perColumn + args.normEps);
}

/// A math warp's share of x: all threads of all math warps together round it.
__device__ __forceinline__ void prepareTensorInput(const MatvecArgs& args, const BlockMemory& m, int warp,
                                                   int threads) {
  float squares = quantizeInput<false>(args.input, args.gain, args.columns, threads, m.words, nullptr, m.scales);
  if (args.gain) {
    squares = warpSum(squares);
    if ((threadIdx.x & 31) == 0) m.squareSums[warp] = squares;
  }
  meetMathWarps(threads);
  if (args.gain) tellSquares(threads);
}

/// A math warp on its way along the ring: what it can know before x is there. `place`: of the warps of a row.
template <typename F, int Strips>
class TileWalk {
 public:
  __device__ __forceinline__ TileWalk(const MatvecArgs& args, const Tiles& tiles, const BlockMemory& m, int group,
                                      int place)
      : m_writer(args, tiles, m.sums, place),
        m_come(kept(m.ring.come + place * Strips / args.partStrips * 8)),
        m_free(kept(m.ring.free)),
        m_group(group),
        m_strip(place * Strips) {
    m_reader.setUp(m.ring.memory, m_strip);
  }

  /// The warp's tiles, from the ring to the sums.
  template <InputKind Kind>
  __device__ __forceinline__ void multiply(const MatvecArgs& args, const Tiles& tiles, const BlockMemory& m,
                                           const typename F::Tables& tables) const {
    const TileRing& ring = m.ring;
    typename F::Activations activations[Strips];
    loadStrips<Kind>(args, m, activations);
    const int count = tiles.count();
    const int lane = threadIdx.x & 31;
    RingPlace at;
    at.advance(ring.slots, m_group);
#pragma unroll 1
    for (int tile = m_group; tile < count; tile += args.rowGroups, at.advance(ring.slots, args.rowGroups)) {
      float sum[F::kRowsOfLane] = {};
      const std::uint32_t offset = at.slot * ring.slotBytes;
      waitBarrier(m_come + at.slot * ring.parts * 8, at.phase);
#pragma unroll
      for (int s = 0; s < Strips; ++s) {
        const typename F::Pieces w = m_reader.pieces(offset, s);
        typename F::Scales scales = m_reader.rowScales(offset, s);
        if constexpr (F::kNested) scales = nestedScales(args, tiles, scales, m, tile, m_strip + s);
        // Every lane tells that it has read. (All are below threadsPerRow. The compiler does not know that, and the
        // warp barrier, which becomes nothing, keeps it from joining the two conditions: so it leaves a branch here
        // and the telling where it stands, which is faster. kernels/README.md, step 15b.)
        if (s == Strips - 1 && tile + ring.slots < count) {
          __syncwarp();
          if (lane < args.threadsPerRow) arrive(m_free + at.slot * 8);
        }
        F::add(w, scales, activations[s], tables, sum);
      }
      m_writer.write(tiles, tile, sum);
    }
  }

 private:
  template <InputKind Kind>
  __device__ __forceinline__ void loadStrips(const MatvecArgs& args, const BlockMemory& m,
                                             typename F::Activations (&activations)[Strips]) const {
    if constexpr (Kind == InputKind::halves) {
#pragma unroll
      for (int s = 0; s < Strips; s += 2) {
        const HalvesInput input(args.rounded, args.columns, m_strip + s, Strips - s);
        activations[s].load(input, m_strip + s);
        if (s + 1 < Strips) activations[s + 1].load(input, m_strip + s + 1);
      }
    } else if constexpr (Kind == InputKind::groups) {
#pragma unroll
      for (int s = 0; s < Strips; ++s) activations[s].load(LeftInput(args.rounded, args.columns), m_strip + s);
    } else {
#pragma unroll
      for (int s = 0; s < Strips; ++s) activations[s].load(PreparedInput{m.words, m.scales}, m_strip + s);
    }
  }

  typename F::Reader m_reader;
  SumWriter<F::kRowsOfLane> m_writer;
  std::uint32_t m_come, m_free;  // barriers in slot 0: of the part with the warp's strips, of the free place
  int m_group, m_strip;
};

/// What block number `block` of a product does.
template <typename F, int Strips, InputKind Kind>
__device__ __forceinline__ void runBlock(const MatvecArgs& args, int block, std::uint8_t* tileMemory,
                                         FixedMemory& fixed) {
  // The first lane of the asking warp, which is the last one.
  if (threadIdx.x + 32 == blockDim.x)
    askForFirst(args, block, sharedAddress(tileMemory), sharedAddress(fixed.barriers));
  allowNext();
  const int firstRow = args.rows.firstOf(block);
  const Tiles tiles{firstRow, min(args.rows.countOf(block), args.units - firstRow), F::kTileRows,
                    args.epilogue == Epilogue::swiglu};
  // The same in every lane, which the compiler sees only so.
  const int warp = __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x >> 5), 0);
  const int warpsPerRow = args.threadsPerRow >> 5, warps = warpsPerRow * args.rowGroups, threads = warps * 32;
  const BlockMemory m = carveBlock<F>(args, tiles, tileMemory, fixed);
  makeBarriers(m.ring, args.threadsPerRow, warp, warps + 1);
  __syncthreads();
  if (warp == warps) {
    askingWarp<Kind>(args, tiles, m, warps);
    __syncthreads();
    return;
  }
  if (Kind == InputKind::values && args.gain)
    for (int i = threadIdx.x * 32; i < args.columns; i += threads * 32) prefetchLine(args.gain + i);
  if (F::kNested) loadNested(args, tiles, threads, m);
  clearSumPadding(args, tiles, m.sums, threads);
  typename F::Tables tables;
  tables.keep();
  RowExtras extras;
  const int ownRow = tiles.first + threadIdx.x;
  const bool ownsRow = static_cast<int>(threadIdx.x) < tiles.rows;
  if (ownsRow) extras.load(args, ownRow);
  const std::uint32_t sums = sharedAddress(m.sums);
  const int group = warp * args.perWarpsPerRow >> 16;
  const TileWalk<F, Strips> walk(args, tiles, m, group, warp - group * warpsPerRow);
  // What loadNested() has left is read by other warps. (With values prepareTensorInput() has them meet.)
  if (Kind != InputKind::values && F::kNested) meetMathWarps(threads);
  waitForPrevious();
  if (ownsRow) extras.loadResidual(args, ownRow);
  if (Kind == InputKind::values) prepareTensorInput(args, m, warp, threads);
  walk.template multiply<Kind>(args, tiles, m, tables);
  __syncthreads();
  finishTiles(args, tiles, sums, threads, args.gain ? *m.norm : 1.0f, extras);
}

template <typename F, int Strips, InputKind Kind>
__global__ void __launch_bounds__((mostTensorWarps(Strips) + 1) * 32, 1)
    matvec_tensor_kernel(const __grid_constant__ MatvecArgs args) {
  extern __shared__ __align__(128) std::uint8_t tileMemory[];
  __shared__ FixedMemory fixed;
  runBlock<F, Strips, Kind>(args, blockIdx.x, tileMemory, fixed);
}

/// Two products of different formats with the same input: the first blocks take one, the others the other. Both have as
/// many warps.
struct TwoMatvecs {
  MatvecArgs first, second;
  std::int32_t firstBlocks = 0;
};

template <typename F, typename G, int Strips, InputKind Kind>
__global__ void __launch_bounds__((mostTensorWarps(Strips) + 1) * 32, 1)
    matvec_two_tensors_kernel(const __grid_constant__ TwoMatvecs both) {
  extern __shared__ __align__(128) std::uint8_t tileMemory[];
  __shared__ FixedMemory fixed;
  const int block = blockIdx.x;
  if (block < both.firstBlocks)
    runBlock<F, Strips, Kind>(both.first, block, tileMemory, fixed);
  else
    runBlock<G, Strips, Kind>(both.second, block - both.firstBlocks, tileMemory, fixed);
}

}  // namespace gpu
}  // namespace nibble

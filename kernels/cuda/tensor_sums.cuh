// The sums of a block of the tensor-core product: how warps leave them in shared memory, and how they become rows of
// the output, for the next product rounded as well.
#pragma once
#include "kernels/cuda/finish_row.cuh"
#include "kernels/cuda/rounded_vector.cuh"
#include "kernels/cuda/tensor_shape.h"
#include "kernels/cuda/tile_ring.cuh"

namespace nibble {
namespace gpu {

/// Where a warp's sums of a tile go: (rows of the block, warps a row). Lane 4g + t has its share of row g, or of rows g
/// and g + 8.
template <int RowsOfLane>
class SumWriter {
 public:
  __device__ __forceinline__ SumWriter(const MatvecArgs& args, const Tiles& tiles, float* sums, int place) {
    const int lane = threadIdx.x & 31, row = (lane >> 2) + (RowsOfLane == 2 ? (lane & 1) * 8 : 0);
    m_to = kept(sharedAddress(sums) + (row * args.sumStride + place) * 4);
    m_rowBytes = kept(args.sumStride * 4);
    m_end = (lane & 3) < RowsOfLane ? tiles.rows - row : 0;
  }
  __device__ __forceinline__ void write(const Tiles& tiles, int tile, const float (&sum)[RowsOfLane]) const {
    // Of two rows, the even lane of a pair ends with the first.
    float keep = sum[0], give = sum[0];
    if constexpr (RowsOfLane == 2) (threadIdx.x & 1 ? keep : give) = sum[1];
    keep += __shfl_xor_sync(0xffffffffu, give, 1);
    keep += __shfl_xor_sync(0xffffffffu, keep, 2);
    const int first = tiles.firstRowOf(tile);
    if (first < m_end)
      asm volatile("st.shared.f32 [%0], %1;" ::"r"(m_to + (tiles.sideOf(tile) * tiles.rows + first) * m_rowBytes),
                   "f"(keep)
                   : "memory");
  }

 private:
  std::uint32_t m_to, m_rowBytes;
  int m_end;
};

/// What a row needs beside its sums: asked for before the weights have come.
struct RowExtras {
  float residual = 0, nextGain = 0;
  RowBias bias;
  __device__ __forceinline__ void load(const MatvecArgs& args, int row) {
    bias = biasOf(args, row);
    if (args.nextGain) nextGain = args.nextGain[row];
  }
  __device__ __forceinline__ void loadResidual(const MatvecArgs& args, int row) {
    if (args.epilogue == Epilogue::add) residual = args.output[row];
  }
};

/// Zeros where a row's last four sums are fewer. All threads of the math warps.
__device__ __forceinline__ void clearSumPadding(const MatvecArgs& args, const Tiles& tiles, float* sums, int threads) {
  const int warps = args.threadsPerRow >> 5;
  if (warps % 4 == 0) return;
  for (int i = threadIdx.x; i < tiles.rows << tiles.pair; i += threads)
    for (int w = warps; w % 4 != 0; ++w) sums[i * args.sumStride + w] = 0;
}

/// Sum of a row over its warps. `at`: shared address.
__device__ __forceinline__ float sumOfRow(std::uint32_t at, int quads) {
  uint4 v[kMostSumQuads];
#pragma unroll
  for (int q = 0; q < kMostSumQuads; ++q) v[q] = q < quads ? loadShared16(at + 16 * q) : make_uint4(0, 0, 0, 0);
  float sum = 0;
#pragma unroll
  for (int q = 0; q < kMostSumQuads; ++q)
    sum += (__uint_as_float(v[q].x) + __uint_as_float(v[q].y)) + (__uint_as_float(v[q].z) + __uint_as_float(v[q].w));
  return sum;
}

/// The block's rows from the sums of their warps, a row a thread. `extras`: of row threadIdx.x.
__device__ __forceinline__ void finishTiles(const MatvecArgs& args, const Tiles& tiles, std::uint32_t sums, int threads,
                                            float root, RowExtras extras) {
  const int quads = sumQuads(args.threadsPerRow >> 5), rowBytes = args.sumStride * 4;
#pragma unroll 1
  for (int i = threadIdx.x; (i & ~31) < tiles.rows; i += threads) {  // whole warps: they shuffle
    const int row = tiles.first + i;
    const bool inside = i < tiles.rows;
    if (inside && i >= threads) {
      extras.load(args, row);
      extras.loadResidual(args, row);
    }
    const std::uint32_t at = sums + min(i, tiles.rows - 1) * rowBytes;
    const float y = fmaf(sumOfRow(at, quads), root, extras.bias.own);
    const float pairY = tiles.pair ? fmaf(sumOfRow(at + tiles.rows * rowBytes, quads), root, extras.bias.pair) : 0.0f;
    float value = 0;
    if (inside) value = finishRow(args, row, y, pairY, extras.residual);
    if (!args.next) continue;
    if (tiles.pair)
      storeRoundedHalves(args.next, args.units, row, value, inside);
    else
      storeRoundedGroup(args.next, args.units, row / kRoundedGroup, value, extras.nextGain);
  }
}

}  // namespace gpu
}  // namespace nibble

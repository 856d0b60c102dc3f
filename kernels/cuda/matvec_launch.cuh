// Shapes and launches the fast product for one format; one instantiation per format and activation width.
#pragma once
#include "kernels/cuda/launch.h"
#include "kernels/cuda/matvec.cuh"

namespace nibble {
namespace gpu {

constexpr int kMostGroups = 4;
constexpr int kSumBytes = 24 * 1024;

template <typename P>
int threadsOfRow(const MatvecArgs& args) {
  const int chunks = (args.columns + P::kColumns - 1) / P::kColumns;
  return ((chunks + P::kChunks - 1) / P::kChunks + 31) / 32 * 32;
}

/// True if columns are whole blocks and a row's chunks (two rows' for SwiGLU) fit the threads of a block.
template <typename P>
bool fitsFast(const MatvecArgs& args) {
  if (args.columns % (P::kQuantizedInput ? 32 : 4) != 0 || args.layout[0].flat) return false;
  return threadsOfRow<P>(args) * (args.epilogue == Epilogue::swiglu ? 2 : 1) <= 1024;
}

/// `fits` becomes false, and nothing is launched, where a block has too little shared memory even for one group of
/// rows.
template <typename P>
cudaError_t launchFast(cudaStream_t stream, MatvecArgs args, const MatvecOptions& options, bool& fits) {
  const int sides = args.epilogue == Epilogue::swiglu ? 2 : 1;
  args.chunks = (args.columns + P::kColumns - 1) / P::kColumns;
  args.threadsPerRow = threadsOfRow<P>(args);
  const int target = options.tuning.blockThreads;
  args.rowGroups = (target + args.threadsPerRow / 2) / args.threadsPerRow / sides * sides;
  while (args.rowGroups > sides && args.rowGroups * args.threadsPerRow > 1024) args.rowGroups -= sides;
  if (args.rowGroups < sides) args.rowGroups = sides;

  const int warpsPerRow = args.threadsPerRow / 32;
  args.sumStride = warpsPerRow;
  int grid = options.tuning.multiprocessors;
  while ((args.units + grid - 1) / grid * sides * warpsPerRow * 4 > kSumBytes && grid < args.units)
    grid += options.tuning.multiprocessors;
  if (grid > args.units) grid = args.units;
  args.rows = dealRows(args.units, 1, grid);
  std::size_t shared = static_cast<std::size_t>((args.units + grid - 1) / grid) * sides * warpsPerRow * 4;
  if (P::kQuantizedInput)
    shared += static_cast<std::size_t>(args.columns) * (P::kWideInput ? 2 : 1) + args.columns / 32 * 4;
  if (P::kNested) shared += 1024;
  // Few row groups where shared memory is short; as many copies ahead as it holds, but no more than the rows need.
  const std::size_t limit = static_cast<std::size_t>(options.tuning.blockKiB) * 1024;
  const std::size_t groupOfRow =
      static_cast<std::size_t>(args.threadsPerRow) * Ring<P, Rows::one>::kSlotBytes * P::kUnroll;
  while (args.rowGroups > sides && shared + 2 * groupOfRow * args.rowGroups > limit) args.rowGroups -= sides;
  const std::size_t group = groupOfRow * args.rowGroups;
  const int rowsOfThread = ((args.units + grid - 1) / grid * sides + args.rowGroups - 1) / args.rowGroups;
  int groups = 1;
  while (groups < kMostGroups && (groups < 2 || groups * P::kUnroll < rowsOfThread) &&
         shared + group * (groups + 1) <= limit)
    ++groups;
  args.slots = groups * P::kUnroll;
  shared += group * groups;
  fits = shared <= limit;
  if (!fits) return cudaSuccess;
  const std::size_t alone = static_cast<std::size_t>(options.tuning.aloneKiB) * 1024;
  if (shared < alone) shared = alone;
  const int threads = args.threadsPerRow * args.rowGroups;
  const auto kernel = sides == 2           ? matvec_kernel<P, Rows::pair>
                      : args.segments == 1 ? matvec_kernel<P, Rows::one>
                                           : matvec_kernel<P, Rows::three>;
  return launch(kernel, dim3(grid), dim3(threads), shared, stream, options.tuning.dependentLaunch, args);
}

cudaError_t launchFloat(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits);
cudaError_t launchQ8(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits);
cudaError_t launchQ4(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits);
cudaError_t launchNf4(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits);
cudaError_t launchPlain(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options);

template <typename P>
cudaError_t launchIfFits(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  fits = fitsFast<P>(args);
  return fits ? launchFast<P>(stream, args, options, fits) : cudaSuccess;
}

}  // namespace gpu
}  // namespace nibble

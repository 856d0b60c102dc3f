// Shapes and launches the fast product for one format; one instantiation per format and activation width.
#pragma once
#include "kernels/cuda/launch.h"
#include "kernels/cuda/matvec.cuh"

namespace nibble {
namespace gpu {

constexpr int kTargetThreads = 512;
constexpr int kSumBytes = 24 * 1024;

/// True if a row's chunks fit the threads of a block.
template <typename P>
bool fitsFast(const MatvecArgs& args) {
  const std::int64_t chunks = (args.layout[0].paddedColumns + P::kColumns - 1) / P::kColumns;
  return !args.layout[0].flat && (chunks + P::kChunks - 1) / P::kChunks <= 1024;
}

template <typename P>
cudaError_t launchFast(cudaStream_t stream, MatvecArgs args, const MatvecOptions& options) {
  const int padded = static_cast<int>(args.layout[0].paddedColumns);
  const int chunks = (padded + P::kColumns - 1) / P::kColumns;
  const int threads = (chunks + P::kChunks - 1) / P::kChunks;
  args.threadsPerRow = (threads + 31) / 32 * 32;
  args.rowGroups = args.threadsPerRow >= kTargetThreads ? 1 : (kTargetThreads + args.threadsPerRow / 2) / args.threadsPerRow;
  args.prefetchBytes = static_cast<std::uint32_t>(options.tuning.prefetchKiB) * 1024;

  const int pair = args.epilogue == Epilogue::swiglu ? 2 : 1;
  const int units = args.rows / pair;
  const int warpsPerRow = args.threadsPerRow / 32;
  int grid = options.tuning.multiprocessors;
  while ((units + grid - 1) / grid * pair * warpsPerRow * 4 > kSumBytes && grid < units) grid += options.tuning.multiprocessors;
  if (grid > units) grid = units;
  std::size_t shared = static_cast<std::size_t>((units + grid - 1) / grid) * pair * warpsPerRow * 4;
  if (P::kQuantizedInput) shared += static_cast<std::size_t>(padded) * (P::kWideInput ? 2 : 1) + padded / 32 * 4;
  if (P::kNested) shared += 1024;
  return launch(matvec_kernel<P>, dim3(grid), dim3(args.threadsPerRow * args.rowGroups), shared, stream,
                options.tuning.dependentLaunch, args);
}

cudaError_t launchFloat(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits);
cudaError_t launchQ8(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits);
cudaError_t launchQ4(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits);
cudaError_t launchNf4(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits);
cudaError_t launchPlain(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options);

template <typename P>
cudaError_t launchIfFits(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  fits = fitsFast<P>(args);
  return fits ? launchFast<P>(stream, args, options) : cudaSuccess;
}

}  // namespace gpu
}  // namespace nibble

// Launches the tensor-core product for one format.
#pragma once
#include "kernels/cuda/matvec_launch.cuh"
#include "kernels/cuda/matvec_tensor.cuh"

namespace nibble {
namespace gpu {

template <typename F, int Strips>
cudaError_t launchTensorShape(cudaStream_t stream, MatvecArgs args, const DecodeTuning& tuning,
                              const TensorShape& shape) {
  args.strips = args.columns / kStripColumns;
  args.perColumn = 1.0f / static_cast<float>(args.columns);
  args.threadsPerRow = shape.warpsPerRow * 32;
  args.perWarpsPerRow = 65536 / shape.warpsPerRow + 1;
  args.sumStride = tensorSumStride(shape.warpsPerRow);
  args.rowsPerBlock = args.units / shape.grid;
  args.rowsLeft = args.units % shape.grid;
  args.rowGroups = shape.groups;
  args.slots = shape.places;
  args.parts = shape.parts;
  args.partRows = shape.partRows;
  args.partsUnderWay = shape.partsUnderWay;
  const std::size_t shared = std::max(shape.sharedBytes, static_cast<std::size_t>(tuning.aloneKiB) * 1024);
  return launch(matvec_tensor_kernel<F, Strips>, dim3(shape.grid), dim3(args.threadsPerRow * shape.groups + 32), shared,
                stream, tuning.dependentLaunch, args);
}

/// `fits` becomes false, and nothing is launched, where the size, the card or the activations ask for another product.
template <typename F>
cudaError_t launchTensor(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  const DecodeTuning& tuning = options.tuning;
  TensorShape shape;
  fits = tuning.tensorProducts && options.activationBits <= 8 && !args.layout[0].flat &&
         tensorShape({args.units, args.columns, args.epilogue == Epilogue::swiglu ? 2 : 1,
                      static_cast<int>(args.stride), F::kTileRows, F::kNested, tuning.multiprocessors, tuning.blockKiB},
                     shape);
  if (!fits) return cudaSuccess;
  switch (shape.stripsOfWarp) {
    case 1:
      return launchTensorShape<F, 1>(stream, args, tuning, shape);
    case 2:
      return launchTensorShape<F, 2>(stream, args, tuning, shape);
    case 3:
      return launchTensorShape<F, 3>(stream, args, tuning, shape);
    default:
      return launchTensorShape<F, 4>(stream, args, tuning, shape);
  }
}

}  // namespace gpu
}  // namespace nibble

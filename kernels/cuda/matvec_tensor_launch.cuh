// Launches the tensor-core product for one format, or for two formats side by side.
#pragma once
#include <type_traits>

#include "kernels/cuda/matvec_launch.cuh"
#include "kernels/cuda/matvec_tensor.cuh"

namespace nibble {
namespace gpu {

/// The arguments of a product laid out so.
inline MatvecArgs shapedArgs(MatvecArgs args, const TensorShape& shape) {
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
  return args;
}

inline std::size_t sharedBytesOf(const TensorShape& shape, const DecodeTuning& tuning) {
  return std::max(shape.sharedBytes, static_cast<std::size_t>(tuning.aloneKiB) * 1024);
}

template <typename F>
TensorProblem tensorProblem(const MatvecArgs& args, const DecodeTuning& tuning) {
  return {args.units,
          args.columns,
          args.epilogue == Epilogue::swiglu ? 2 : 1,
          static_cast<int>(args.stride),
          F::kTileRows,
          F::kNested,
          tuning.multiprocessors,
          tuning.blockKiB};
}

/// Whether anything but the size speaks against tensor cores.
inline bool allowsTensors(const MatvecArgs& args, const MatvecOptions& options) {
  return options.tuning.tensorProducts && options.activationBits <= 8 && !args.layout[0].flat;
}

/// Calls `launch` with the strips of a warp as a constant.
template <typename Launch>
cudaError_t withStrips(int strips, const Launch& launch) {
  switch (strips) {
    case 1:
      return launch(std::integral_constant<int, 1>());
    case 2:
      return launch(std::integral_constant<int, 2>());
    case 3:
      return launch(std::integral_constant<int, 3>());
    default:
      return launch(std::integral_constant<int, 4>());
  }
}

/// `fits` becomes false, and nothing is launched, where the size, the card or the activations ask for another product.
template <typename F>
cudaError_t launchTensor(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  TensorShape shape;
  fits = allowsTensors(args, options) && tensorShape(tensorProblem<F>(args, options.tuning), shape);
  if (!fits) return cudaSuccess;
  return withStrips(shape.stripsOfWarp, [&](auto strips) {
    return launch(matvec_tensor_kernel<F, decltype(strips)::value>, dim3(shape.grid), dim3(shape.threads()),
                  sharedBytesOf(shape, options.tuning), stream, options.tuning.dependentLaunch,
                  shapedArgs(args, shape));
  });
}

/// The same for two products of the same input, side by side in one launch.
template <typename F, typename G>
cudaError_t launchTwoTensors(cudaStream_t stream, const MatvecArgs& first, const MatvecArgs& second,
                             const MatvecOptions& options, bool& fits) {
  const DecodeTuning& tuning = options.tuning;
  TwoTensorShapes shapes;
  fits = allowsTensors(first, options) && allowsTensors(second, options) &&
         twoTensorShapes(tensorProblem<F>(first, tuning), tensorProblem<G>(second, tuning), shapes);
  if (!fits) return cudaSuccess;
  const TwoMatvecs both{shapedArgs(first, shapes.first), shapedArgs(second, shapes.second), shapes.first.grid};
  return withStrips(shapes.first.stripsOfWarp, [&](auto strips) {
    return launch(matvec_two_tensors_kernel<F, G, decltype(strips)::value>,
                  dim3(shapes.first.grid + shapes.second.grid), dim3(shapes.first.threads()),
                  std::max(sharedBytesOf(shapes.first, tuning), sharedBytesOf(shapes.second, tuning)), stream,
                  tuning.dependentLaunch, both);
  });
}

}  // namespace gpu
}  // namespace nibble

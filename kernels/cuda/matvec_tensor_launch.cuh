// Launches the tensor-core product for one format, or for two formats side by side.
#pragma once
#include <type_traits>

#include "kernels/cuda/matvec_launch.cuh"
#include "kernels/cuda/matvec_tensor.cuh"

namespace nibble {
namespace gpu {

/// The arguments of a product laid out so.
inline MatvecArgs shapedArgs(MatvecArgs args, const TensorProblem& problem, const TensorShape& shape) {
  args.strips = args.columns / kStripColumns;
  args.perColumn = 1.0f / static_cast<float>(args.columns);
  args.threadsPerRow = shape.warpsPerRow * 32;
  args.perWarpsPerRow = 65536 / shape.warpsPerRow + 1;
  args.sumStride = tensorSumStride(shape.warpsPerRow);
  args.rowUnit = problem.rowUnit;
  args.rowsPerBlock = args.units / problem.rowUnit / shape.grid * problem.rowUnit;
  args.rowsLeft = args.units / problem.rowUnit % shape.grid;
  if (problem.rowUnit == 1) args.next = nullptr;
  args.rowGroups = shape.groups;
  args.slots = shape.places;
  args.parts = shape.parts;
  args.partRows = shape.partRows;
  args.partsUnderWay = shape.partsUnderWay;
  args.firstAwaited = shape.firstAwaited();
  const bool oneMatrix = args.epilogue == Epilogue::swiglu || args.segments == 1;
  args.firstPart = firstPartOf({args.rowsPerBlock, args.rowsLeft, args.rowUnit}, shape.grid, args.partRows, args.stride,
                               args.starts, oneMatrix);
  return args;
}

inline std::size_t sharedBytesOf(const TensorShape& shape, const DecodeTuning& tuning) {
  return std::max(shape.sharedBytes, static_cast<std::size_t>(tuning.aloneKiB) * 1024);
}

/// A product's arguments as the arithmetic of its shape takes them.
inline TensorProblem tensorProblem(const MatvecArgs& args, const DecodeTuning& tuning) {
  return {args.units,
          args.columns,
          args.epilogue == Epilogue::swiglu ? 2 : 1,
          static_cast<int>(args.stride),
          args.format == MatrixFormat::q8 ? Q8Tensor::kTileRows : Q4Tensor::kTileRows,
          args.format == MatrixFormat::nf4dq,
          tuning.multiprocessors,
          tuning.blockKiB};
}

/// Whether anything but the size speaks against tensor cores.
inline bool allowsTensors(const MatvecArgs& args, const MatvecOptions& options) {
  return options.tuning.tensorProducts && options.activationBits <= 8 && !args.layout[0].flat;
}

/// The shape of a product, if it goes to tensor cores: its rows by whole groups where it may leave them rounded.
inline bool shapeOf(const MatvecArgs& args, const MatvecOptions& options, TensorProblem& problem, TensorShape& shape) {
  if (!allowsTensors(args, options)) return false;
  problem = tensorProblem(args, options.tuning);
  if (args.next && args.epilogue == Epilogue::add &&
      unitsFit(args.units, kRoundedGroup, options.tuning.multiprocessors)) {
    problem.rowUnit = kRoundedGroup;
    if (tensorShape(problem, shape)) return true;
    problem.rowUnit = 1;
  }
  return tensorShape(problem, shape);
}

/// Calls `launch` with the strips of a warp, and whether the input was left rounded, as constants.
template <bool Left, typename Launch>
cudaError_t withStrips(int strips, const Launch& launch) {
  const std::bool_constant<Left> left;
  switch (strips) {
    case 1:
      return launch(std::integral_constant<int, 1>(), left);
    case 2:
      return launch(std::integral_constant<int, 2>(), left);
    case 3:
      return launch(std::integral_constant<int, 3>(), left);
    default:
      return launch(std::integral_constant<int, 4>(), left);
  }
}
template <typename Launch>
cudaError_t withShape(int strips, bool left, const Launch& launch) {
  return left ? withStrips<true>(strips, launch) : withStrips<false>(strips, launch);
}

/// `fits` becomes false, and nothing is launched, where the size, the card or the activations ask for another product.
template <typename F>
cudaError_t launchTensor(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  TensorProblem problem;
  TensorShape shape;
  fits = shapeOf(args, options, problem, shape);
  if (!fits) return cudaSuccess;
  return withShape(shape.stripsOfWarp, args.rounded, [&](auto strips, auto left) {
    return launch(matvec_tensor_kernel<F, decltype(strips)::value, decltype(left)::value>, dim3(shape.grid),
                  dim3(shape.threads()), sharedBytesOf(shape, options.tuning), stream, options.tuning.dependentLaunch,
                  shapedArgs(args, problem, shape));
  });
}

/// The same for two products of the same input, side by side in one launch.
template <typename F, typename G>
cudaError_t launchTwoTensors(cudaStream_t stream, const MatvecArgs& first, const MatvecArgs& second,
                             const MatvecOptions& options, bool& fits) {
  const DecodeTuning& tuning = options.tuning;
  TwoTensorShapes shapes;
  const TensorProblem one = tensorProblem(first, tuning), other = tensorProblem(second, tuning);
  fits = allowsTensors(first, options) && allowsTensors(second, options) && twoTensorShapes(one, other, shapes);
  if (!fits) return cudaSuccess;
  const TwoMatvecs both{shapedArgs(first, one, shapes.first), shapedArgs(second, other, shapes.second),
                        shapes.first.grid};
  return withShape(shapes.first.stripsOfWarp, first.rounded, [&](auto strips, auto left) {
    return launch(matvec_two_tensors_kernel<F, G, decltype(strips)::value, decltype(left)::value>,
                  dim3(shapes.first.grid + shapes.second.grid), dim3(shapes.first.threads()),
                  std::max(sharedBytesOf(shapes.first, tuning), sharedBytesOf(shapes.second, tuning)), stream,
                  tuning.dependentLaunch, both);
  });
}

}  // namespace gpu
}  // namespace nibble

// Launches the tensor-core product for one format, or for two formats side by side.
#pragma once
#include <type_traits>

#include "kernels/cuda/matvec_launch.cuh"
#include "kernels/cuda/matvec_tensor.cuh"

namespace nibble {
namespace gpu {

/// Rows that a block must have in whole units to leave its output rounded; 0: it is not to. (SwiGLU's is for a product
/// on tensor cores alone.)
inline int leftUnit(const MatvecArgs& args) {
  if (!args.next) return 0;
  if (args.epilogue == Epilogue::swiglu) return args.units % kStripColumns == 0 ? kRoundedHalf : 0;
  return args.epilogue == Epilogue::add ? kRoundedGroup : 0;
}

/// Whether a block's rows are such.
inline bool leavesRounded(const MatvecArgs& args, const TensorProblem& problem) {
  const int unit = leftUnit(args);
  return unit != 0 && args.units % unit == 0 && problem.unit() % unit == 0;
}

/// The arguments of a product laid out so.
inline MatvecArgs shapedArgs(MatvecArgs args, const TensorProblem& problem, const TensorShape& shape) {
  args.strips = args.columns / kStripColumns;
  args.perColumn = 1.0f / static_cast<float>(args.columns);
  args.threadsPerRow = shape.warpsPerRow * 32;
  args.perWarpsPerRow = 65536 / shape.warpsPerRow + 1;
  args.sumStride = tensorSumStride(shape.warpsPerRow);
  args.rows = dealRows(args.units, problem.unit(), shape.grid);
  if (!leavesRounded(args, problem)) args.next = nullptr, args.nextGain = nullptr;
  args.rowGroups = shape.groups;
  args.slots = shape.places;
  args.parts = shape.parts;
  args.partStrips = shape.partStrips;
  args.panelBytes = problem.tileRows * args.stride;
  args.partBytes = args.panelBytes / args.strips * shape.partStrips;
  args.partsUnderWay = shape.partsUnderWay;
  const bool oneMatrix = args.epilogue == Epilogue::swiglu || args.segments == 1;
  args.firstPart = firstPartOf(args.rows, shape.grid, args.partBytes, args.stride, args.starts, oneMatrix);
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
          panelRowsOf(args.format),
          args.format == MatrixFormat::nf4dq,
          tuning.multiprocessors,
          tuning.blockKiB};
}

/// Whether anything but the size speaks against tensor cores.
inline bool allowsTensors(const MatvecArgs& args, const MatvecOptions& options) {
  return options.tuning.tensorProducts && options.activationBits <= 8;
}

/// The shape of a product, if it goes to tensor cores: its rows by whole groups where it may leave them rounded.
inline bool shapeOf(const MatvecArgs& args, const MatvecOptions& options, TensorProblem& problem, TensorShape& shape) {
  if (!allowsTensors(args, options)) return false;
  problem = tensorProblem(args, options.tuning);
  const int unit = leftUnit(args);
  if (unit > problem.tileRows && unitsFit(args.units, unit, problem.tileRows, options.tuning.multiprocessors)) {
    problem.rowUnit = unit;
    if (tensorShape(problem, shape)) return true;
    problem.rowUnit = 1;
  }
  return tensorShape(problem, shape);
}

/// Calls `launch` with the strips of a warp, and how the input is found, as constants.
template <InputKind Kind, typename Launch>
cudaError_t withStrips(int strips, const Launch& launch) {
  const std::integral_constant<InputKind, Kind> kind;
  switch (strips) {
    case 1:
      return launch(std::integral_constant<int, 1>(), kind);
    case 2:
      return launch(std::integral_constant<int, 2>(), kind);
    case 3:
      return launch(std::integral_constant<int, 3>(), kind);
    default:
      return launch(std::integral_constant<int, 4>(), kind);
  }
}

/// `fits` becomes false, and nothing is launched, where the size, the card or the activations ask for another product.
template <typename F>
cudaError_t launchTensor(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options, bool& fits) {
  TensorProblem problem;
  TensorShape shape;
  fits = shapeOf(args, options, problem, shape);
  if (!fits) return cudaSuccess;
  const auto go = [&](auto strips, auto kind) {
    return launch(matvec_tensor_kernel<F, decltype(strips)::value, decltype(kind)::value>, dim3(shape.grid),
                  dim3(shape.threads()), sharedBytesOf(shape, options.tuning), stream, options.tuning.dependentLaunch,
                  shapedArgs(args, problem, shape));
  };
  switch (args.inputKind) {
    case InputKind::groups:
      return withStrips<InputKind::groups>(shape.stripsOfWarp, go);
    case InputKind::halves:
      return withStrips<InputKind::halves>(shape.stripsOfWarp, go);
    default:
      return withStrips<InputKind::values>(shape.stripsOfWarp, go);
  }
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
  const auto go = [&](auto strips, auto kind) {
    return launch(matvec_two_tensors_kernel<F, G, decltype(strips)::value, decltype(kind)::value>,
                  dim3(shapes.first.grid + shapes.second.grid), dim3(shapes.first.threads()),
                  std::max(sharedBytesOf(shapes.first, tuning), sharedBytesOf(shapes.second, tuning)), stream,
                  tuning.dependentLaunch, both);
  };
  return first.inputKind == InputKind::groups ? withStrips<InputKind::groups>(shapes.first.stripsOfWarp, go)
                                              : withStrips<InputKind::values>(shapes.first.stripsOfWarp, go);
}

}  // namespace gpu
}  // namespace nibble

// Which products leave their output rounded for the next one: the arithmetic of a launch without the launch.
#include "kernels/cuda/matvec_tensor_launch.cuh"

namespace nibble {
namespace gpu {

bool productLeavesRounded(const MatvecArgs& args, const MatvecOptions& options) {
  if (args.format == MatrixFormat::f32 || args.format == MatrixFormat::f16 || args.format == MatrixFormat::bf16)
    return false;
  TensorProblem problem;
  TensorShape shape;
  return options.tuning.fastProducts && shapeOf(args, options, problem, shape) && leavesRounded(args, problem);
}

}  // namespace gpu
}  // namespace nibble

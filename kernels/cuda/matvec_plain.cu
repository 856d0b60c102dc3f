// The plain product: any format, any size, fp32 activations, one warp a row. Slow; the fallback of odd sizes and the
// path the fast kernels are compared with.
#include <cassert>

#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/finish_row.cuh"
#include "kernels/cuda/matrix_element.cuh"
#include "kernels/cuda/matvec_launch.cuh"

namespace nibble {
namespace gpu {

constexpr int kPlainThreads = 256;

/// Row `row` of the output in matrix `segment`.
__device__ float plainRow(const MatvecArgs& args, int segment, int row, int lane) {
  const MatrixLayout& layout = args.layout[segment];
  const std::int64_t start = args.epilogue == Epilogue::swiglu ? 0 : args.starts[segment];
  const std::uint8_t* data = args.data[segment] + start * args.stride;
  float sum = 0;
  for (int c = lane; c < args.columns; c += 32) {
    const float x = args.gain ? args.input[c] * args.gain[c] : args.input[c];
    sum = fmaf(matrixElement(args.format, layout, data, row - start, c), x, sum);
  }
  return warpSum(sum);
}

__global__ void __launch_bounds__(kPlainThreads) matvec_plain_kernel(const __grid_constant__ MatvecArgs args) {
  __shared__ float squareSums[kPlainThreads / 32];
  const int lane = threadIdx.x & 31;
  const int columns = args.columns;
  allowNext();
  waitForPrevious();
  float root = 1.0f;
  if (args.gain) {
    float squares = 0;
    for (int c = threadIdx.x; c < columns; c += kPlainThreads) squares = fmaf(args.input[c], args.input[c], squares);
    squares = warpSum(squares);
    if (lane == 0) squareSums[threadIdx.x >> 5] = squares;
    __syncthreads();
    float total = 0;
    for (int i = 0; i < kPlainThreads / 32; ++i) total += squareSums[i];
    root = rsqrtf(total / static_cast<float>(columns) + args.normEps);
  }
  const bool pair = args.epilogue == Epilogue::swiglu;
  const int warps = gridDim.x * (kPlainThreads / 32);
  for (int row = blockIdx.x * (kPlainThreads / 32) + (threadIdx.x >> 5); row < args.units; row += warps) {
    const int segment = pair || row < args.starts[1] ? 0 : row < args.starts[2] ? 1 : 2;
    const float y = plainRow(args, segment, row, lane);
    const float pairY = pair ? plainRow(args, 1, row, lane) : 0.0f;
    if (lane != 0) continue;
    const RowBias bias = biasOf(args, row);
    finishRow(args, row, fmaf(y, root, bias.own), fmaf(pairY, root, bias.pair),
              args.epilogue == Epilogue::add ? args.output[row] : 0.0f);
  }
}

cudaError_t launchPlain(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options) {
  const int warps = kPlainThreads / 32;
  const int wanted = (args.units + warps - 1) / warps;
  const int most = options.tuning.multiprocessors * 8;
  return launch(matvec_plain_kernel, dim3(wanted < most ? wanted : most), dim3(kPlainThreads), 0, stream,
                options.tuning.dependentLaunch, args);
}

void addSegment(MatvecArgs& args, const MatrixView& matrix, const float* bias) {
  const int s = args.segments++;
  const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
  const bool beside = args.epilogue == Epilogue::swiglu;
  assert(beside || args.units % layout.panelRows == 0);
  const std::uint8_t* data = static_cast<const std::uint8_t*>(matrix.data);
  args.format = matrix.format;
  args.columns = matrix.columns;
  args.stride = static_cast<std::uint32_t>(layout.stride);
  args.starts[s] = beside ? 0 : args.units;
  args.data[s] =
      beside ? data : data - static_cast<std::int64_t>(args.units) * static_cast<std::int64_t>(layout.stride);
  args.nested[s] = reinterpret_cast<const float*>(data + layout.nestedOffset);
  args.bias[s] = bias;
  args.units = beside ? matrix.rows : args.units + matrix.rows;
  args.layout[s] = layout;
}

cudaError_t launchMatvec(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options) {
  const bool quantized =
      args.format != MatrixFormat::f32 && args.format != MatrixFormat::f16 && args.format != MatrixFormat::bf16;
  bool fits = options.tuning.fastProducts && !(quantized && options.activationBits > 16);
  if (fits) {
    cudaError_t error = cudaSuccess;
    switch (args.format) {
      case MatrixFormat::q8:
        error = launchQ8(stream, args, options, fits);
        break;
      case MatrixFormat::q4:
        error = launchQ4(stream, args, options, fits);
        break;
      case MatrixFormat::nf4:
      case MatrixFormat::nf4dq:
        error = launchNf4(stream, args, options, fits);
        break;
      default:
        error = launchFloat(stream, args, options, fits);
        break;
    }
    if (fits) return error;
  }
  return launchPlain(stream, args, options);
}

cudaError_t matvec(cudaStream_t stream, const MatrixView& matrix, const float* x, const float* gain, float normEps,
                   const float* bias, float* y, int activationBits, const DecodeTuning& tuning) {
  MatvecArgs args;
  args.input = x;
  args.gain = gain;
  args.normEps = normEps;
  args.output = y;
  addSegment(args, matrix, bias);
  return launchMatvec(stream, args, {activationBits, tuning});
}

}  // namespace gpu
}  // namespace nibble

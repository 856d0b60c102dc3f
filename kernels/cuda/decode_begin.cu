// The first kernel of a step: embedding row of the token into the residual stream, rotary table of the position, id
// history. Launched without dependent launch, so nothing of a step overlaps the step before it.
#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/matrix_element.cuh"

namespace nibble {
namespace gpu {

constexpr int kBeginThreads = 256;

__global__ void __launch_bounds__(kBeginThreads)
    decode_begin_kernel(MatrixView embedding, MatrixLayout layout, const StepInput* input, float* x, float* rope,
                        const float* inverseFrequencies, int headDim, float ropeFactor, std::int32_t* history,
                        std::uint32_t* flags) {
  allowNext();
  const int index = blockIdx.x * kBeginThreads + threadIdx.x;
  const int half = headDim / 2;
  const std::int32_t token = input->token, position = input->position;
  if (index < embedding.columns)
    x[index] = matrixElement(embedding.format, layout, static_cast<const std::uint8_t*>(embedding.data), token, index);
  if (index < half) {
    const float angle = static_cast<float>(position) * inverseFrequencies[index];
    float sine, cosine;
    sincosf(angle, &sine, &cosine);
    rope[index] = cosine * ropeFactor;
    rope[half + index] = sine * ropeFactor;
  }
  if (index == 0) {
    history[position] = token;
    flags[0] = 0;
  }
}

cudaError_t decodeBegin(cudaStream_t stream, const DecodeModel& model) {
  const int columns = model.embedding.columns;
  const int wanted = columns > model.shape.headDim ? columns : model.shape.headDim;
  const MatrixLayout layout = matrixLayout(model.embedding.format, model.embedding.rows, columns);
  return launch(decode_begin_kernel, dim3((wanted + kBeginThreads - 1) / kBeginThreads), dim3(kBeginThreads), 0, stream,
                false, model.embedding, layout, static_cast<const StepInput*>(model.input), model.workspace.x,
                model.workspace.rope, model.inverseFrequencies, static_cast<int>(model.shape.headDim),
                model.shape.ropeFactor, model.workspace.history, model.workspace.flags);
}

}  // namespace gpu
}  // namespace nibble

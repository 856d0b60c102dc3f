// The first kernel of a step: embedding row of the token into the residual stream (and rounded behind the first norm's
// gain), rotary table of the position, id history, counters of attention back to zero. Launched without dependent
// launch, so nothing of a step overlaps the step before it.
#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/device_intrinsics.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/matrix_element.cuh"
#include "kernels/cuda/rounded_vector.cuh"

namespace nibble {
namespace gpu {

constexpr int kBeginThreads = 256;

struct BeginArgs {
  MatrixView embedding;
  MatrixLayout layout;
  const StepInput* input = nullptr;
  DecodeWorkspace workspace;
  const float* gain = nullptr;  // of the first norm: x is left rounded behind it; or null
  const float* inverseFrequencies = nullptr;
  std::int32_t headDim = 0, counters = 0;
  float ropeFactor = 1.0f;
};

__global__ void __launch_bounds__(kBeginThreads) decode_begin_kernel(const __grid_constant__ BeginArgs args) {
  allowNext();
  const int index = blockIdx.x * kBeginThreads + threadIdx.x;
  const int half = args.headDim / 2;
  const DecodeWorkspace& w = args.workspace;
  const std::int32_t token = args.input->token, position = args.input->position;
  if (index < args.embedding.columns) {
    const float value = matrixElement(args.embedding.format, args.layout,
                                      static_cast<const std::uint8_t*>(args.embedding.data), token, index);
    w.x[index] = value;
    if (args.gain)
      storeRoundedGroup(w.roundedX, args.embedding.columns, index / kRoundedGroup, value, args.gain[index]);
  }
  if (index < half) {
    const float angle = static_cast<float>(position) * args.inverseFrequencies[index];
    float sine, cosine;
    sincosf(angle, &sine, &cosine);
    w.rope[index] = cosine * args.ropeFactor;
    w.rope[half + index] = sine * args.ropeFactor;
  }
  for (int i = index; i < args.counters; i += gridDim.x * kBeginThreads) w.counters[i] = 0;
  if (index == 0) {
    w.history[position] = token;
    w.flags[0] = 0;
  }
}

bool embeddingLeavesRounded(const DecodeModel& model) {
  return takesRounded(model) && model.shape.layers > 0 && model.shape.hidden % kRoundedGroup == 0;
}

cudaError_t decodeBegin(cudaStream_t stream, const DecodeModel& model) {
  const int columns = model.embedding.columns;
  const int wanted = columns > model.shape.headDim ? columns : model.shape.headDim;
  BeginArgs args;
  args.embedding = model.embedding;
  args.layout = matrixLayout(model.embedding.format, model.embedding.rows, columns);
  args.input = model.input;
  args.workspace = model.workspace;
  args.gain = embeddingLeavesRounded(model) ? model.layers[0].inputNorm : nullptr;
  args.inverseFrequencies = model.inverseFrequencies;
  args.headDim = model.shape.headDim;
  args.counters = model.shape.layers * model.shape.kvHeads;
  args.ropeFactor = model.shape.ropeFactor;
  return launch(decode_begin_kernel, dim3((wanted + kBeginThreads - 1) / kBeginThreads), dim3(kBeginThreads), 0, stream,
                false, args);
}

}  // namespace gpu
}  // namespace nibble

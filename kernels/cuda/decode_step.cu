// Puts a decode step together out of products, attention and begin; carves the workspace; asks the card what it can do.
#include <cuda_runtime.h>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/matvec.h"

namespace nibble {
namespace gpu {

namespace {

/// Hands out pieces of a buffer, or only counts them where there is none.
class Carver {
 public:
  explicit Carver(void* base) : m_base(static_cast<std::uint8_t*>(base)) {}
  template <typename T>
  T* take(std::uint64_t count) {
    T* piece = m_base ? reinterpret_cast<T*>(m_base + m_used) : nullptr;
    m_used += alignUp(count * sizeof(T), 256);
    return piece;
  }
  std::uint64_t used() const { return m_used; }

 private:
  std::uint8_t* m_base;
  std::uint64_t m_used = 0;
};

std::uint64_t carve(const DecodeShape& shape, void* base, DecodeWorkspace& w) {
  Carver carver(base);
  const std::uint64_t heads = static_cast<std::uint64_t>(shape.heads);
  const std::uint64_t kvHeads = static_cast<std::uint64_t>(shape.kvHeads);
  const std::uint64_t headDim = static_cast<std::uint64_t>(shape.headDim);
  w.x = carver.take<float>(static_cast<std::uint64_t>(shape.hidden));
  w.qkv = carver.take<float>((heads + 2 * kvHeads) * headDim);
  w.attention = carver.take<float>(heads * headDim);
  w.gated = carver.take<float>(static_cast<std::uint64_t>(shape.intermediate));
  w.logits = carver.take<float>(static_cast<std::uint64_t>(shape.vocab));
  w.rope = carver.take<float>(headDim);
  w.partials = carver.take<float>(attentionPartialCount(shape));
  w.counters = carver.take<std::uint32_t>(2 * heads);
  w.candidates = carver.take<std::uint64_t>(static_cast<std::uint64_t>(kSampleBlocks) * kSampleTopKMax);
  w.history = carver.take<std::int32_t>(static_cast<std::uint64_t>(shape.capacity));
  w.flags = carver.take<std::uint32_t>(64);
  return carver.used();
}

MatvecArgs product(const float* input, const float* gain, float eps, float* output, Epilogue epilogue) {
  MatvecArgs args;
  args.input = input;
  args.gain = gain;
  args.normEps = eps;
  args.output = output;
  args.epilogue = epilogue;
  return args;
}

MatvecOptions optionsOf(const DecodeModel& model) {
  return {model.shape.activationBits, model.tuning};
}

cudaError_t launchOne(cudaStream_t stream, const DecodeModel& model, MatvecArgs args, const MatrixView& matrix,
                      const float* bias) {
  addSegment(args, matrix, bias);
  return launchMatvec(stream, args, optionsOf(model));
}

}  // namespace

std::uint64_t decodeWorkspaceBytes(const DecodeShape& shape) {
  DecodeWorkspace unused;
  return carve(shape, nullptr, unused);
}

DecodeWorkspace carveDecodeWorkspace(const DecodeShape& shape, void* base) {
  DecodeWorkspace workspace;
  carve(shape, base, workspace);
  return workspace;
}

cudaError_t decodeTuning(int device, DecodeTuning& tuning) {
  int major = 0, minor = 0;
  cudaError_t error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute(&tuning.multiprocessors, cudaDevAttrMultiProcessorCount, device);
  if (error != cudaSuccess) return error;
  tuning.capability = major * 10 + minor;
  tuning.dependentLaunch = tuning.capability >= 90;
  int shared = 0, all = 0;
  error = cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&all, cudaDevAttrMaxSharedMemoryPerMultiprocessor, device);
  if (error != cudaSuccess) return error;
  tuning.blockKiB = shared / 1024;
  tuning.aloneKiB = tuning.dependentLaunch ? all / 2048 + 1 : 0;
  tuning.tensorAttention = tuning.capability >= 80;
  tuning.fastProducts = true;
  if (tuning.capability < 90) return cudaSuccess;
  return tensorProductsCompiled(tuning.tensorProducts);
}

cudaError_t decodeQkv(cudaStream_t stream, const DecodeModel& model, int layer) {
  const LayerView& l = model.layers[layer];
  const MatrixView* matrices[3] = {&l.query, &l.key, &l.value};
  const float* biases[3] = {l.queryBias, l.keyBias, l.valueBias};
  float* output = model.workspace.qkv;
  // Neighbours of one format share their arguments, and two formats a launch where there is a kernel for both.
  MatvecArgs products[3];
  int count = 0;
  for (int first = 0; first < 3; ++count) {
    MatvecArgs& args = products[count];
    args = product(model.workspace.x, l.inputNorm, model.shape.normEps, output, Epilogue::store);
    const MatrixFormat format = matrices[first]->format;
    for (; first < 3 && matrices[first]->format == format; ++first) addSegment(args, *matrices[first], biases[first]);
    output += args.units;
  }
  if (count == 2) {
    bool fits = false;
    const cudaError_t error = launchTwoMatvecs(stream, products[0], products[1], optionsOf(model), fits);
    if (fits) return error;
  }
  for (int i = 0; i < count; ++i) {
    const cudaError_t error = launchMatvec(stream, products[i], optionsOf(model));
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

cudaError_t decodeProjectAttention(cudaStream_t stream, const DecodeModel& model, int layer) {
  const LayerView& l = model.layers[layer];
  return launchOne(stream, model, product(model.workspace.attention, nullptr, 0, model.workspace.x, Epilogue::add),
                   l.attentionOutput, l.outputBias);
}

cudaError_t decodeGateUp(cudaStream_t stream, const DecodeModel& model, int layer) {
  const LayerView& l = model.layers[layer];
  const MatvecOptions options = optionsOf(model);
  if (l.gate.format == l.up.format) {
    MatvecArgs args =
        product(model.workspace.x, l.postNorm, model.shape.normEps, model.workspace.gated, Epilogue::swiglu);
    addSegment(args, l.gate, l.gateBias);
    addSegment(args, l.up, l.upBias);
    return launchMatvec(stream, args, options);
  }
  const float eps = model.shape.normEps;
  const cudaError_t error =
      launchOne(stream, model, product(model.workspace.x, l.postNorm, eps, model.workspace.gated, Epilogue::store),
                l.gate, l.gateBias);
  if (error != cudaSuccess) return error;
  return launchOne(stream, model,
                   product(model.workspace.x, l.postNorm, eps, model.workspace.gated, Epilogue::multiplySilu), l.up,
                   l.upBias);
}

cudaError_t decodeProjectDown(cudaStream_t stream, const DecodeModel& model, int layer) {
  const LayerView& l = model.layers[layer];
  return launchOne(stream, model, product(model.workspace.gated, nullptr, 0, model.workspace.x, Epilogue::add), l.down,
                   l.downBias);
}

cudaError_t decodeHead(cudaStream_t stream, const DecodeModel& model) {
  return launchOne(
      stream, model,
      product(model.workspace.x, model.finalNorm, model.shape.normEps, model.workspace.logits, Epilogue::store),
      model.head, nullptr);
}

cudaError_t decodeStep(cudaStream_t stream, const DecodeModel& model) {
  cudaError_t error = decodeBegin(stream, model);
  for (int layer = 0; layer < model.shape.layers && error == cudaSuccess; ++layer) {
    error = decodeQkv(stream, model, layer);
    if (error == cudaSuccess) error = decodeAttend(stream, model, layer);
    if (error == cudaSuccess) error = decodeProjectAttention(stream, model, layer);
    if (error == cudaSuccess) error = decodeGateUp(stream, model, layer);
    if (error == cudaSuccess) error = decodeProjectDown(stream, model, layer);
  }
  return error == cudaSuccess ? decodeHead(stream, model) : error;
}

}  // namespace gpu
}  // namespace nibble

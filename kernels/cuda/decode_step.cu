// Puts a decode step together out of products, attention and begin.
#include <algorithm>

#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/matvec.h"
#include "kernels/cuda/rounded_vector.h"

namespace nibble {
namespace gpu {

namespace {

MatvecArgs product(const float* input, const float* gain, float eps, float* output, Epilogue epilogue) {
  MatvecArgs args;
  args.input = input;
  args.gain = gain;
  args.normEps = eps;
  args.output = output;
  args.epilogue = epilogue;
  return args;
}

/// Where the input was left rounded. Null: it was not (tests of one product have no such vector).
void takeRounded(MatvecArgs& args, const std::uint8_t* vector, InputKind kind) {
  if (!vector) return;
  args.rounded = vector;
  args.inputKind = kind;
}

MatvecOptions optionsOf(const DecodeModel& model) {
  return {model.shape.activationBits, model.tuning};
}

cudaError_t launchOne(cudaStream_t stream, const DecodeModel& model, MatvecArgs args, const MatrixView& matrix,
                      const float* bias) {
  addSegment(args, matrix, bias);
  return launchMatvec(stream, args, optionsOf(model));
}

bool gateUpShareALaunch(const LayerView& layer) {
  return layer.gate.format == layer.up.format;
}

/// Some of gate and up, asked for while the product before them still runs: as much as memory has time for, and little
/// enough not to stand in their input's way (kernels/README.md, steps 10e, 11c, 13d and 15d). Equal shares of both,
/// which are not the rows that the blocks begin with.
AheadWeights partOfGateUp(const DecodeModel& model, int layer) {
  constexpr std::uint64_t kRowsOfBlock = 6, kMostBytesOfBlock = 24 * 1024;  // and matrix
  const LayerView& l = model.layers[layer];
  if (!gateUpShareALaunch(l)) return {};
  const MatrixLayout layout = matrixLayout(l.gate.format, l.gate.rows, l.gate.columns);
  const int blocks = model.tuning.multiprocessors;
  const std::uint64_t ofBlock = static_cast<std::uint64_t>(l.gate.rows / blocks) * layout.stride / 16 * 16;
  if (ofBlock == 0) return {};
  AheadWeights ahead;
  ahead.blocks = static_cast<std::uint32_t>(blocks);
  ahead.data[0] = static_cast<const std::uint8_t*>(l.gate.data);
  ahead.data[1] = static_cast<const std::uint8_t*>(l.up.data);
  ahead.pace = static_cast<std::uint32_t>(ofBlock);
  ahead.bytes = static_cast<std::uint32_t>(std::min({ofBlock, kRowsOfBlock * layout.stride, kMostBytesOfBlock}));
  return ahead;
}

MatvecArgs projectAttentionArgs(const DecodeModel& model, int layer) {
  const LayerView& l = model.layers[layer];
  MatvecArgs args = product(model.workspace.attention, nullptr, 0, model.workspace.x, Epilogue::add);
  if (attentionLeavesRounded(model, layer)) takeRounded(args, model.workspace.roundedAttention, InputKind::groups);
  args.next = model.workspace.roundedX;
  args.nextGain = l.postNorm;
  args.ahead = partOfGateUp(model, layer);
  addSegment(args, l.attentionOutput, l.outputBias);
  return args;
}

/// A product of x behind a norm. `leftRounded`: whether what came before has left x so.
MatvecArgs normedProduct(const DecodeModel& model, bool leftRounded, const float* gain, float* output,
                         Epilogue epilogue) {
  MatvecArgs args = product(model.workspace.x, gain, model.shape.normEps, output, epilogue);
  if (leftRounded) takeRounded(args, model.workspace.roundedX, InputKind::groups);
  return args;
}

/// Of gate, up or both, without their matrices.
MatvecArgs gateUpInput(const DecodeModel& model, int layer, Epilogue epilogue) {
  const bool rounded = productLeavesRounded(projectAttentionArgs(model, layer), optionsOf(model));
  return normedProduct(model, rounded, model.layers[layer].postNorm, model.workspace.gated, epilogue);
}

/// Gate and up in one launch.
MatvecArgs gateUpArgs(const DecodeModel& model, int layer) {
  const LayerView& l = model.layers[layer];
  MatvecArgs args = gateUpInput(model, layer, Epilogue::swiglu);
  args.next = model.workspace.roundedGated;
  addSegment(args, l.gate, l.gateBias);
  addSegment(args, l.up, l.upBias);
  return args;
}

MatvecArgs projectDownArgs(const DecodeModel& model, int layer) {
  const LayerView& l = model.layers[layer];
  MatvecArgs args = product(model.workspace.gated, nullptr, 0, model.workspace.x, Epilogue::add);
  if (gateUpShareALaunch(l) && productLeavesRounded(gateUpArgs(model, layer), optionsOf(model)))
    takeRounded(args, model.workspace.roundedGated, InputKind::halves);
  args.next = model.workspace.roundedX;
  args.nextGain = layer + 1 < model.shape.layers ? model.layers[layer + 1].inputNorm : model.finalNorm;
  addSegment(args, l.down, l.downBias);
  return args;
}

/// Whether x is rounded at the beginning of a layer, or behind the last one.
bool layerBeginsRounded(const DecodeModel& model, int layer) {
  return layer == 0 ? embeddingLeavesRounded(model)
                    : productLeavesRounded(projectDownArgs(model, layer - 1), optionsOf(model));
}

}  // namespace

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
    args = normedProduct(model, layerBeginsRounded(model, layer), l.inputNorm, output, Epilogue::store);
    const MatrixFormat format = matrices[first]->format;
    do {
      addSegment(args, *matrices[first], biases[first]);
    } while (++first < 3 && matrices[first]->format == format && args.units % args.layout[0].panelRows == 0);
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
  return launchMatvec(stream, projectAttentionArgs(model, layer), optionsOf(model));
}

cudaError_t decodeGateUp(cudaStream_t stream, const DecodeModel& model, int layer) {
  const LayerView& l = model.layers[layer];
  if (gateUpShareALaunch(l)) return launchMatvec(stream, gateUpArgs(model, layer), optionsOf(model));
  const cudaError_t error = launchOne(stream, model, gateUpInput(model, layer, Epilogue::store), l.gate, l.gateBias);
  if (error != cudaSuccess) return error;
  return launchOne(stream, model, gateUpInput(model, layer, Epilogue::multiplySilu), l.up, l.upBias);
}

cudaError_t decodeProjectDown(cudaStream_t stream, const DecodeModel& model, int layer) {
  return launchMatvec(stream, projectDownArgs(model, layer), optionsOf(model));
}

cudaError_t decodeHead(cudaStream_t stream, const DecodeModel& model) {
  const bool rounded = layerBeginsRounded(model, model.shape.layers);
  return launchOne(stream, model,
                   normedProduct(model, rounded, model.finalNorm, model.workspace.logits, Epilogue::store), model.head,
                   nullptr);
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

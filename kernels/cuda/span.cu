// What a span is made of: which products, in which slots, between which vectors. Arithmetic on the host only.
#include "kernels/cuda/span.h"
#include "kernels/cuda/span_input.cuh"

namespace nibble {
namespace gpu {

namespace {

constexpr int kAttentionRoom = 24 * 1024;  ///< shared memory left for a block of the attention that runs beside it
constexpr int kLeastRing = 4096;
constexpr int kLaneRows = 32;  ///< rows of a warp that have a bias or a residual: one a lane
constexpr int kTile = 32;      ///< chunks a warp takes at once

bool isFloat(MatrixFormat format) {
  return format == MatrixFormat::f16 || format == MatrixFormat::bf16;
}
bool isMain(MatrixFormat format) {
  return isFloat(format) || format == MatrixFormat::q4 || format == MatrixFormat::q8 || format == MatrixFormat::nf4;
}
int chunkColumns(MatrixFormat format) {
  return isFloat(format) ? 8 : format == MatrixFormat::q8 ? 16 : 32;
}
/// Bytes of the scales of `chunks` chunks (a multiple of kTile).
int scaleBytes(MatrixFormat format, int chunks) {
  return isFloat(format) ? 0 : format == MatrixFormat::q8 ? chunks : chunks * 2;  // q4 2 bytes each, nf4 4 for two
}

int mostColumns(const DecodeShape& shape) {
  const int heads = shape.heads * shape.headDim;
  const int most = shape.hidden > heads ? shape.hidden : heads;
  return most > shape.intermediate ? most : shape.intermediate;
}

/// Bytes of a warp's ring: with a block of the attention beside it where that leaves enough.
int ringBytes(const DecodeModel& model, MatrixFormat format) {
  const bool integers = !isFloat(format), wide = integers && model.shape.activationBits > 8;
  const int taken =
      static_cast<int>(spanActivationBytes(mostColumns(model.shape), integers, wide)) + kSpanWarps * kSpanTableBytes;
  const int room = model.tuning.blockKiB * 1024 - 256 - taken;
  int ring = (room - kAttentionRoom) / kSpanWarps;
  if (ring < kSpanRingBytes * 3 / 4) ring = room / kSpanWarps;
  if (ring > kSpanRingBytes) ring = kSpanRingBytes;
  return ring < 0 ? 0 : ring / 128 * 128;
}

/// Whole rows where the ring holds two of them (SwiGLU: two pairs), pieces of a row otherwise.
void shapeSlots(SpanRun& run, MatrixFormat format, int ring) {
  const int stride = static_cast<int>(run.stride);
  run.pieces = 1, run.pieceChunks = run.chunks;
  run.slotRowBytes = stride, run.slotScalesAt = static_cast<int>(run.scaleOffset);
  run.rowsAtOnce = 2 * stride <= ring / 2 ? 2 : 1;
  const int limit = ring / (run.kind == SpanKind::swiglu ? 4 : 2);
  if (stride <= limit) return;
  const int tileBytes = kTile * 16 + scaleBytes(format, kTile);
  const int tiles = (run.chunks + kTile - 1) / kTile;
  const int most = ring / 4 / tileBytes > 1 ? ring / 4 / tileBytes : 1;
  run.pieces = (tiles + most - 1) / most;
  run.pieceChunks = (tiles + run.pieces - 1) / run.pieces * kTile;
  run.pieces = (run.chunks + run.pieceChunks - 1) / run.pieceChunks;
  run.pieceScaleBytes = scaleBytes(format, run.pieceChunks);
  run.slotScalesAt = run.pieceChunks * 16;
  run.slotRowBytes = run.slotScalesAt + run.pieceScaleBytes;
  run.rowsAtOnce = 1;
}

/// Puts the runs of a span together.
class SpanBuilder {
 public:
  SpanBuilder(const DecodeModel& model, MatrixFormat format)
      : m_blocks(model.tuning.multiprocessors), m_format(format) {
    m_args.ringBytes = ringBytes(model, format);
    m_args.underWay = model.tuning.spanUnderWay;
    m_args.pause = model.tuning.spanPause;
    m_args.normEps = model.shape.normEps;
    m_args.mostColumns = mostColumns(model.shape);
  }
  SpanRun& add(SpanKind kind, const MatrixView& matrix, const float* bias, float* output) {
    SpanRun& run = m_args.run[m_args.runs++];
    const MatrixLayout layout = matrixLayout(matrix.format, matrix.rows, matrix.columns);
    run.kind = kind;
    run.data[0] = static_cast<const std::uint8_t*>(matrix.data);
    run.bias[0] = bias;
    run.output = output;
    run.units = matrix.rows, run.columns = matrix.columns;
    run.unitsOfBlock = matrix.rows / m_blocks, run.unitsLeft = matrix.rows % m_blocks;
    run.chunks = (matrix.columns + chunkColumns(matrix.format) - 1) / chunkColumns(matrix.format);
    run.stride = static_cast<std::uint32_t>(layout.stride);
    run.scaleOffset = static_cast<std::uint32_t>(layout.scaleOffset);
    run.other = matrix.format != m_format;
    shapeSlots(run, matrix.format, m_args.ringBytes);
    return run;
  }
  SpanArgs& args() { return m_args; }

 private:
  SpanArgs m_args;
  int m_blocks;
  MatrixFormat m_format;
};

void addQkv(SpanBuilder& span, const DecodeModel& model, const LayerView& l, const float* x) {
  float* out = model.workspace.qkv;
  const MatrixView* matrices[3] = {&l.query, &l.key, &l.value};
  const float* biases[3] = {l.queryBias, l.keyBias, l.valueBias};
  for (int i = 0; i < 3; ++i) {
    SpanRun& run = span.add(SpanKind::store, *matrices[i], biases[i], out);
    if (i == 0) run.input = x, run.gain = l.inputNorm;
    // k and v have few rows: other blocks and warps than those that q's rows left over went to.
    run.blockTurn = i * model.tuning.multiprocessors / 3, run.warpTurn = i * 2 + (i > 0);
    out += matrices[i]->rows;
  }
}

cudaError_t launchFormat(cudaStream_t stream, const SpanArgs& args, MatrixFormat format, const DecodeModel& model) {
  const int bits = model.shape.activationBits;
  switch (format) {
    case MatrixFormat::q4:
      return launchSpanQ4(stream, args, model.tuning, bits);
    case MatrixFormat::q8:
      return launchSpanQ8(stream, args, model.tuning, bits);
    case MatrixFormat::nf4:
      return launchSpanNf4(stream, args, model.tuning, bits);
    case MatrixFormat::f16:
      return launchSpanF16(stream, args, model.tuning);
    default:
      return launchSpanBf16(stream, args, model.tuning);
  }
}

bool matrixFits(const MatrixView& matrix, MatrixFormat main, bool mayDiffer, const DecodeTuning& tuning, bool perLane) {
  if (matrix.format != main && !(mayDiffer && !isFloat(main) && matrix.format == MatrixFormat::q8)) return false;
  if (matrix.columns % (isFloat(matrix.format) ? 8 : 32) != 0) return false;
  if (matrixLayout(matrix.format, matrix.rows, matrix.columns).flat) return false;
  const int rowsOfBlock = (matrix.rows + tuning.multiprocessors - 1) / tuning.multiprocessors;
  return !perLane || (rowsOfBlock + kSpanWarps - 1) / kSpanWarps <= kLaneRows;
}

}  // namespace

bool spansFit(const DecodeModel& model) {
  const DecodeTuning& tuning = model.tuning;
  const MatrixFormat main = model.layers[0].query.format;
  if (!tuning.spans || tuning.capability < 90 || !tuning.fastProducts || !isMain(main)) return false;
  if (!isFloat(main) && model.shape.activationBits > 16) return false;
  if (ringBytes(model, main) < kLeastRing) return false;
  for (int i = 0; i < model.shape.layers; ++i) {
    const LayerView& l = model.layers[i];
    for (const MatrixView* matrix : {&l.query, &l.attentionOutput, &l.gate, &l.up, &l.down})
      if (!matrixFits(*matrix, main, false, tuning, true)) return false;
    for (const MatrixView* matrix : {&l.key, &l.value})
      if (!matrixFits(*matrix, main, true, tuning, true)) return false;
  }
  return matrixFits(model.head, main, true, tuning, false);
}

cudaError_t launchSpan(cudaStream_t stream, const DecodeModel& model, int layer) {
  const MatrixFormat format = model.layers[0].query.format;
  SpanBuilder span(model, format);
  if (layer < 0) {
    span.args().waits = 1;
    addQkv(span, model, model.layers[0], model.workspace.x);
    return launchFormat(stream, span.args(), format, model);
  }
  const LayerView& l = model.layers[layer];
  const int set = layer & 1;
  const HandedVectors own = handedVectors(model, set), next = handedVectors(model, 1 - set);
  SpanRun& output = span.add(SpanKind::add, l.attentionOutput, l.outputBias, own.mid);
  output.input = own.attention;
  output.residual = next.x;
  SpanRun& gateUp = span.add(SpanKind::swiglu, l.gate, l.gateBias, own.gated);
  gateUp.data[1] = static_cast<const std::uint8_t*>(l.up.data);
  gateUp.bias[1] = l.upBias;
  gateUp.input = own.mid, gateUp.gain = l.postNorm;
  span.add(SpanKind::add, l.down, l.downBias, own.x).input = own.gated;
  if (layer + 1 < model.shape.layers) {
    addQkv(span, model, model.layers[layer + 1], own.x);
  } else {
    SpanRun& head = span.add(SpanKind::store, model.head, nullptr, model.workspace.logits);
    head.input = own.x, head.gain = model.finalNorm;
  }
  span.args().forget = next.x;
  span.args().forgetCount = static_cast<std::int32_t>(handedCount(model.shape));
  span.args().keepTo = model.shape.hidden;
  return launchFormat(stream, span.args(), format, model);
}

}  // namespace gpu
}  // namespace nibble

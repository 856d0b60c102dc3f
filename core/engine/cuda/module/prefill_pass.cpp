#include "core/engine/cuda/module/prefill_pass.h"

#include <algorithm>
#include <cmath>

#include "kernels/cuda/attention_rows.h"
#include "kernels/cuda/dequantize.h"
#include "kernels/cuda/rope_append.h"

namespace nibble {

Result<PrefillPass> PrefillPass::make(Card& card, WeightStore& weights, const ModelConfig& config,
                                      const PlanRequest& plan, std::byte* workspace, const WorkspaceLayout& layout,
                                      FirstFailure& failure) {
  PrefillPass pass(card, weights, failure);
  pass.m_config = config;
  pass.m_layout = layout;
  pass.m_workspace = workspace;
  pass.m_capacity = plan.context;
  switch (cudaComputeType(plan.recipe.compute, card.capability() / 10)) {
    case ComputeType::f32:
      pass.m_element = gpu::Element::f32, pass.m_type = CUDA_R_32F;
      break;
    case ComputeType::f16:
      pass.m_element = gpu::Element::f16, pass.m_type = CUDA_R_16F;
      break;
    case ComputeType::bf16:
      pass.m_element = gpu::Element::bf16, pass.m_type = CUDA_R_16BF;
      break;
  }
  NIBBLE_TRY(pass.m_side, Stream::make());
  for (int i = 0; i < 2; ++i) {
    NIBBLE_TRY(pass.m_filled[i], Event::make());
    NIBBLE_TRY(pass.m_used[i], Event::make());
  }
  return pass;
}

void PrefillPass::begin(int rows, std::int64_t position, float ropeFactor) {
  m_rows = rows;
  m_position = position;
  // At every step, because another model may share the card and its cuBLAS handle.
  m_failure->note(cublasSetWorkspace(m_card->cublas(), at<void>(m_layout.cublas), m_layout.cublasBytes));
  const int half = m_config.headDim / 2;
  m_failure->note(gpu::embed_rows(stream(), m_weights->embedding(), at<std::int32_t>(m_layout.ids),
                                  at<float>(m_layout.residual), rows));
  m_failure->note(gpu::rope_angles(stream(), at<float>(m_layout.frequencies), ropeFactor, position,
                                   at<float2>(m_layout.angles), rows, half));
}

void PrefillPass::normQkvRope(int layer) {
  const gpu::LayerView& view = m_weights->layers()[static_cast<std::size_t>(layer)];
  const int width = m_config.queryWidth() + 2 * m_config.kvWidth();
  void* normed = at<void>(m_layout.narrow);
  std::byte* qkv = at<std::byte>(m_layout.wide);
  m_failure->note(gpu::rms_norm_rows(stream(), residual(), view.inputNorm, normed, m_element, m_rows, m_config.hidden,
                                     m_config.rmsNormEps));
  const gpu::MatrixView* const matrices[3] = {&view.query, &view.key, &view.value};
  if (!fusedProduct(normed, m_rows, matrices, 3, {qkv, m_type, width, false})) {
    for (const gpu::MatrixView* matrix : matrices) {
      product(normed, m_rows, *matrix, {qkv, m_type, width, false});
      qkv += matrix->rows * gpu::elementBytes(m_element);
    }
  }
  gpu::RopeAppend step;
  step.qkv = at<void>(m_layout.wide);
  step.angles = at<float2>(m_layout.angles);
  step.queryBias = view.queryBias, step.keyBias = view.keyBias, step.valueBias = view.valueBias;
  step.queryNorm = view.queryNorm, step.keyNorm = view.keyNorm;
  step.cache = view.kv;
  step.rows = m_rows, step.heads = m_config.heads, step.kvHeads = m_config.kvHeads, step.headDim = m_config.headDim;
  step.position = m_position, step.capacity = m_capacity;
  step.eps = m_config.rmsNormEps;
  step.element = m_element;
  m_failure->note(gpu::rope_append(stream(), step));
}

void PrefillPass::attend(int layer) {
  const gpu::LayerView& view = m_weights->layers()[static_cast<std::size_t>(layer)];
  gpu::AttentionRows rows;
  rows.queries = at<void>(m_layout.wide);
  rows.out = at<void>(m_layout.narrow);
  rows.queryStride = m_config.queryWidth() + 2 * m_config.kvWidth();
  rows.outStride = m_config.queryWidth();
  rows.cache = view.kv;
  rows.rows = m_rows, rows.heads = m_config.heads, rows.kvHeads = m_config.kvHeads, rows.headDim = m_config.headDim;
  rows.position = m_position, rows.capacity = m_capacity, rows.window = view.window;
  rows.scale = 1.0f / std::sqrt(static_cast<float>(m_config.headDim));
  rows.element = m_element;
  rows.asynchronousCopies = m_card->capability() >= 80;
  const bool tensorCores = m_element != gpu::Element::f32 &&
                           gpu::flash_attention_supports(view.kv.format, m_config.headDim, rows.asynchronousCopies);
  m_failure->note(tensorCores ? gpu::flash_attention(stream(), rows) : gpu::plain_attention(stream(), rows));
}

void PrefillPass::projectAdd(int layer, MatrixRole role) {
  const gpu::LayerView& view = m_weights->layers()[static_cast<std::size_t>(layer)];
  const bool down = role == MatrixRole::down;
  float* residual = at<float>(m_layout.residual);
  product(at<void>(down ? m_layout.wide : m_layout.narrow), m_rows, down ? view.down : view.attentionOutput,
          {residual, CUDA_R_32F, m_config.hidden, true});
  if (const float* bias = down ? view.downBias : view.outputBias)
    m_failure->note(gpu::add_bias_rows(stream(), residual, bias, m_rows, m_config.hidden));
}

void PrefillPass::normGateUp(int layer) {
  const gpu::LayerView& view = m_weights->layers()[static_cast<std::size_t>(layer)];
  void* normed = at<void>(m_layout.narrow);
  void* gate = at<void>(m_layout.wide);
  void* up = at<std::byte>(m_layout.wide) +
             static_cast<std::int64_t>(m_rows) * m_config.intermediate * gpu::elementBytes(m_element);
  m_failure->note(gpu::rms_norm_rows(stream(), residual(), view.postNorm, normed, m_element, m_rows, m_config.hidden,
                                     m_config.rmsNormEps));
  product(normed, m_rows, view.gate, {gate, m_type, m_config.intermediate, false});
  product(normed, m_rows, view.up, {up, m_type, m_config.intermediate, false});
  m_failure->note(
      gpu::swiglu_rows(stream(), gate, up, view.gateBias, view.upBias, m_element, m_rows, m_config.intermediate));
}

void PrefillPass::normLogits(int firstRow, int rows) {
  const float* from = residual() + static_cast<std::int64_t>(firstRow) * m_config.hidden;
  void* normed = at<void>(m_layout.narrow);
  m_failure->note(gpu::rms_norm_rows(stream(), from, at<float>(m_layout.finalNorm), normed, m_element, rows,
                                     m_config.hidden, m_config.rmsNormEps));
  product(normed, rows, m_weights->head(), {at<void>(m_layout.logits), CUDA_R_32F, m_config.vocab, false});
}

void PrefillPass::checkResidual(int layer, int* flag) {
  m_failure->note(
      gpu::check_finite(stream(), residual(), static_cast<std::int64_t>(m_rows) * m_config.hidden, layer, flag));
}

bool PrefillPass::isNative(const gpu::MatrixView& matrix) const {
  return (matrix.format == gpu::MatrixFormat::f32 && m_element == gpu::Element::f32) ||
         (matrix.format == gpu::MatrixFormat::f16 && m_element == gpu::Element::f16) ||
         (matrix.format == gpu::MatrixFormat::bf16 && m_element == gpu::Element::bf16);
}

std::byte* PrefillPass::nextTile() {
  m_tile ^= 1;
  m_failure->note(cudaStreamWaitEvent(m_side.get(), m_used[m_tile].get(), 0));
  return m_workspace + m_layout.tiles[m_tile];
}

void PrefillPass::tileFilled() {
  m_failure->note(cudaEventRecord(m_filled[m_tile].get(), m_side.get()));
  m_failure->note(cudaStreamWaitEvent(stream(), m_filled[m_tile].get(), 0));
}

void PrefillPass::tileUsed() {
  m_failure->note(cudaEventRecord(m_used[m_tile].get(), stream()));
}

bool PrefillPass::fusedProduct(const void* x, int rows, const gpu::MatrixView* const* matrices, int count, Output out) {
  const int columns = matrices[0]->columns;
  const std::int64_t stride = static_cast<std::int64_t>(gpu::alignUp(static_cast<std::uint64_t>(columns), 8));
  std::int64_t weightRows = 0;
  for (int i = 0; i < count; ++i) {
    if (isNative(*matrices[i])) return false;
    weightRows += matrices[i]->rows;
  }
  const std::uint64_t rowBytes =
      static_cast<std::uint64_t>(stride) * static_cast<std::uint64_t>(gpu::elementBytes(m_element));
  if (static_cast<std::uint64_t>(weightRows) * rowBytes > m_layout.tileBytes) return false;
  std::byte* const tile = nextTile();
  std::byte* to = tile;
  for (int i = 0; i < count; ++i) {
    m_failure->note(gpu::dequantize_rows(m_side.get(), *matrices[i], 0, matrices[i]->rows, to, m_element));
    to += static_cast<std::uint64_t>(matrices[i]->rows) * rowBytes;
  }
  tileFilled();
  multiply(x, rows, tile, stride, static_cast<int>(weightRows), columns, out);
  tileUsed();
  return true;
}

void PrefillPass::product(const void* x, int rows, const gpu::MatrixView& matrix, Output out) {
  if (isNative(matrix)) {
    const auto layout = gpu::matrixLayout(matrix.format, matrix.rows, matrix.columns);
    multiply(x, rows, matrix.data, layout.paddedColumns, matrix.rows, matrix.columns, out);
    return;
  }
  const std::int64_t stride = static_cast<std::int64_t>(gpu::alignUp(static_cast<std::uint64_t>(matrix.columns), 8));
  const std::uint64_t rowBytes =
      static_cast<std::uint64_t>(stride) * static_cast<std::uint64_t>(gpu::elementBytes(m_element));
  const int step = static_cast<int>(
      std::clamp<std::uint64_t>(m_layout.tileBytes / rowBytes, 1, static_cast<std::uint64_t>(matrix.rows)));
  const std::int64_t outBytes = out.type == CUDA_R_32F ? 4 : 2;
  for (int first = 0; first < matrix.rows; first += step) {
    const int count = std::min(step, matrix.rows - first);
    std::byte* const tile = nextTile();
    m_failure->note(gpu::dequantize_rows(m_side.get(), matrix, first, count, tile, m_element));
    tileFilled();
    multiply(x, rows, tile, stride, count, matrix.columns,
             {static_cast<std::byte*>(out.data) + first * outBytes, out.type, out.stride, out.add});
    tileUsed();
  }
}

void PrefillPass::multiply(const void* x, int rows, const void* weights, std::int64_t weightStride, int weightRows,
                           int columns, Output out) {
  // cuBLAS counts columns first: outᵀ (weightRows × rows) = weights (as columns × weightRows, transposed) · xᵀ (columns
  // × rows).
  const float one = 1.0f, keep = out.add ? 1.0f : 0.0f;
  m_failure->note(cublasGemmEx(m_card->cublas(), CUBLAS_OP_T, CUBLAS_OP_N, weightRows, rows, columns, &one, weights,
                               m_type, static_cast<int>(weightStride), x, m_type, columns, &keep, out.data, out.type,
                               static_cast<int>(out.stride), CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
}

}  // namespace nibble

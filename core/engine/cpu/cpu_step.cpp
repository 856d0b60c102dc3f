// The operations of one step on the CPU. Products that share their input run in one parallel region, as a region costs
// microseconds.
#include <algorithm>
#include <cmath>

#include "core/engine/cpu/backend_cpu.h"
#include "kernels/cpu/elementwise.h"

namespace nibble {
namespace {

constexpr std::int64_t kPanelGrain = 2;  // panels of 16 rows
constexpr std::int64_t kRowGrain = 8;    // rows of elementwise work

int roleIndex(MatrixRole role) {
  return static_cast<int>(role);
}

bool takesInt8(const PackedMatrix& matrix) {
  return matrix.type >= WeightType::q8;
}

}  // namespace

float* BackendCpu::floatsAt(std::uint64_t offset) const {
  return reinterpret_cast<float*>(m_workspace.data() + offset);
}

void BackendCpu::begin(std::span<const std::int32_t> ids, std::int64_t position) {
  m_ids.assign(ids.begin(), ids.end());
  m_position = position;
  m_rows = static_cast<std::int64_t>(ids.size());
  m_logitRows = 0;
  const int half = m_config.headDim / 2;
  m_pool.parallelFor(m_rows, kRowGrain, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      dequantize_row(m_embedding, m_ids[static_cast<std::size_t>(row)],
                     floatsAt(m_offsets.residual) + row * m_config.hidden);
      rope_angles(m_position + row, m_request.rope.inverseFrequencies.data(), half, m_request.rope.attentionFactor,
                  floatsAt(m_offsets.cosines) + row * half, floatsAt(m_offsets.sines) + row * half);
    }
  });
}

/// RMSNorm of rows of the residual stream into the first rows of `normed`.
void BackendCpu::norm(const float* weight, int firstRow, int rows) {
  const std::int64_t hidden = m_config.hidden;
  m_pool.parallelFor(rows, kRowGrain, [&](std::int64_t first, std::int64_t last) {
    rmsnorm(floatsAt(m_offsets.residual) + (firstRow + first) * hidden, weight,
            floatsAt(m_offsets.normed) + first * hidden, last - first, hidden, m_config.rmsNormEps);
  });
}

/// All products of one input (n, columns). The input is rounded to 8 bits at most once.
void BackendCpu::multiply(const float* input, std::int64_t columns, std::int64_t n, std::span<const Product> products) {
  const bool int8Wanted = m_request.plan.recipe.activationBits == 8;
  auto* rounded = reinterpret_cast<std::uint8_t*>(m_workspace.data() + m_offsets.activations);
  const auto usesInt8 = [&](const Product& product) { return int8Wanted && takesInt8(*product.matrix); };
  if (std::any_of(products.begin(), products.end(), usesInt8)) {
    m_pool.parallelFor(n, kRowGrain, [&](std::int64_t first, std::int64_t last) {
      quantize_activations(input, columns, columns, rounded, first, last);
    });
  }
  std::int64_t panels = 0;
  for (const Product& product : products) panels += panelCount(product.matrix->rows);
  m_pool.parallelFor(panels, kPanelGrain, [&](std::int64_t first, std::int64_t last) {
    std::int64_t offset = 0;  // of the product's first panel
    for (const Product& product : products) {
      const std::int64_t count = panelCount(product.matrix->rows);
      const std::int64_t from = std::max<std::int64_t>(first - offset, 0);
      const std::int64_t to = std::min(last - offset, count);
      offset += count;
      if (from >= to) continue;
      if (usesInt8(product))
        matmul_a8(*product.matrix, rounded, n, product.out, from, to);
      else
        matmul_a32(*product.matrix, input, n, columns, product.out, from, to);
    }
  });
}

void BackendCpu::addBias(const float* bias, float* rows, std::int64_t count, std::int64_t stride) {
  if (!bias) return;
  for (std::int64_t row = 0; row < m_rows; ++row) add(bias, rows + row * stride, count);
}

void BackendCpu::normQkvRope(int index) {
  const Layer& layer = m_layers[static_cast<std::size_t>(index)];
  const std::int64_t queryWidth = m_config.queryWidth(), kvWidth = m_config.kvWidth();
  const std::int64_t stride = queryWidth + 2 * kvWidth;
  float* query = floatsAt(m_offsets.qkv);
  float* key = query + queryWidth;
  float* value = key + kvWidth;
  norm(layer.inputNorm, 0, static_cast<int>(m_rows));
  const PackedMatrix* matrices = layer.matrices;
  const Product products[] = {{&matrices[roleIndex(MatrixRole::query)], {query, stride, false}},
                              {&matrices[roleIndex(MatrixRole::key)], {key, stride, false}},
                              {&matrices[roleIndex(MatrixRole::value)], {value, stride, false}}};
  multiply(floatsAt(m_offsets.normed), m_config.hidden, m_rows, products);
  addBias(layer.biases[roleIndex(MatrixRole::query)], query, queryWidth, stride);
  addBias(layer.biases[roleIndex(MatrixRole::key)], key, kvWidth, stride);
  addBias(layer.biases[roleIndex(MatrixRole::value)], value, kvWidth, stride);
  const int half = m_config.headDim / 2;
  m_pool.parallelFor(m_rows, kRowGrain, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      float* q = query + row * stride;
      float* k = key + row * stride;
      if (layer.queryNorm) rmsnorm(q, layer.queryNorm, q, m_config.heads, m_config.headDim, m_config.rmsNormEps);
      if (layer.keyNorm) rmsnorm(k, layer.keyNorm, k, m_config.kvHeads, m_config.headDim, m_config.rmsNormEps);
      const float* cosines = floatsAt(m_offsets.cosines) + row * half;
      const float* sines = floatsAt(m_offsets.sines) + row * half;
      rope(q, m_config.heads, half, cosines, sines);
      rope(k, m_config.kvHeads, half, cosines, sines);
    }
  });
  append_kv(m_kvShape, key, value, stride, m_position, m_rows, layer.keys, layer.values);
}

void BackendCpu::attend(int index) {
  const Layer& layer = m_layers[static_cast<std::size_t>(index)];
  AttentionArguments arguments;
  arguments.shape = m_kvShape;
  arguments.keys = layer.keys;
  arguments.values = layer.values;
  arguments.q = floatsAt(m_offsets.qkv);
  arguments.qStride = m_config.queryWidth() + 2 * m_config.kvWidth();
  arguments.out = floatsAt(m_offsets.attended);
  arguments.outStride = m_config.queryWidth();
  arguments.heads = m_config.heads;
  arguments.n = m_rows;
  arguments.first = m_position;
  arguments.window = m_config.windowOf(index);
  arguments.scale = 1.0f / std::sqrt(static_cast<float>(m_config.headDim));
  arguments.workspace = floatsAt(m_offsets.attention);
  m_pool.parallelFor(attentionItems(arguments), 1,
                     [&](std::int64_t first, std::int64_t last) { nibble::attend(arguments, first, last); });
  attend_combine(arguments);
}

void BackendCpu::projectAdd(int index, MatrixRole role) {
  const Layer& layer = m_layers[static_cast<std::size_t>(index)];
  const bool attention = role == MatrixRole::attentionOutput;
  const float* input = floatsAt(attention ? m_offsets.attended : m_offsets.gate);
  float* residual = floatsAt(m_offsets.residual);
  const Product product{&layer.matrices[roleIndex(role)], {residual, m_config.hidden, true}};
  multiply(input, attention ? m_config.queryWidth() : m_config.intermediate, m_rows, {&product, 1});
  addBias(layer.biases[roleIndex(role)], residual, m_config.hidden, m_config.hidden);
}

void BackendCpu::normGateUp(int index) {
  const Layer& layer = m_layers[static_cast<std::size_t>(index)];
  const std::int64_t width = m_config.intermediate;
  float* gate = floatsAt(m_offsets.gate);
  float* up = floatsAt(m_offsets.up);
  norm(layer.postNorm, 0, static_cast<int>(m_rows));
  const Product products[] = {{&layer.matrices[roleIndex(MatrixRole::gate)], {gate, width, false}},
                              {&layer.matrices[roleIndex(MatrixRole::up)], {up, width, false}}};
  multiply(floatsAt(m_offsets.normed), m_config.hidden, m_rows, products);
  addBias(layer.biases[roleIndex(MatrixRole::gate)], gate, width, width);
  addBias(layer.biases[roleIndex(MatrixRole::up)], up, width, width);
  m_pool.parallelFor(m_rows, kRowGrain, [&](std::int64_t first, std::int64_t last) {
    swiglu(gate + first * width, up + first * width, gate + first * width, (last - first) * width);
  });
}

void BackendCpu::normLogits(int firstRow, int rows) {
  norm(m_finalNorm, firstRow, rows);
  const Product product{&m_headMatrix, {floatsAt(m_offsets.logits), m_config.vocab, false}};
  multiply(floatsAt(m_offsets.normed), m_config.hidden, rows, {&product, 1});
  m_logitRows = rows;
}

Result<void> BackendCpu::end() {
  const std::int64_t count = static_cast<std::int64_t>(m_logitRows) * m_config.vocab;
  if (allFinite(floatsAt(m_offsets.logits), count)) return {};
  return fail(ErrorCode::notANumber, "the logits hold NaN or infinity", {}, "logits");
}

Result<std::span<const float>> BackendCpu::logits() {
  if (m_logitRows == 0) return fail(ErrorCode::failed, "this step has no logits");
  return std::span<const float>(floatsAt(m_offsets.logits),
                                static_cast<std::size_t>(m_logitRows) * static_cast<std::size_t>(m_config.vocab));
}

/// Runs the last step again, looking at the residual stream behind every layer.
int BackendCpu::firstBadLayer() {
  if (m_rows == 0) return -1;
  const std::vector<std::int32_t> ids = m_ids;
  begin(ids, m_position);
  for (int layer = 0; layer < m_config.layers; ++layer) {
    normQkvRope(layer);
    attend(layer);
    projectAdd(layer, MatrixRole::attentionOutput);
    normGateUp(layer);
    projectAdd(layer, MatrixRole::down);
    if (!allFinite(floatsAt(m_offsets.residual), m_rows * m_config.hidden)) return layer;
  }
  return -1;
}

}  // namespace nibble

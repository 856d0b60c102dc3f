// The steps of BackendCuda: many rows op by op, one row as a whole at normLogits.
#include <algorithm>
#include <cstring>

#include "core/engine/cuda/module/backend_cuda.h"

namespace nibble {

namespace {
constexpr int kNoBadLayer = 0x7f7f7f7f;  // what a memset of 0x7f leaves
}

void BackendCuda::uploadIds(std::span<const std::int32_t> ids, std::int64_t position) {
  const cudaStream_t stream = m_card->stream().get();
  std::memcpy(m_hostIds.data(), ids.data(), ids.size_bytes());
  m_failure.note(cudaMemcpyAsync(m_workspace.data() + m_layout.ids, m_hostIds.data(), ids.size_bytes(),
                                 cudaMemcpyHostToDevice, stream));
  if (m_decode)
    m_failure.note(cudaMemcpyAsync(m_decode->history() + position, m_hostIds.data(), ids.size_bytes(),
                                   cudaMemcpyHostToDevice, stream));
}

void BackendCuda::beginRows(int rows, std::int64_t position) {
  m_rows = rows;
  m_position = position;
  m_single = false;
  m_failure.enter("embed", -1);
  m_prefill->begin(rows, position, m_request.rope.attentionFactor);
}

void BackendCuda::runLayers(int* flag) {
  for (int layer = 0; layer < m_config.layers; ++layer) {
    normQkvRope(layer);
    attend(layer);
    projectAdd(layer, MatrixRole::attentionOutput);
    normGateUp(layer);
    projectAdd(layer, MatrixRole::down);
    if (flag) m_prefill->checkResidual(layer, flag);
  }
}

void BackendCuda::begin(std::span<const std::int32_t> ids, std::int64_t position) {
  m_card->use();
  m_failure.clear();
  dropAhead();
  m_logitRows = 0;
  const std::int64_t rows = static_cast<std::int64_t>(ids.size());
  if (rows < 1 || rows > m_layout.rows || position < 0 || position + rows > m_request.plan.context) {
    m_rows = 0;
    m_failure.note(Error{ErrorCode::contextFull, "the rows do not fit the planned context", {}, "position", 0, 0});
    return;
  }
  if (rows == 1 && m_decodeTrusted) {
    std::memcpy(m_hostIds.data(), ids.data(), sizeof(std::int32_t));
    m_rows = 1;
    m_position = position;
    m_single = true;
    return;
  }
  uploadIds(ids, position);
  beginRows(static_cast<int>(rows), position);
}

void BackendCuda::normQkvRope(int layer) {
  if (m_single || m_failure.failed()) return;
  m_failure.enter("q/k/v product", layer);
  m_prefill->normQkvRope(layer);
}

void BackendCuda::attend(int layer) {
  if (m_single || m_failure.failed()) return;
  m_failure.enter("attention", layer);
  m_prefill->attend(layer);
}

void BackendCuda::projectAdd(int layer, MatrixRole role) {
  if (m_single || m_failure.failed()) return;
  m_failure.enter(role == MatrixRole::down ? "down product" : "attention output product", layer);
  m_prefill->projectAdd(layer, role);
}

void BackendCuda::normGateUp(int layer) {
  if (m_single || m_failure.failed()) return;
  m_failure.enter("gate and up products", layer);
  m_prefill->normGateUp(layer);
}

void BackendCuda::normLogits(int firstRow, int rows) {
  if (m_failure.failed()) return;
  m_failure.enter("head", -1);
  const cudaStream_t stream = m_card->stream().get();
  const float* logits = m_prefill->logits();
  const bool valid =
      rows >= 1 && firstRow >= 0 && firstRow + rows <= m_rows && rows <= std::max(m_request.plan.logitRows, 1);
  if (!valid) return m_failure.note(Error{ErrorCode::wrongUsage, "no such rows in this step", {}, "rows", 0, 0});
  if (m_single) {
    m_failure.note(m_decode->step(*reinterpret_cast<const std::int32_t*>(m_hostIds.data()), m_position));
    logits = m_decode->logits();
  } else if (rows == 1 && m_decodeTrusted) {
    const float* residual = m_prefill->residual() + static_cast<std::int64_t>(firstRow) * m_config.hidden;
    m_failure.note(m_decode->headOfRow(residual, const_cast<float*>(logits), stream));
  } else {
    m_prefill->normLogits(firstRow, rows);
  }
  m_logitRows = rows;
  const std::size_t count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(m_config.vocab);
  m_failure.note(cudaMemsetAsync(badFlag(), 0x7f, sizeof(int), stream));
  m_failure.note(gpu::check_finite(stream, logits, static_cast<std::int64_t>(count), 0, badFlag()));
  m_failure.note(cudaMemcpyAsync(m_hostLogits.data(), logits, count * sizeof(float), cudaMemcpyDeviceToHost, stream));
  m_failure.note(cudaMemcpyAsync(m_hostIds.data() + static_cast<std::size_t>(m_layout.rows) * sizeof(std::int32_t),
                                 badFlag(), sizeof(int), cudaMemcpyDeviceToHost, stream));
}

Result<void> BackendCuda::settle(const char* operation) {
  const cudaError_t status = cudaStreamSynchronize(m_card->stream().get());
  if (m_failure.error()) return lost(*m_failure.error());
  if (status != cudaSuccess) return lost(cudaFailure(status, operation));
  return {};
}

Result<void> BackendCuda::lost(Error error) {
  if (error.code == ErrorCode::deviceLost) m_card->markLost();
  return fail(std::move(error));
}

Result<void> BackendCuda::end() {
  NIBBLE_CHECK(settle("step"));
  if (m_logitRows == 0) return {};
  const int flag =
      *reinterpret_cast<const int*>(m_hostIds.data() + static_cast<std::size_t>(m_layout.rows) * sizeof(std::int32_t));
  if (flag != kNoBadLayer) return fail(ErrorCode::notANumber, "the logits hold NaN or Inf", {}, "logits");
  return {};
}

Result<std::span<const float>> BackendCuda::logits() {
  if (m_logitRows == 0) return fail(ErrorCode::wrongUsage, "no logits were asked for in this step", {}, "logits");
  const std::size_t count = static_cast<std::size_t>(m_logitRows) * static_cast<std::size_t>(m_config.vocab);
  return std::span<const float>(reinterpret_cast<const float*>(m_hostLogits.data()), count);
}

bool BackendCuda::isAhead(const SampledStep& step, const SamplingOptions& options) const {
  return m_ahead && m_ahead->id == step.id && m_ahead->position == step.position && m_ahead->draw == step.draw &&
         m_ahead->options == options;
}

void BackendCuda::dropAhead() {
  if (!m_ahead) return;
  // What it wrote lies behind everything that counts: the next step at its position writes it anew.
  m_failure.note(m_decode->wait(m_decode->newest()));
  m_ahead.reset();
}

Result<std::optional<std::int32_t>> BackendCuda::decodeAndSample(const SampledStep& step,
                                                                 const SamplingOptions& options) {
  if (!m_decodeTrusted || !DecodePass::canSample(options)) return std::nullopt;
  if (step.position < 0 || step.position >= m_request.plan.context)
    return fail(ErrorCode::contextFull, "the context is full", {}, "position");
  m_card->use();
  m_failure.clear();
  m_failure.enter("decode step", -1);
  std::memcpy(m_hostIds.data(), &step.id, sizeof step.id);
  m_rows = 1, m_position = step.position, m_logitRows = 0, m_single = true;
  if (!isAhead(step, options)) {
    dropAhead();
    m_failure.note(m_decode->stepAndSample(step.id, step.position, options, step.draw));
  }
  m_ahead.reset();
  const int own = m_decode->newest();
  if (!m_failure.failed() && step.nextDraw && step.position + 1 < m_request.plan.context) {
    m_failure.note(m_decode->stepBehind(options, *step.nextDraw));
    if (!m_failure.failed()) m_ahead = Ahead{std::nullopt, step.position + 1, *step.nextDraw, options};
  }
  m_failure.note(m_decode->wait(own));
  if (m_failure.failed()) {
    m_ahead.reset();
    NIBBLE_CHECK(settle("decode step"));
  }
  const gpu::StepOutput& chosen = m_decode->output(own);
  if (chosen.badLogits) return fail(ErrorCode::notANumber, "the logits hold NaN or Inf", {}, "logits");
  if (m_ahead) m_ahead->id = chosen.token;
  return chosen.token;
}

int BackendCuda::firstBadLayer() {
  if (m_rows == 0) return -1;
  m_card->use();
  m_failure.clear();
  dropAhead();
  const std::vector<std::int32_t> ids(reinterpret_cast<const std::int32_t*>(m_hostIds.data()),
                                      reinterpret_cast<const std::int32_t*>(m_hostIds.data()) + m_rows);
  const cudaStream_t stream = m_card->stream().get();
  m_failure.note(cudaMemsetAsync(badFlag(), 0x7f, sizeof(int), stream));
  uploadIds(ids, m_position);
  beginRows(m_rows, m_position);
  runLayers(badFlag());
  int flag = kNoBadLayer;
  m_failure.note(cudaMemcpyAsync(&flag, badFlag(), sizeof flag, cudaMemcpyDeviceToHost, stream));
  if (!settle("checking step")) return -1;
  return flag == kNoBadLayer ? -1 : flag;
}

}  // namespace nibble

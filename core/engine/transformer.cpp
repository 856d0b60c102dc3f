#include "core/engine/transformer.h"

#include <algorithm>

namespace nibble {

Transformer::Transformer(Backend& backend, int layers, int chunk, int logitRows)
    : m_backend(backend), m_layers(layers), m_chunk(std::max(chunk, 1)), m_logitRows(std::max(logitRows, 1)) {}

/// Errors: cancelled. A chunk of a large model takes seconds on a processor, so `stop` is looked at before every layer.
Result<void> Transformer::layers(std::span<const std::int32_t> ids, std::int64_t position,
                                 const std::stop_token& stop) {
  m_backend.begin(ids, position);
  for (int layer = 0; layer < m_layers; ++layer) {
    if (stop.stop_requested()) {
      NIBBLE_CHECK(m_backend.end());
      return fail(ErrorCode::cancelled, "stopped while reading");
    }
    m_backend.normQkvRope(layer);
    m_backend.attend(layer);
    m_backend.projectAdd(layer, MatrixRole::attentionOutput);
    m_backend.normGateUp(layer);
    m_backend.projectAdd(layer, MatrixRole::down);
  }
  return {};
}

Result<std::span<const float>> Transformer::rowLogits(int firstRow, int rows) {
  m_backend.normLogits(firstRow, rows);
  NIBBLE_CHECK(m_backend.end());
  return m_backend.logits();
}

Result<std::span<const float>> Transformer::prefill(std::span<const std::int32_t> ids, std::int64_t position,
                                                    const Progress& progress, std::stop_token stop) {
  if (ids.empty()) return fail(ErrorCode::wrongUsage, "nothing to run", {}, "ids");
  const std::size_t chunk = static_cast<std::size_t>(m_chunk);
  for (std::size_t done = 0;;) {
    const std::size_t rows = std::min(chunk, ids.size() - done);
    NIBBLE_CHECK(layers(ids.subspan(done, rows), position + static_cast<std::int64_t>(done), stop));
    done += rows;
    if (done == ids.size()) {
      auto logits = rowLogits(static_cast<int>(rows) - 1, 1);
      if (logits && progress) progress(static_cast<std::int64_t>(done));
      return logits;
    }
    NIBBLE_CHECK(m_backend.end());
    if (progress) progress(static_cast<std::int64_t>(done));
  }
}

Result<std::span<const float>> Transformer::decode(std::int32_t id, std::int64_t position) {
  NIBBLE_CHECK(layers({&id, 1}, position, {}));
  return rowLogits(0, 1);
}

Result<void> Transformer::allLogits(std::span<const std::int32_t> ids, int chunk, const RowSink& sink,
                                    std::stop_token stop) {
  const std::size_t step = static_cast<std::size_t>(std::clamp(chunk <= 0 ? m_chunk : chunk, 1, m_chunk));
  for (std::size_t done = 0; done < ids.size(); done += step) {
    const int rows = static_cast<int>(std::min(step, ids.size() - done));
    NIBBLE_CHECK(layers(ids.subspan(done, static_cast<std::size_t>(rows)), static_cast<std::int64_t>(done), stop));
    for (int first = 0; first < rows; first += m_logitRows) {
      NIBBLE_TRY(const auto logits, rowLogits(first, std::min(m_logitRows, rows - first)));
      NIBBLE_CHECK(sink(static_cast<std::int64_t>(done) + first, logits));
    }
  }
  return {};
}

}  // namespace nibble

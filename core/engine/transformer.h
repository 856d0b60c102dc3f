// The forward pass, written once over Backend's fused operations. Called by the Engine; knows nothing of text or
// sampling.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>

#include "core/base/result.h"
#include "core/engine/backend.h"

namespace nibble {

class Transformer {
 public:
  /// `backend` must outlive this. `layers` is the model's, `chunk` and `logitRows` the plan's.
  Transformer(Backend& backend, int layers, int chunk, int logitRows);

  using Progress = std::function<void(std::int64_t done)>;
  /// Runs `ids` at positions `position`, … in chunks and returns the last row's logits (vocab).
  /// `stop` is checked between layers (cancelled); the cache then holds the chunks reported done.
  Result<std::span<const float>> prefill(std::span<const std::int32_t> ids, std::int64_t position,
                                         const Progress& progress, std::stop_token stop);

  /// One id at `position`; its logits (vocab).
  Result<std::span<const float>> decode(std::int32_t id, std::int64_t position);

  using RowSink = std::function<Result<void>(std::int64_t firstRow, std::span<const float> rows)>;
  /// Runs `ids` from position 0 in chunks of at most `chunk` rows and hands over the logits of every row, in order.
  Result<void> allLogits(std::span<const std::int32_t> ids, int chunk, const RowSink& sink, std::stop_token stop);

 private:
  Result<void> layers(std::span<const std::int32_t> ids, std::int64_t position, const std::stop_token& stop);
  Result<std::span<const float>> rowLogits(int firstRow, int rows);

  Backend& m_backend;
  int m_layers;
  int m_chunk;
  int m_logitRows;
};

}  // namespace nibble

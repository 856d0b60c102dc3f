// The reference's logits over a text, kept in a temporary file, so that a model and its reference need not be loaded together.
// A row holds its maximum and log-sum-exp in fp32 and every logit as 16 bits of the distance to the maximum (0 … 24 nats); a
// KL divergence computed from it is within 0.5 % at 0.0005 nats and far closer above.
#pragma once
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <vector>

#include "core/base/result.h"

namespace nibble {

class LogitRecord {
 public:
  /// One row, read back. `levels[i]` × kStep is how far logit i lies under the maximum; the last level means "at least that far".
  struct Row {
    float maximum = 0;
    float logSumExp = 0;                 ///< of the logits themselves
    std::vector<std::uint16_t> levels;   // (vocab)
    float logit(std::size_t i) const { return maximum - kStep * static_cast<float>(levels[i]); }
  };
  static constexpr float kRange = 24.0f;
  static constexpr float kStep = kRange / 65535.0f;

  /// A record in an unnamed temporary file. Errors: failed (no temporary file).
  static Result<LogitRecord> create(int vocabulary);

  /// Errors: failed (the disk is full).
  Result<void> append(std::span<const float> logits, float maximum, float logSumExp);
  /// Starts reading at the first row.
  void rewind();
  /// The next row. Errors: failed (there is none).
  Result<void> next(Row& row);

  std::int64_t rows() const { return m_rows; }
  int vocabulary() const { return m_vocabulary; }

  double nll = 0;            ///< of the reference over the scored ids, nats; set by the evaluation that wrote the record
  double perplexity = 0;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> m_file;
  int m_vocabulary = 0;
  std::int64_t m_rows = 0;
  std::vector<std::uint16_t> m_levels;
};

}  // namespace nibble

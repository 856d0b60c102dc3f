#include "core/eval/weight_errors.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/model/weights.h"
#include "core/precision/codec.h"

namespace nibble {

namespace {

/// Through the codec and back, as the loader does it.
std::vector<float> roundTrip(Format format, const std::vector<float>& values, std::int64_t rows, std::int64_t columns) {
  std::vector<float> result(values.size());
  if (format == Format::nf4 || format == Format::nf4dq) {
    const auto count = static_cast<std::int64_t>(values.size());
    Nf4Tensor tensor = makeNf4Tensor(count);
    quantizeNf4(tensor, values.data(), 0, count);
    if (format == Format::nf4dq) doubleQuantize(tensor, meanAbsmax(tensor.absmax));
    dequantizeNf4(tensor, 0, count, result.data());
    return result;
  }
  std::vector<std::byte> stored(storedBytes(format, rows, columns));
  quantizeRows(format, values.data(), rows, columns, {}, stored.data());
  dequantizeRows(format, stored.data(), rows, columns, result.data());
  return result;
}

class Sums {
 public:
  void addRow(const float* original, const float* quantized, std::int64_t columns) {
    double squares = 0;
    for (std::int64_t i = 0; i < columns; ++i) squares += static_cast<double>(original[i]) * static_cast<double>(original[i]);
    const double rms = std::sqrt(squares / static_cast<double>(columns));
    constexpr double kScale = 80.0 / (WeightErrors::kHigh - WeightErrors::kLow);
    for (std::int64_t i = 0; i < columns; ++i) {
      const double error = static_cast<double>(quantized[i]) - static_cast<double>(original[i]);
      m_errorSquares += error * error;
      const double bin = rms > 0 ? (error / rms - WeightErrors::kLow) * kScale : -1;
      if (bin >= 0 && bin < 80) ++m_counts[static_cast<std::size_t>(bin)];
    }
    m_squares += squares;
    m_total += columns;
  }

  WeightErrors result() const {
    WeightErrors errors;
    for (std::size_t i = 0; i < m_counts.size() && m_total > 0; ++i) errors.shares[i] = static_cast<double>(m_counts[i]) / static_cast<double>(m_total);
    errors.relativeMse = m_squares > 0 ? m_errorSquares / m_squares : 0;
    return errors;
  }

 private:
  std::array<std::int64_t, 80> m_counts{};
  std::int64_t m_total = 0;
  double m_errorSquares = 0, m_squares = 0;
};

void addMatrix(const WeightSource& source, Format format, int rowsPerMatrix, Sums& sums) {
  const std::int64_t rows = std::min<std::int64_t>(rowsPerMatrix, source.rows);
  std::vector<float> values(static_cast<std::size_t>(rows * source.columns));
  for (std::int64_t k = 0; k < rows; ++k) {
    toFloat(source.dtype, source.row(k * source.rows / rows), source.columns, values.data() + k * source.columns);
  }
  const std::vector<float> quantized = roundTrip(format, values, rows, source.columns);
  for (std::int64_t k = 0; k < rows; ++k) sums.addRow(values.data() + k * source.columns, quantized.data() + k * source.columns, source.columns);
}

}  // namespace

Result<WeightErrors> measureWeightErrors(const std::string& folder, const ModelConfig& config, const Recipe& recipe, std::stop_token stop, int rowsPerMatrix) {
  NIBBLE_TRY(const Weights weights, openWeights(folder, config));
  Sums sums;
  for (std::size_t layer = 0; layer < weights.layers.size(); ++layer) {
    for (int role = 0; role < kLayerMatrixCount; ++role) {
      if (stop.stop_requested()) return fail(ErrorCode::cancelled, "measuring stopped");
      addMatrix(weights.layers[layer].matrices[role], recipe.formatOf(static_cast<MatrixRole>(role), static_cast<int>(layer)), rowsPerMatrix, sums);
    }
  }
  return sums.result();
}

}  // namespace nibble

#include "core/engine/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nibble {
namespace {

// 1 / base^(2i/d) in fp32 throughout, as transformers computes it: at positions of 10^4 a last-bit difference shows.
std::vector<float> plainFrequencies(double base, int headDim) {
  std::vector<float> result(static_cast<std::size_t>(headDim / 2));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(headDim);
    result[i] = 1.0f / std::pow(static_cast<float>(base), exponent);
  }
  return result;
}

double dynamicBase(const ModelConfig& config, std::int64_t plannedContext) {
  const RopeConfig& rope = config.rope;
  if (plannedContext <= config.maxPositions || config.headDim <= 2) return rope.theta;
  const double stretch = rope.factor * static_cast<double>(plannedContext) / static_cast<double>(config.maxPositions) -
                         (rope.factor - 1.0);
  return rope.theta * std::pow(stretch, static_cast<double>(config.headDim) / (config.headDim - 2));
}

double originalContext(const ModelConfig& config) {
  return static_cast<double>(config.rope.originalContext > 0 ? config.rope.originalContext : config.maxPositions);
}

void scaleLlama3(const ModelConfig& config, std::vector<float>& frequencies) {
  const RopeConfig& rope = config.rope;
  const auto factor = static_cast<float>(rope.factor);
  const double context = originalContext(config);
  const double longest = context / rope.lowFreqFactor, shortest = context / rope.highFreqFactor;
  for (float& frequency : frequencies) {
    const float wavelength = static_cast<float>(2.0 * std::numbers::pi) / frequency;
    if (wavelength > static_cast<float>(longest)) {
      frequency /= factor;
    } else if (!(wavelength < static_cast<float>(shortest))) {
      const float smooth = (static_cast<float>(context) / wavelength - static_cast<float>(rope.lowFreqFactor)) /
                           static_cast<float>(rope.highFreqFactor - rope.lowFreqFactor);
      frequency = (1.0f - smooth) * frequency / factor + smooth * frequency;
    }
  }
}

void scaleYarn(const ModelConfig& config, std::vector<float>& frequencies) {
  const RopeConfig& rope = config.rope;
  const double dimensions = config.headDim;
  const auto correction = [&](double rotations) {
    return dimensions * std::log(originalContext(config) / (rotations * 2.0 * std::numbers::pi)) /
           (2.0 * std::log(rope.theta));
  };
  double low = correction(rope.betaFast), high = correction(rope.betaSlow);
  if (rope.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, dimensions - 1.0);
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const float ramp = (static_cast<float>(i) - static_cast<float>(low)) / static_cast<float>(high - low);
    const float kept = 1.0f - std::clamp(ramp, 0.0f, 1.0f);  // share of the frequency that is not stretched
    const float stretched = frequencies[i] / static_cast<float>(rope.factor);
    frequencies[i] = stretched * (1.0f - kept) + frequencies[i] * kept;
  }
}

float yarnAttentionFactor(const RopeConfig& rope) {
  const auto scaleOf = [&](double weight) {
    return rope.factor <= 1.0 ? 1.0 : 0.1 * weight * std::log(rope.factor) + 1.0;
  };
  if (rope.attentionFactor) return static_cast<float>(*rope.attentionFactor);
  const double mscale = rope.mscale.value_or(0), mscaleAllDim = rope.mscaleAllDim.value_or(0);
  if (mscale != 0 && mscaleAllDim != 0) return static_cast<float>(scaleOf(mscale) / scaleOf(mscaleAllDim));
  return static_cast<float>(scaleOf(1.0));
}

}  // namespace

RopeTables makeRopeTables(const ModelConfig& config, std::int64_t plannedContext) {
  RopeTables tables;
  const RopeConfig& rope = config.rope;
  const double base = rope.kind == RopeKind::dynamic ? dynamicBase(config, plannedContext) : rope.theta;
  tables.inverseFrequencies = plainFrequencies(base, config.headDim);
  switch (rope.kind) {
    case RopeKind::none:
    case RopeKind::dynamic:
      break;
    case RopeKind::linear:
      for (float& frequency : tables.inverseFrequencies) frequency /= static_cast<float>(rope.factor);
      break;
    case RopeKind::llama3:
      scaleLlama3(config, tables.inverseFrequencies);
      break;
    case RopeKind::yarn:
      scaleYarn(config, tables.inverseFrequencies);
      tables.attentionFactor = yarnAttentionFactor(rope);
      break;
  }
  return tables;
}

}  // namespace nibble

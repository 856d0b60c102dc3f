#include "app/sampling_presets.h"

#include <QRandomGenerator>
#include <cmath>

namespace nibble {

namespace {
constexpr int kDefaultMaxTokens = 2048;

SamplingOptions drawn(float temperature, int topK, float topP, float minP) {
  SamplingOptions options;
  options.temperature = temperature;
  options.topK = topK;
  options.topP = topP;
  options.minP = minP;
  return options;
}
}  // namespace

std::vector<SamplingPreset> samplingPresets() {
  SamplingOptions greedy;
  greedy.greedy = true;
  return {{"model", {}},
          {"precise", drawn(0.3f, 20, 0.8f, 0.05f)},
          {"balanced", drawn(0.7f, 40, 0.9f, 0.02f)},
          {"creative", drawn(1.1f, 0, 0.98f, 0.03f)},
          {"greedy", greedy},
          {"custom", {}}};
}

QString presetIdOf(const QJsonObject& sampling) { return sampling.value("preset").toString("model"); }

SamplingOptions optionsOf(const QJsonObject& sampling, const SamplingOptions& suggested) {
  const QString id = presetIdOf(sampling);
  SamplingOptions options = suggested;
  for (const SamplingPreset& preset : samplingPresets()) {
    if (preset.id == id && id != "model" && id != "custom") options = preset.options;
  }
  if (id == "custom") {
    const auto value = [&](const char* key, float fallback) { return static_cast<float>(sampling.value(key).toDouble(static_cast<double>(fallback))); };
    options.greedy = false;
    options.temperature = value("temperature", options.temperature);
    options.topK = sampling.value("topK").toInt(options.topK);
    options.topP = value("topP", options.topP);
    options.minP = value("minP", options.minP);
    options.repetitionPenalty = value("repetitionPenalty", options.repetitionPenalty);
    options.presencePenalty = value("presencePenalty", options.presencePenalty);
    options.frequencyPenalty = value("frequencyPenalty", options.frequencyPenalty);
  }
  const auto seed = static_cast<quint64>(sampling.value("seed").toInteger());
  options.seed = seed != 0 ? seed : QRandomGenerator::global()->generate64() | 1;
  return options;
}

QJsonObject customSampling(const SamplingOptions& options) {
  const auto rounded = [](float value) { return std::round(static_cast<double>(value) * 1000) / 1000; };
  return {{"preset", "custom"}, {"temperature", rounded(options.temperature)}, {"topK", options.topK}, {"topP", rounded(options.topP)},
          {"minP", rounded(options.minP)}, {"repetitionPenalty", rounded(options.repetitionPenalty)},
          {"presencePenalty", rounded(options.presencePenalty)}, {"frequencyPenalty", rounded(options.frequencyPenalty)}};
}

int maxTokensOf(const QJsonObject& sampling) { return sampling.value("maxTokens").toInt(kDefaultMaxTokens); }

}  // namespace nibble

// How a chat's answers are drawn: the model's own suggestion, presets, or values of one's own, kept as JSON in the chat.
#pragma once
#include <QJsonObject>
#include <QString>
#include <vector>

#include "app/engine_types.h"

namespace nibble {

struct SamplingPreset {
  QString id;                 ///< "model", "precise", "balanced", "creative", "greedy", "custom"
  SamplingOptions options;    ///< meaningless for "model" and "custom"
};

std::vector<SamplingPreset> samplingPresets();

/// {"preset": id, "seed": n, "maxTokens": n, and for "custom" the values}.
QString presetIdOf(const QJsonObject& sampling);
SamplingOptions optionsOf(const QJsonObject& sampling, const SamplingOptions& suggested);
QJsonObject customSampling(const SamplingOptions& options);
int maxTokensOf(const QJsonObject& sampling);

}  // namespace nibble

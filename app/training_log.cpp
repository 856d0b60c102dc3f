#include "app/training_log.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMap>
#include <cmath>

namespace nibble {

Result<TrainingLog> readTrainingLog(const QString& path) {
  QFile file(path);
  const std::string name = path.toStdString();
  if (!file.open(QIODevice::ReadOnly)) return fail(ErrorCode::fileMissing, file.errorString().toStdString(), name);
  QMap<double, double> losses;
  for (int line = 1; !file.atEnd(); ++line) {
    const QByteArray text = file.readLine(1 << 20).trimmed();
    if (text.isEmpty()) continue;
    const std::string field = "line " + std::to_string(line);
    QJsonParseError problem;
    const QJsonDocument document = QJsonDocument::fromJson(text, &problem);
    if (!document.isObject()) return fail(ErrorCode::fileMalformed, "not a JSON object: " + problem.errorString().toStdString(), name, field);
    const QJsonValue step = document.object().value(QStringLiteral("step"));
    const QJsonValue loss = document.object().value(QStringLiteral("loss"));
    if (loss.isUndefined()) continue;
    if (!step.isDouble() || !loss.isDouble()) return fail(ErrorCode::fileMalformed, "step and loss must be numbers", name, field);
    losses[step.toDouble()] = loss.toDouble();
  }
  if (losses.isEmpty()) return fail(ErrorCode::fileMalformed, "no line has a step and a loss", name, "loss");
  return TrainingLog{QFileInfo(path).fileName(), QVector<double>(losses.keyBegin(), losses.keyEnd()), losses.values()};
}

LogComparison compareLogs(const TrainingLog& a, const TrainingLog& b, double limitPercent) {
  LogComparison result;
  double sum = 0;
  int within = 0;
  for (int i = 0, k = 0; i < a.steps.size() && k < b.steps.size();) {
    if (a.steps[i] < b.steps[k]) { ++i; continue; }
    if (a.steps[i] > b.steps[k]) { ++k; continue; }
    if (a.losses[i] != 0) {
      const double percent = 100.0 * std::abs(b.losses[k] - a.losses[i]) / std::abs(a.losses[i]);
      sum += percent;
      within += percent <= limitPercent ? 1 : 0;
      result.largestPercent = std::max(result.largestPercent, percent);
      ++result.sharedSteps;
    }
    ++i, ++k;
  }
  if (result.sharedSteps > 0) {
    result.meanPercent = sum / result.sharedSteps;
    result.withinShare = static_cast<double>(within) / result.sharedSteps;
  }
  return result;
}

}  // namespace nibble

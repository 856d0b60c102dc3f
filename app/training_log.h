// Training logs, as JSON lines with a step and a loss, and how far two runs lie apart.
#pragma once
#include <QString>
#include <QVector>

#include "core/base/result.h"

namespace nibble {

struct TrainingLog {
  QString name;           ///< the file's name
  QVector<double> steps;  ///< ascending; of a step given twice the last one counts
  QVector<double> losses;
};

/// Reads one JSON object a line with the numbers "step" and "loss" (lines without a loss, as trainers write for evaluation, are
/// passed over). Errors: fileMissing; fileMalformed with the line number as field; fileMalformed if no line has both.
Result<TrainingLog> readTrainingLog(const QString& path);

struct LogComparison {
  int sharedSteps = 0;
  double meanPercent = 0;     ///< mean of |b − a| / |a| over the shared steps
  double largestPercent = 0;
  double withinShare = 0;     ///< share of the shared steps at or under the limit
};
/// `limitPercent`: the line of the source article, 2 %.
LogComparison compareLogs(const TrainingLog& a, const TrainingLog& b, double limitPercent = 2.0);

}  // namespace nibble

// A comparison: the same prompts, seed and sampler through several precisions of one model (or through several models), run one
// after the other so that it fits a small card. Plain values, kept as JSON and reopened.
#pragma once
#include <QDateTime>
#include <QString>
#include <QStringList>
#include <QVector>
#include <optional>

#include "app/engine_types.h"

namespace nibble {

/// One candidate: a model in a precision.
struct ComparisonEntry {
  QString model;      ///< folder
  QString modelName;  ///< shown
  QString precision;  ///< a format's name or a recipe's path, as --precision takes it
  QString label;      ///< "4-bit", "InternLM3 · NF4"
};

struct ComparisonRequest {
  QVector<ComparisonEntry> entries;  ///< the first is the reference for divergence and KL
  QStringList prompts;
  int maxTokens = 128;
  SamplingOptions sampling;          ///< the same seed for every entry
  std::int64_t context = 2048;
  QString device = QStringLiteral("auto");
  QString evaluationText;            ///< path of a text; empty: no perplexity
  std::int64_t evaluationBytes = 20000;
  int evaluationWindow = 512;
};

struct ComparisonAnswer {
  QString text;
  double decodeTokensPerSecond = 0;
  double prefillTokensPerSecond = 0;
  double firstTokenSeconds = 0;
  int tokens = 0;
};

/// A histogram with equal bins from `low` to `high`; shares add up to at most 1.
struct ErrorHistogram {
  double low = 0, high = 0;
  QVector<double> shares;
  double relativeMse = 0;  ///< E|error|² / E|value|²
};

struct ComparisonQuality {
  double perplexity = 0, retention = 0;              ///< retention = perplexity of the reference / this one's
  double klMean = 0, klP99 = 0, sameTop = 0;         ///< against the reference; 0, 0, 1 for the reference itself
  std::int64_t scoredTokens = 0;
  ErrorHistogram logitErrors;                        ///< logit minus the reference's, centred
};

struct ComparisonRow {
  ComparisonEntry entry;
  QString error;                                     ///< not empty: what failed, worded; the rest is then empty
  QString device;
  double bitsPerWeight = 0;
  double predictedBytes = 0, measuredBytes = 0, loadSeconds = 0;
  QVector<ComparisonAnswer> answers;                 ///< one a prompt
  std::optional<ComparisonQuality> quality;
  ErrorHistogram weightErrors;                       ///< of the layers' matrices, in units of each row's RMS
  double decodeTokensPerSecond() const;              ///< mean over the answers
  double firstTokenSeconds() const;
};

struct Comparison {
  QString id;                                        ///< file name without ending
  QString title;
  QDateTime time;
  ComparisonRequest request;
  QVector<ComparisonRow> rows;
  bool finished = false;                             ///< false: cancelled, rows hold what was done
};

/// Index of the first character at which two answers differ; −1: they are equal.
qsizetype firstDivergence(const QString& reference, const QString& answer);

QByteArray comparisonToJson(const Comparison& comparison);
/// Errors: fileMalformed with the field concerned.
Result<Comparison> comparisonFromJson(const QByteArray& json, const QString& path);

/// A table and the answers, for people; and the table alone for spreadsheets.
QString comparisonToMarkdown(const Comparison& comparison);
QString comparisonToCsv(const Comparison& comparison);

}  // namespace nibble

#include "app/comparison.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>

namespace nibble {

namespace {

double meanOf(const QVector<ComparisonAnswer>& answers, double ComparisonAnswer::*field) {
  double sum = 0;
  for (const ComparisonAnswer& answer : answers) sum += answer.*field;
  return answers.isEmpty() ? 0 : sum / static_cast<double>(answers.size());
}

QJsonObject toJson(const ComparisonEntry& entry) {
  return {{"model", entry.model}, {"model_name", entry.modelName}, {"precision", entry.precision}, {"label", entry.label}};
}

ComparisonEntry entryFromJson(const QJsonObject& json) {
  return {json["model"].toString(), json["model_name"].toString(), json["precision"].toString(), json["label"].toString()};
}

QJsonObject toJson(const ErrorHistogram& histogram) {
  QJsonArray shares;
  for (double share : histogram.shares) shares.append(share);
  return {{"low", histogram.low}, {"high", histogram.high}, {"shares", shares}, {"relative_mse", histogram.relativeMse}};
}

ErrorHistogram histogramFromJson(const QJsonObject& json) {
  ErrorHistogram histogram{json["low"].toDouble(), json["high"].toDouble(), {}, json["relative_mse"].toDouble()};
  for (const QJsonValue& share : json["shares"].toArray()) histogram.shares << share.toDouble();
  return histogram;
}

QJsonObject toJson(const ComparisonAnswer& answer) {
  return {{"text", answer.text}, {"decode_tok_s", answer.decodeTokensPerSecond}, {"prefill_tok_s", answer.prefillTokensPerSecond},
          {"ttft_s", answer.firstTokenSeconds}, {"tokens", answer.tokens}};
}

ComparisonAnswer answerFromJson(const QJsonObject& json) {
  return {json["text"].toString(), json["decode_tok_s"].toDouble(), json["prefill_tok_s"].toDouble(), json["ttft_s"].toDouble(), json["tokens"].toInt()};
}

QJsonObject toJson(const ComparisonQuality& quality) {
  return {{"perplexity", quality.perplexity}, {"retention", quality.retention}, {"kl_mean", quality.klMean}, {"kl_p99", quality.klP99},
          {"same_top", quality.sameTop}, {"scored_tokens", static_cast<qint64>(quality.scoredTokens)}, {"logit_errors", toJson(quality.logitErrors)}};
}

ComparisonQuality qualityFromJson(const QJsonObject& json) {
  return {json["perplexity"].toDouble(), json["retention"].toDouble(), json["kl_mean"].toDouble(), json["kl_p99"].toDouble(),
          json["same_top"].toDouble(), json["scored_tokens"].toInteger(), histogramFromJson(json["logit_errors"].toObject())};
}

QJsonObject toJson(const ComparisonRow& row) {
  QJsonArray answers;
  for (const ComparisonAnswer& answer : row.answers) answers.append(toJson(answer));
  QJsonObject json{{"entry", toJson(row.entry)}, {"error", row.error}, {"device", row.device}, {"bits_per_weight", row.bitsPerWeight},
                   {"predicted_bytes", row.predictedBytes}, {"measured_bytes", row.measuredBytes}, {"load_s", row.loadSeconds},
                   {"answers", answers}, {"weight_errors", toJson(row.weightErrors)}};
  if (row.quality) json["quality"] = toJson(*row.quality);
  return json;
}

ComparisonRow rowFromJson(const QJsonObject& json) {
  ComparisonRow row;
  row.entry = entryFromJson(json["entry"].toObject());
  row.error = json["error"].toString();
  row.device = json["device"].toString();
  row.bitsPerWeight = json["bits_per_weight"].toDouble();
  row.predictedBytes = json["predicted_bytes"].toDouble();
  row.measuredBytes = json["measured_bytes"].toDouble();
  row.loadSeconds = json["load_s"].toDouble();
  for (const QJsonValue& answer : json["answers"].toArray()) row.answers << answerFromJson(answer.toObject());
  if (json.contains("quality")) row.quality = qualityFromJson(json["quality"].toObject());
  row.weightErrors = histogramFromJson(json["weight_errors"].toObject());
  return row;
}

QJsonObject toJson(const ComparisonRequest& request) {
  QJsonArray entries;
  for (const ComparisonEntry& entry : request.entries) entries.append(toJson(entry));
  return {{"entries", entries},
          {"prompts", QJsonArray::fromStringList(request.prompts)},
          {"max_tokens", request.maxTokens},
          {"greedy", request.sampling.greedy},
          {"temperature", request.sampling.temperature},
          {"top_k", request.sampling.topK},
          {"top_p", request.sampling.topP},
          {"seed", QString::number(request.sampling.seed)},
          {"context", static_cast<qint64>(request.context)},
          {"device", request.device},
          {"evaluation_text", request.evaluationText},
          {"evaluation_bytes", static_cast<qint64>(request.evaluationBytes)},
          {"evaluation_window", request.evaluationWindow}};
}

ComparisonRequest requestFromJson(const QJsonObject& json) {
  ComparisonRequest request;
  for (const QJsonValue& entry : json["entries"].toArray()) request.entries << entryFromJson(entry.toObject());
  for (const QJsonValue& prompt : json["prompts"].toArray()) request.prompts << prompt.toString();
  request.maxTokens = json["max_tokens"].toInt(request.maxTokens);
  request.sampling.greedy = json["greedy"].toBool();
  request.sampling.temperature = static_cast<float>(json["temperature"].toDouble(request.sampling.temperature));
  request.sampling.topK = json["top_k"].toInt(request.sampling.topK);
  request.sampling.topP = static_cast<float>(json["top_p"].toDouble(request.sampling.topP));
  request.sampling.seed = json["seed"].toString().toULongLong();
  request.context = json["context"].toInteger(request.context);
  request.device = json["device"].toString(request.device);
  request.evaluationText = json["evaluation_text"].toString();
  request.evaluationBytes = json["evaluation_bytes"].toInteger(request.evaluationBytes);
  request.evaluationWindow = json["evaluation_window"].toInt(request.evaluationWindow);
  return request;
}

struct Column {
  const char* name;
  QString (*text)(const ComparisonRow&);
};

QString number(double value, int digits) { return QString::number(value, 'f', digits); }

/// What both exports show, a column each; empty cells where nothing was measured.
const QVector<Column>& exportColumns() {
  static const QVector<Column> columns{
      {"precision", [](const ComparisonRow& row) { return row.entry.label; }},
      {"device", [](const ComparisonRow& row) { return row.device; }},
      {"bits per weight", [](const ComparisonRow& row) { return number(row.bitsPerWeight, 3); }},
      {"memory predicted, MiB", [](const ComparisonRow& row) { return number(row.predictedBytes / 1048576.0, 1); }},
      {"memory measured, MiB", [](const ComparisonRow& row) { return number(row.measuredBytes / 1048576.0, 1); }},
      {"load, s", [](const ComparisonRow& row) { return number(row.loadSeconds, 2); }},
      {"decode, tok/s", [](const ComparisonRow& row) { return row.answers.isEmpty() ? QString() : number(row.decodeTokensPerSecond(), 1); }},
      {"first token, s", [](const ComparisonRow& row) { return row.answers.isEmpty() ? QString() : number(row.firstTokenSeconds(), 3); }},
      {"perplexity", [](const ComparisonRow& row) { return row.quality ? number(row.quality->perplexity, 3) : QString(); }},
      {"mean KL", [](const ComparisonRow& row) { return row.quality ? number(row.quality->klMean, 5) : QString(); }},
      {"99 % KL", [](const ComparisonRow& row) { return row.quality ? number(row.quality->klP99, 4) : QString(); }},
      {"same top token", [](const ComparisonRow& row) { return row.quality ? number(100 * row.quality->sameTop, 1) + " %" : QString(); }},
      {"retention", [](const ComparisonRow& row) { return row.quality ? number(100 * row.quality->retention, 2) + " %" : QString(); }},
      {"error", [](const ComparisonRow& row) { return row.error; }},
  };
  return columns;
}

QString markdownCell(QString text) { return text.replace('|', QStringLiteral("\\|")).replace('\n', ' '); }

QString csvCell(QString text) {
  if (text.contains(',') || text.contains('"') || text.contains('\n')) return '"' + text.replace('"', QStringLiteral("\"\"")) + '"';
  return text;
}

}  // namespace

double ComparisonRow::decodeTokensPerSecond() const { return meanOf(answers, &ComparisonAnswer::decodeTokensPerSecond); }
double ComparisonRow::firstTokenSeconds() const { return meanOf(answers, &ComparisonAnswer::firstTokenSeconds); }

qsizetype firstDivergence(const QString& reference, const QString& answer) {
  const auto [left, right] = std::mismatch(reference.begin(), reference.end(), answer.begin(), answer.end());
  if (left == reference.end() && right == answer.end()) return -1;
  return std::distance(reference.begin(), left);
}

QByteArray comparisonToJson(const Comparison& comparison) {
  QJsonArray rows;
  for (const ComparisonRow& row : comparison.rows) rows.append(toJson(row));
  return QJsonDocument(QJsonObject{{"version", 1},
                                   {"id", comparison.id},
                                   {"title", comparison.title},
                                   {"time", comparison.time.toString(Qt::ISODate)},
                                   {"finished", comparison.finished},
                                   {"request", toJson(comparison.request)},
                                   {"rows", rows}})
      .toJson();
}

Result<Comparison> comparisonFromJson(const QByteArray& json, const QString& path) {
  QJsonParseError problem;
  const QJsonObject object = QJsonDocument::fromJson(json, &problem).object();
  if (problem.error != QJsonParseError::NoError) return fail(ErrorCode::fileMalformed, problem.errorString().toStdString(), path.toStdString());
  if (object["version"].toInt() != 1) return fail(ErrorCode::fileUnsupported, "made by another version of the program", path.toStdString(), "version");
  if (!object["rows"].isArray()) return fail(ErrorCode::fileMalformed, "is not a list", path.toStdString(), "rows");
  Comparison comparison;
  comparison.id = object["id"].toString();
  comparison.title = object["title"].toString();
  comparison.time = QDateTime::fromString(object["time"].toString(), Qt::ISODate);
  comparison.finished = object["finished"].toBool();
  comparison.request = requestFromJson(object["request"].toObject());
  for (const QJsonValue& row : object["rows"].toArray()) comparison.rows << rowFromJson(row.toObject());
  return comparison;
}

QString comparisonToMarkdown(const Comparison& comparison) {
  QString text = QStringLiteral("# %1\n\n%2\n\n|").arg(comparison.title, comparison.time.toString(Qt::ISODate));
  for (const Column& column : exportColumns()) text += ' ' + QString::fromLatin1(column.name) + " |";
  text += "\n|" + QStringLiteral(" --- |").repeated(exportColumns().size()) + '\n';
  for (const ComparisonRow& row : comparison.rows) {
    text += '|';
    for (const Column& column : exportColumns()) text += ' ' + markdownCell(column.text(row)) + " |";
    text += '\n';
  }
  for (int k = 0; k < comparison.request.prompts.size(); ++k) {
    text += QStringLiteral("\n## Prompt %1\n\n> %2\n").arg(k + 1).arg(QString(comparison.request.prompts[k]).replace('\n', QStringLiteral("\n> ")));
    for (const ComparisonRow& row : comparison.rows) {
      if (k < row.answers.size()) text += QStringLiteral("\n### %1\n\n%2\n").arg(row.entry.label, row.answers[k].text.trimmed());
    }
  }
  return text;
}

QString comparisonToCsv(const Comparison& comparison) {
  QStringList cells;
  for (const Column& column : exportColumns()) cells << csvCell(QString::fromLatin1(column.name));
  QString text = cells.join(',') + '\n';
  for (const ComparisonRow& row : comparison.rows) {
    cells.clear();
    for (const Column& column : exportColumns()) cells << csvCell(column.text(row));
    text += cells.join(',') + '\n';
  }
  return text;
}

}  // namespace nibble

#include "ui/compare/comparison_table_model.h"

#include <QFont>
#include <QLocale>
#include <optional>

#include "ui/charts/chart_style.h"

namespace nibble {

namespace {

std::optional<double> valueOf(const ComparisonRow& row, int column) {
  using Model = ComparisonTableModel;
  const bool measured = row.error.isEmpty();
  const bool answered = measured && !row.answers.isEmpty();
  switch (column) {
    case Model::BitsPerWeight: return measured ? std::optional(row.bitsPerWeight) : std::nullopt;
    case Model::Predicted: return row.predictedBytes > 0 ? std::optional(row.predictedBytes) : std::nullopt;
    case Model::Measured: return measured ? std::optional(row.measuredBytes) : std::nullopt;
    case Model::LoadTime: return measured ? std::optional(row.loadSeconds) : std::nullopt;
    case Model::Decode: return answered ? std::optional(row.decodeTokensPerSecond()) : std::nullopt;
    case Model::FirstToken: return answered ? std::optional(row.firstTokenSeconds()) : std::nullopt;
    case Model::Perplexity: return row.quality ? std::optional(row.quality->perplexity) : std::nullopt;
    case Model::KlMean: return row.quality ? std::optional(row.quality->klMean) : std::nullopt;
    case Model::SameTop: return row.quality ? std::optional(row.quality->sameTop) : std::nullopt;
    case Model::Retention: return row.quality ? std::optional(row.quality->retention) : std::nullopt;
    default: return std::nullopt;
  }
}

bool higherIsBetter(int column) {
  return column == ComparisonTableModel::Decode || column == ComparisonTableModel::SameTop || column == ComparisonTableModel::Retention;
}

QString textOf(const ComparisonRow& row, int column) {
  if (column == ComparisonTableModel::Precision) return row.entry.label;
  const std::optional<double> value = valueOf(row, column);
  if (!value) return QStringLiteral("–");
  const QLocale locale;
  switch (column) {
    case ComparisonTableModel::BitsPerWeight: return locale.toString(*value, 'f', 2);
    case ComparisonTableModel::Predicted:
    case ComparisonTableModel::Measured: return bytesText(*value);
    case ComparisonTableModel::LoadTime: return locale.toString(*value, 'f', 2) + QStringLiteral(" s");
    case ComparisonTableModel::Decode: return locale.toString(*value, 'f', 1);
    case ComparisonTableModel::FirstToken: return locale.toString(*value, 'f', 3) + QStringLiteral(" s");
    case ComparisonTableModel::Perplexity: return locale.toString(*value, 'f', 3);
    case ComparisonTableModel::KlMean: return locale.toString(*value, 'f', 4);
    default: return locale.toString(100 * *value, 'f', 1) + QStringLiteral(" %");
  }
}

}  // namespace

void ComparisonTableModel::setRows(const QVector<ComparisonRow>& rows) {
  beginResetModel();
  m_rows = rows;
  endResetModel();
}

int ComparisonTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_rows.size()); }

int ComparisonTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

bool ComparisonTableModel::isBest(int row, int column) const {
  const std::optional<double> mine = valueOf(m_rows[row], column);
  if (!mine || m_rows.size() < 2) return false;
  for (const ComparisonRow& other : m_rows) {
    const std::optional<double> value = valueOf(other, column);
    if (value && (higherIsBetter(column) ? *value > *mine : *value < *mine)) return false;
  }
  return true;
}

QVariant ComparisonTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= m_rows.size()) return {};
  const ComparisonRow& row = m_rows[index.row()];
  switch (role) {
    case Qt::DisplayRole: return textOf(row, index.column());
    case Qt::TextAlignmentRole: return QVariant(index.column() == Precision ? Qt::AlignLeft | Qt::AlignVCenter : Qt::AlignRight | Qt::AlignVCenter);
    case Qt::ToolTipRole: return row.error.isEmpty() ? QVariant(row.entry.modelName + '\n' + row.device) : QVariant(row.error);
    case Qt::FontRole:
      if (isBest(index.row(), index.column())) {
        QFont font;
        font.setBold(true);
        return font;
      }
      return {};
    default: return {};
  }
}

QVariant ComparisonTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  static const struct { const char* name; const char* explanation; } columns[ColumnCount] = {
      {QT_TR_NOOP("Precision"), QT_TR_NOOP("The format the weights are held in")},
      {QT_TR_NOOP("Bits/weight"), QT_TR_NOOP("Bits per weight of the layers' matrices, scales included")},
      {QT_TR_NOOP("Predicted"), QT_TR_NOOP("Memory as planned before loading")},
      {QT_TR_NOOP("Measured"), QT_TR_NOOP("Memory taken on the device after loading")},
      {QT_TR_NOOP("Load"), QT_TR_NOOP("Seconds to load and quantize")},
      {QT_TR_NOOP("tok/s"), QT_TR_NOOP("Decoded tokens a second, the mean over the prompts")},
      {QT_TR_NOOP("First token"), QT_TR_NOOP("Seconds until the first token, the mean over the prompts")},
      {QT_TR_NOOP("Perplexity"), QT_TR_NOOP("How surprised the model is by the text; lower is better")},
      {QT_TR_NOOP("KL"), QT_TR_NOOP("Mean KL divergence to the reference, in nats a token; 0 is identical")},
      {QT_TR_NOOP("Same top"), QT_TR_NOOP("Share of positions whose likeliest token is the reference's")},
      {QT_TR_NOOP("Retention"), QT_TR_NOOP("Perplexity of the reference divided by this one's")},
  };
  if (role == Qt::DisplayRole) return tr(columns[section].name);
  if (role == Qt::ToolTipRole) return tr(columns[section].explanation);
  return {};
}

}  // namespace nibble

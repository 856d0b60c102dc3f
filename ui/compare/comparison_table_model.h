// A comparison as a table: one row a precision; what is best in a column is set in bold.
#pragma once
#include <QAbstractTableModel>

#include "app/comparison.h"

namespace nibble {

class ComparisonTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Precision, BitsPerWeight, Predicted, Measured, LoadTime, Decode, FirstToken, Perplexity, KlMean, SameTop, Retention, ColumnCount };

  using QAbstractTableModel::QAbstractTableModel;
  void setRows(const QVector<ComparisonRow>& rows);

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  bool isBest(int row, int column) const;

  QVector<ComparisonRow> m_rows;
};

}  // namespace nibble

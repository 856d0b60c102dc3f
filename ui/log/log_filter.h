// Shows the log lines of a level and above that contain a text.
#pragma once
#include <QSortFilterProxyModel>

namespace nibble {

class LogFilter : public QSortFilterProxyModel {
  Q_OBJECT
 public:
  using QSortFilterProxyModel::QSortFilterProxyModel;
  void setLowestLevel(int level);
  void setSearch(const QString& text);

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override;

 private:
  int m_lowestLevel = 0;
  QString m_search;
};

}  // namespace nibble

#include "ui/log/log_filter.h"

#include "app/log_history.h"

namespace nibble {

void LogFilter::setLowestLevel(int level) {
  m_lowestLevel = level;
  invalidateFilter();
}

void LogFilter::setSearch(const QString& text) {
  m_search = text;
  invalidateFilter();
}

bool LogFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
  const QModelIndex text = sourceModel()->index(row, LogHistory::Text, parent);
  if (text.data(LogHistory::LevelRole).toInt() < m_lowestLevel) return false;
  const QModelIndex area = sourceModel()->index(row, LogHistory::Area, parent);
  return m_search.isEmpty() || text.data().toString().contains(m_search, Qt::CaseInsensitive) || area.data().toString().contains(m_search, Qt::CaseInsensitive);
}

}  // namespace nibble

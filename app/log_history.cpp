#include "app/log_history.h"

#include <spdlog/sinks/base_sink.h>

#include <mutex>

#include "core/base/logging.h"

namespace nibble {

class LogHistory::Sink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Sink(LogHistory& history) : m_history(history) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count();
    m_history.take({QDateTime::fromMSecsSinceEpoch(time), static_cast<int>(message.level),
                    QString::fromUtf8(message.logger_name.data(), static_cast<qsizetype>(message.logger_name.size())),
                    QString::fromUtf8(message.payload.data(), static_cast<qsizetype>(message.payload.size()))});
  }
  void flush_() override {}

 private:
  LogHistory& m_history;
};

LogHistory::LogHistory(QObject* parent) : QAbstractTableModel(parent), m_sink(std::make_shared<Sink>(*this)) { addLogSink(m_sink); }

LogHistory::~LogHistory() { removeLogSink(m_sink); }

void LogHistory::take(Line line) {
  const QMutexLocker lock(&m_mutex);
  if (m_arrived.size() < static_cast<std::size_t>(kCapacity)) m_arrived.push_back(std::move(line));
  if (m_drainPosted) return;
  m_drainPosted = true;
  QMetaObject::invokeMethod(this, [this] { drain(); }, Qt::QueuedConnection);
}

void LogHistory::drain() {
  std::vector<Line> arrived;
  {
    const QMutexLocker lock(&m_mutex);
    arrived.swap(m_arrived);
    m_drainPosted = false;
  }
  const int surplus = static_cast<int>(m_lines.size() + arrived.size()) - kCapacity;
  if (surplus > 0 && !m_lines.empty()) {
    const int leaving = std::min(surplus, static_cast<int>(m_lines.size()));
    beginRemoveRows({}, 0, leaving - 1);
    m_lines.erase(m_lines.begin(), m_lines.begin() + leaving);
    endRemoveRows();
  }
  if (arrived.empty()) return;
  const int first = static_cast<int>(m_lines.size());
  beginInsertRows({}, first, first + static_cast<int>(arrived.size()) - 1);
  std::move(arrived.begin(), arrived.end(), std::back_inserter(m_lines));
  endInsertRows();
}

int LogHistory::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_lines.size()); }

int LogHistory::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : ColumnCount; }

QVariant LogHistory::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const Line& line = m_lines[static_cast<std::size_t>(index.row())];
  if (role == LevelRole) return line.level;
  if (role == Qt::ToolTipRole) return toText(line);
  if (role != Qt::DisplayRole) return {};
  switch (index.column()) {
    case Time: return line.time.toString(QStringLiteral("HH:mm:ss.zzz"));
    case Level: {
      const auto name = spdlog::level::to_string_view(static_cast<spdlog::level::level_enum>(line.level));
      return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
    }
    case Area: return line.area;
    default: return line.text;
  }
}

QVariant LogHistory::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case Time: return tr("Time");
    case Level: return tr("Level");
    case Area: return tr("Area");
    default: return tr("Message");
  }
}

void LogHistory::clear() {
  beginResetModel();
  m_lines.clear();
  endResetModel();
}

QString LogHistory::toText(const Line& line) {
  const auto level = spdlog::level::to_string_view(static_cast<spdlog::level::level_enum>(line.level));
  return QStringLiteral("%1 [%2] %3: %4")
      .arg(line.time.toString(Qt::ISODateWithMs), line.area, QString::fromUtf8(level.data(), static_cast<qsizetype>(level.size())), line.text);
}

QString LogHistory::text() const {
  QString all;
  for (const Line& line : m_lines) all += toText(line) + '\n';
  return all;
}

QStringList LogHistory::lastErrors(int count) const {
  QStringList found;
  for (auto line = m_lines.rbegin(); line != m_lines.rend() && found.size() < count; ++line) {
    if (line->level >= spdlog::level::err) found << toText(*line);
  }
  return found;
}

}  // namespace nibble

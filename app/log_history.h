// The last log lines as a table: time, level, area, text. Lines may come from any thread; the model changes on its own.
#pragma once
#include <spdlog/sinks/sink.h>

#include <QAbstractTableModel>
#include <QDateTime>
#include <QMutex>
#include <deque>

namespace nibble {

class LogHistory : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Time, Level, Area, Text, ColumnCount };
  enum Role { LevelRole = Qt::UserRole + 1 };  ///< spdlog's number: 0 trace … 5 critical
  static constexpr int kCapacity = 2000;

  explicit LogHistory(QObject* parent = nullptr);
  ~LogHistory() override;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  void clear();
  /// Everything as text, a line each, for the clipboard.
  QString text() const;
  /// The last `count` lines of level error and above, newest first.
  QStringList lastErrors(int count) const;

 private:
  struct Line {
    QDateTime time;
    int level = 0;
    QString area, text;
  };
  class Sink;
  static QString toText(const Line& line);
  void take(Line line);
  void drain();

  std::deque<Line> m_lines;
  QMutex m_mutex;
  std::vector<Line> m_arrived;  // guarded by m_mutex
  bool m_drainPosted = false;   // guarded by m_mutex
  std::shared_ptr<Sink> m_sink;
};

}  // namespace nibble

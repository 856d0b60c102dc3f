// The log dock: the last lines, filtered by level and text, to be copied whole.
#pragma once
#include <QWidget>

#include "app/log_history.h"

class QComboBox;
class QLineEdit;
class QPushButton;
class QTableView;

namespace nibble {

class LogFilter;

class LogPanel : public QWidget {
  Q_OBJECT
 public:
  explicit LogPanel(LogHistory& history, QWidget* parent = nullptr);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void buildLayout();
  void connectSignals();
  void retranslate();
  void copyAll() const;

  LogHistory& m_history;
  LogFilter* m_filter;
  QComboBox* m_level;
  QLineEdit* m_search;
  QPushButton* m_copy;
  QPushButton* m_clear;
  QTableView* m_table;
};

}  // namespace nibble

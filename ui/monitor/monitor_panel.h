// The monitor: memory by part and tokens a second over time, always in sight as a dock. It draws app/metrics_history and does
// nothing while hidden.
#pragma once
#include <QWidget>

#include "app/metrics_history.h"
#include "ui/ui_context.h"

class QComboBox;
class QLabel;
class QToolButton;

namespace nibble {

class TimeChart;

class MonitorPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MonitorPanel(UiContext& ui, QWidget* parent = nullptr);

 protected:
  void changeEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void buildLayout(Dialogs& dialogs);
  void connectSignals();
  void retranslate();
  MetricsSpan span() const;
  void reload();
  void takeSample();
  void takeEvents();
  void updateCaptions();
  void setPaused(bool paused);

  MetricsHistory& m_history;
  QLabel* m_memoryCaption;
  QLabel* m_speedCaption;
  TimeChart* m_memoryChart;
  TimeChart* m_speedChart;
  QComboBox* m_spanBox;
  QToolButton* m_pauseButton;
  QToolButton* m_tableButton;
  QToolButton* m_copyButton;
  double m_drawnTime = 0;  // of the newest sample in the charts
};

}  // namespace nibble

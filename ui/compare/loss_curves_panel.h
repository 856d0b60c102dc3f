// Two training logs over each other: their losses, and the relative error of the second against a 2 % line.
#pragma once
#include <QWidget>

#include "app/training_log.h"
#include "ui/ui_context.h"

class QLabel;
class QPushButton;

namespace nibble {

class CurveChart;

class LossCurvesPanel : public QWidget {
  Q_OBJECT
 public:
  explicit LossCurvesPanel(UiContext& ui, QWidget* parent = nullptr);

 public slots:
  /// Opens a log as the first (0) or second (1) run.
  void openLog(int slot, const QString& path);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  void chooseLog(int slot);
  void redraw();

  UiContext& m_ui;
  TrainingLog m_logs[2];
  QPushButton* m_openButtons[2];
  QLabel* m_summary;
  CurveChart* m_chart;
};

}  // namespace nibble

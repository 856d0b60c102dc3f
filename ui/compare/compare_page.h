// The compare page: set-up at the left; answers, table with scatter, error histograms and training curves in tabs.
#pragma once
#include <QWidget>

#include "app/comparison_runner.h"
#include "ui/ui_context.h"

class QScrollArea;
class QLabel;
class QMenu;
class QProgressBar;
class QTabWidget;
class QTableView;
class QToolButton;

namespace nibble {

class AnswersView;
class ComparisonSetup;
class ComparisonTableModel;
class CurveChart;
class LossCurvesPanel;
class ScatterChart;

class ComparePage : public QWidget {
  Q_OBJECT
 public:
  explicit ComparePage(UiContext& ui, QWidget* parent = nullptr);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void buildLayout();
  QWidget* makeTableTab();
  QWidget* makeErrorTab();
  void connectSignals();
  void retranslate();
  void run();
  void open(const QString& id);
  void showComparison();
  void drawErrors();
  void exportText(bool csv);
  void setStatus(const QString& text);

  UiContext& m_ui;
  ComparisonStore m_store;
  ComparisonRunner m_runner;
  QScrollArea* m_setupScroll;
  ComparisonSetup* m_setup;
  QLabel* m_title;
  QLabel* m_status;
  QProgressBar* m_progress;
  QToolButton* m_export;
  QMenu* m_exportMenu;
  QTabWidget* m_tabs;
  AnswersView* m_answers;
  ComparisonTableModel* m_tableModel;
  QTableView* m_table;
  ScatterChart* m_scatter;
  CurveChart* m_weightErrors;
  CurveChart* m_logitErrors;
  LossCurvesPanel* m_lossCurves;
  bool m_failed = false;  // the last run, as a whole
};

}  // namespace nibble

// The model dock: choose, see whether it fits, load with progress and cancel, compare predicted with measured, and be
// helped where it fails.
#pragma once
#include <QWidget>

#include "app/engine_types.h"
#include "ui/ui_context.h"

class QLabel;
class QMenu;
class QProgressBar;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace nibble {

class BudgetBar;
class LoadForm;
struct FitOption;

class ModelDock : public QWidget {
  Q_OBJECT
 public:
  explicit ModelDock(UiContext& ui, QWidget* parent = nullptr);

  LoadForm& form() { return *m_form; }
  void load(const QString& model);       ///< with the controls as they are; empty: the chosen one
  void chooseFolder();
  void addPath(const QString& path);     ///< a folder or a file of a model

 signals:
  void newChatWanted();
  void logWanted();
  void notice(const QString& text);

 protected:
  void changeEvent(QEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void buildLayout();
  QLabel* addText(const char* name, QVBoxLayout* column);
  void connectSignals();
  void retranslate();
  void reprice();
  void showPlan(const MemoryPlan& plan);
  void showState();
  void showProgress();
  void showError();
  void showRecords();
  void showFits(const std::vector<FitOption>& options);
  void startLoad(bool force);
  void takeNextStep();
  bool planFits() const;
  double availableBytes() const;

  UiContext& m_ui;
  LoadForm* m_form;
  BudgetBar* m_bar;
  QLabel* m_verdict;
  QLabel* m_others;
  QPushButton* m_load;
  QPushButton* m_cancel;
  QPushButton* m_unload;
  QToolButton* m_fit;
  QToolButton* m_anyway;
  QMenu* m_fitMenu;
  QProgressBar* m_progress;
  QLabel* m_phase;
  QLabel* m_loaded;
  QLabel* m_error;
  QPushButton* m_nextStep;
  QLabel* m_records;
  std::optional<MemoryPlan> m_plan;
  QString m_planError;
};

}  // namespace nibble

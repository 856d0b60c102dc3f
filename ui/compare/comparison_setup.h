// The left side of the compare page: which models and precisions, which prompts, what text to score, and the kept comparisons.
#pragma once
#include <QWidget>

#include "app/comparison.h"
#include "app/comparison_store.h"
#include "app/model_library.h"
#include "ui/ui_context.h"

class QCheckBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QVBoxLayout;

namespace nibble {

class ComparisonSetup : public QWidget {
  Q_OBJECT
 public:
  ComparisonSetup(UiContext& ui, ComparisonStore& store, QWidget* parent = nullptr);

  /// What is chosen; no entries if nothing is.
  ComparisonRequest request() const;
  void setRunning(bool running);

 signals:
  void runRequested();
  void cancelRequested();
  void openRequested(const QString& id);
  void message(const QString& text);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void buildLayout();
  void connectSignals();
  void retranslate();
  void fillModels();
  void fillPrecisions();
  void fillKept();
  void openPrompts();
  void chooseText();

  UiContext& m_ui;
  ModelLibrary& m_library;
  ComparisonStore& m_store;
  QLabel* m_modelsLabel;
  QListWidget* m_models;
  QLabel* m_precisionsLabel;
  QListWidget* m_precisions;
  QLabel* m_promptsLabel;
  QPlainTextEdit* m_prompts;
  QPushButton* m_promptFile;
  QLabel* m_tokensLabel;
  QSpinBox* m_tokens;
  QLabel* m_seedLabel;
  QSpinBox* m_seed;
  QCheckBox* m_evaluate;
  QLineEdit* m_text;
  QPushButton* m_textFile;
  QLabel* m_bytesLabel;
  QSpinBox* m_bytes;
  QPushButton* m_run;
  QPushButton* m_cancel;
  QLabel* m_keptLabel;
  QListWidget* m_kept;
  QPushButton* m_remove;
};

}  // namespace nibble

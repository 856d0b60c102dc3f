// What a stranger sees first: one click loads the bundled model, the next asks it something. Later the empty chat.
#pragma once
#include <QWidget>

#include "ui/ui_context.h"

class QLabel;
class QProgressBar;
class QPushButton;

namespace nibble {

class StartPage : public QWidget {
  Q_OBJECT
 public:
  explicit StartPage(UiContext& ui, QWidget* parent = nullptr);

 signals:
  void loadWanted(const QString& model);
  void askWanted(const QString& question);
  void folderWanted();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void buildLayout();
  void refresh();
  void offerQuestions();
  void retranslate();

  UiContext& m_ui;
  QLabel* m_title;
  QLabel* m_text;
  QPushButton* m_load;
  QPushButton* m_folder;
  QProgressBar* m_progress;
  QWidget* m_suggestions;
  QList<QPushButton*> m_questions;
};

}  // namespace nibble

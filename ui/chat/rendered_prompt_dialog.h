// The text the model really gets: the template applied, cut into tokens, each with its id.
#pragma once
#include <QDialog>

#include "app/engine_types.h"
#include "ui/ui_context.h"

class QLabel;
class QTextEdit;

namespace nibble {

class RenderedPromptDialog : public QDialog {
  Q_OBJECT
 public:
  RenderedPromptDialog(UiContext& ui, const std::vector<ChatTurn>& turns, QWidget* parent = nullptr);

 private:
  void show(const RenderedPrompt& prompt);

  UiContext& m_ui;
  QLabel* m_summary;
  QTextEdit* m_text;
  RunId m_run = 0;
  RenderedPrompt m_prompt;
};

}  // namespace nibble

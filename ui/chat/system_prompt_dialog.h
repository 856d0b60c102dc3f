// Edits what the model is told before the conversation. Not modal to the stream: an answer goes on behind it.
#pragma once
#include <QDialog>

class QPlainTextEdit;

namespace nibble {

class SystemPromptDialog : public QDialog {
  Q_OBJECT
 public:
  explicit SystemPromptDialog(const QString& text, QWidget* parent = nullptr);
  QString text() const;

 private:
  QPlainTextEdit* m_edit;
};

}  // namespace nibble

// A block of code in an answer: its language, a copy button, and the code with colours. Grows while it streams.
#pragma once
#include <QFrame>

#include "ui/ui_context.h"

class QLabel;
class QPlainTextEdit;
class QToolButton;

namespace nibble {

class CodeHighlighter;

class CodeBlock : public QFrame {
  Q_OBJECT
 public:
  CodeBlock(UiContext& ui, const QString& language, QWidget* parent = nullptr);

  void setCode(const QString& code);      ///< appends only what is new if `code` begins with what is shown
  QString code() const;
  const QString& language() const { return m_language; }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void retranslate();
  void applyColors();
  void fitHeight();

  UiContext& m_ui;
  QString m_language;
  QLabel* m_languageLabel;
  QToolButton* m_copyButton;
  QPlainTextEdit* m_edit;
  CodeHighlighter* m_highlighter;
};

}  // namespace nibble

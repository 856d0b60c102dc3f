#include <QEvent>
#include <QInputMethodEvent>
#include <QKeyEvent>
#include <QMimeData>
#include <QTextBlock>

#include "ui/chat/prompt_box.h"

namespace nibble {

namespace {
constexpr int kMaxLines = 8;
}

PromptEdit::PromptEdit(QWidget* parent) : QPlainTextEdit(parent) {
  setObjectName("promptEdit");
  setTabChangesFocus(true);
  connect(this, &QPlainTextEdit::textChanged, this, &PromptEdit::fitHeight);
  fitHeight();
}

void PromptEdit::keyPressEvent(QKeyEvent* event) {
  const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
  if (!enter || m_composing || event->modifiers() & Qt::ShiftModifier) return QPlainTextEdit::keyPressEvent(event);
  emit sendWanted();
}

void PromptEdit::inputMethodEvent(QInputMethodEvent* event) {
  m_composing = !event->preeditString().isEmpty();
  QPlainTextEdit::inputMethodEvent(event);
}

void PromptEdit::insertFromMimeData(const QMimeData* source) {
  if (source->hasText()) insertPlainText(source->text());
}

void PromptEdit::changeEvent(QEvent* event) {
  QPlainTextEdit::changeEvent(event);
  if (event->type() == QEvent::FontChange) fitHeight();
}

void PromptEdit::fitHeight() {
  int lines = 0;  // as wrapped: of at most the first few paragraphs
  for (QTextBlock block = document()->begin(); block.isValid() && lines < kMaxLines; block = block.next()) lines += std::max(1, block.lineCount());
  setFixedHeight(std::clamp(lines, 1, kMaxLines) * fontMetrics().lineSpacing() + 20);
}

}  // namespace nibble

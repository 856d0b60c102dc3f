#include "ui/chat/code_block.h"

#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QToolButton>
#include <QWheelEvent>

#include "ui/appearance.h"
#include "ui/chat/code_highlighter.h"
#include "ui/line_icons.h"

namespace nibble {

namespace {
constexpr int kMaxVisibleLines = 400;

/// Wheel events over code scroll the conversation, not the code (which is as high as its lines).
class CodeEdit : public QPlainTextEdit {
 public:
  using QPlainTextEdit::QPlainTextEdit;

 protected:
  void wheelEvent(QWheelEvent* event) override {
    if (event->modifiers() & Qt::ShiftModifier || std::abs(event->angleDelta().x()) > std::abs(event->angleDelta().y())) return QPlainTextEdit::wheelEvent(event);
    event->ignore();
  }
};
}  // namespace

CodeBlock::CodeBlock(UiContext& ui, const QString& language, QWidget* parent) : QFrame(parent), m_ui(ui), m_language(language) {
  setObjectName("codeBlock");
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(1, 1, 1, 1);
  column->setSpacing(0);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(10, 2, 4, 2);
  m_languageLabel = new QLabel(language.isEmpty() ? QString("…") : language, this);
  m_languageLabel->setProperty("quiet", true);
  m_languageLabel->setTextFormat(Qt::PlainText);
  m_languageLabel->setVisible(!language.isEmpty());
  m_copyButton = new QToolButton(this);
  m_copyButton->setObjectName("codeCopy");
  m_copyButton->setIcon(lineIcon("copy"));
  head->addWidget(m_languageLabel);
  head->addStretch();
  head->addWidget(m_copyButton);
  column->addLayout(head);
  m_edit = new CodeEdit(this);
  m_edit->setObjectName("codeText");
  m_edit->setReadOnly(true);
  m_edit->setLineWrapMode(QPlainTextEdit::NoWrap);
  m_edit->setFrameShape(QFrame::NoFrame);
  m_edit->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_edit->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  m_edit->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  m_edit->setTabChangesFocus(true);
  column->addWidget(m_edit);
  m_highlighter = new CodeHighlighter(m_edit->document(), language, ui.appearance.colors());
  connect(m_copyButton, &QToolButton::clicked, this, [this] { QApplication::clipboard()->setText(code()); });
  applyColors();
  retranslate();
  fitHeight();
}

void CodeBlock::setCode(const QString& code) {
  QString text = code;
  if (text.endsWith('\n')) text.chop(1);
  const QString shown = m_edit->toPlainText();
  if (text == shown) return;
  if (text.startsWith(shown)) {
    QTextCursor cursor(m_edit->document());
    cursor.beginEditBlock();
    cursor.movePosition(QTextCursor::End);
    cursor.insertText(text.mid(shown.size()));
    cursor.endEditBlock();
  } else {
    m_edit->setPlainText(text);
  }
  fitHeight();
}

QString CodeBlock::code() const { return m_edit->toPlainText(); }

void CodeBlock::fitHeight() {
  const int lines = std::min(kMaxVisibleLines, m_edit->document()->blockCount());
  const int margins = static_cast<int>(2 * m_edit->document()->documentMargin()) + 10;
  const int bar = m_edit->horizontalScrollBar()->maximum() > 0 || m_edit->document()->idealWidth() > m_edit->viewport()->width() ? 12 : 0;
  m_edit->setVerticalScrollBarPolicy(m_edit->document()->blockCount() > kMaxVisibleLines ? Qt::ScrollBarAsNeeded : Qt::ScrollBarAlwaysOff);
  m_edit->setFixedHeight(lines * QFontMetrics(m_edit->font()).lineSpacing() + margins + bar);
}

void CodeBlock::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
    applyColors();
    fitHeight();
  }
  QFrame::changeEvent(event);
}

void CodeBlock::applyColors() {
  const ThemeColors& colors = m_ui.appearance.colors();
  const QString sheet = QString("QFrame#codeBlock { background: %1; border: 1px solid %2; border-radius: 6px; } QFrame#codeBlock QPlainTextEdit { background: %1; border: none; }")
                            .arg(colors.codeBackground.name(), colors.hairline.name());
  if (sheet == styleSheet()) return;
  setStyleSheet(sheet);
  m_highlighter->setColors(colors);
}

void CodeBlock::retranslate() {
  m_copyButton->setToolTip(tr("Copy this code"));
  m_copyButton->setAccessibleName(tr("Copy this code"));
  m_edit->setAccessibleName(tr("Code"));
}

}  // namespace nibble

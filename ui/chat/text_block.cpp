#include "ui/chat/text_block.h"

#include <QEvent>
#include <QMouseEvent>
#include <QTextBlock>
#include <QWheelEvent>
#include <cmath>

#include "ui/appearance.h"
#include "ui/chat/markdown.h"
#include "ui/dialogs.h"

namespace nibble {

TextBlock::TextBlock(UiContext& ui, QWidget* parent) : QTextBrowser(parent), m_ui(ui) {
  setObjectName("messageText");
  setFrameShape(QFrame::NoFrame);
  setStyleSheet("QTextBrowser { background: transparent; border: none; padding: 0px; }");
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setOpenLinks(false);
  setTabChangesFocus(true);
  setUndoRedoEnabled(false);
  document()->setDocumentMargin(0);
  document()->setIndentWidth(24);
  document()->setDefaultStyleSheet(styleOf());
  viewport()->setAutoFillBackground(false);
  setAccessibleName(tr("Text"));
  connect(this, &QTextBrowser::anchorClicked, this, &TextBlock::openLink);
}

QString TextBlock::styleOf() const {
  const ThemeColors& colors = m_ui.appearance.colors();
  return QString("a { color: %1; } code { font-family: monospace; background-color: %2; } .quote { color: %3; margin-left: 16px; }"
                 "h1, h2, h3, h4 { font-weight: 600; } h1 { font-size: large; } h2, h3, h4 { font-size: medium; }"
                 "p { margin-top: 0px; margin-bottom: 8px; line-height: 135%; } li { line-height: 135%; } table { border-color: %4; margin-bottom: 8px; }"
                 "td, th { border: 1px solid %4; padding: 4px 8px; }")
      .arg(colors.accent.name(), colors.codeBackground.name(), colors.quiet.name(), colors.hairline.name());
}

void TextBlock::appendMarkdown(const QString& source) {
  m_streaming.clear();
  const bool first = m_source.isEmpty();
  m_source += source;
  if (first) return render();
  QTextCursor cursor(document());
  cursor.beginEditBlock();
  cursor.movePosition(QTextCursor::End);
  cursor.insertBlock(QTextBlockFormat(), QTextCharFormat());
  cursor.insertHtml(markdownToHtml(source));
  cursor.endEditBlock();
}

void TextBlock::render() { setHtml(markdownToHtml(m_source)); }

void TextBlock::setStreamingText(const QString& text) {
  QTextCursor cursor(document());
  cursor.beginEditBlock();
  if (text.startsWith(m_streaming)) {
    cursor.movePosition(QTextCursor::End);
    cursor.insertText(text.mid(m_streaming.size()));
  } else {
    cursor.select(QTextCursor::Document);
    cursor.insertText(text);
  }
  cursor.endEditBlock();
  m_streaming = text;
}

void TextBlock::fitHeight(int width) {
  // Setting a width lays the whole document out again, even the same width.
  if (width <= 0 || (width == m_fittedWidth && document()->revision() == m_fittedRevision)) return;
  if (document()->textWidth() != width) document()->setTextWidth(width);
  m_fittedWidth = width;
  m_fittedRevision = document()->revision();
  setFixedSize(width, static_cast<int>(std::ceil(document()->size().height())) + 2);
}

void TextBlock::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange && document()->defaultStyleSheet() != styleOf()) {
    document()->setDefaultStyleSheet(styleOf());
    if (!m_source.isEmpty()) render();
  }
  if (event->type() == QEvent::LanguageChange) setAccessibleName(tr("Text"));
  if (event->type() == QEvent::FontChange) m_fittedRevision = -1;
  QTextBrowser::changeEvent(event);
}

void TextBlock::wheelEvent(QWheelEvent* event) { event->ignore(); }

void TextBlock::mousePressEvent(QMouseEvent* event) {
  QTextBrowser::mousePressEvent(event);
  event->accept();
}

void TextBlock::openLink(const QUrl& address) {
  const QString scheme = address.scheme();
  if (scheme != "http" && scheme != "https" && scheme != "mailto") return;
  const QString shown = address.toDisplayString();
  if (m_ui.dialogs.confirm(this, tr("Open this link?"), tr("The answer links to:\n\n%1").arg(shown), tr("Open"))) m_ui.dialogs.openLink(address.toString());
}

}  // namespace nibble

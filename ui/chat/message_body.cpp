#include "ui/chat/message_body.h"

#include <QVBoxLayout>

#include "ui/chat/code_block.h"
#include "ui/chat/markdown.h"
#include "ui/chat/text_block.h"

namespace nibble {

namespace {
// A paragraph that never ends is closed by force, and a text block is not grown without end: both keep a flood cheap.
constexpr qsizetype kMaxTail = 4000;
constexpr qsizetype kMaxTextBlock = 16000;
}  // namespace

MessageBody::MessageBody(UiContext& ui, QWidget* parent) : QWidget(parent), m_ui(ui), m_column(new QVBoxLayout(this)) {
  m_column->setContentsMargins(0, 0, 0, 0);
  m_column->setSpacing(8);
}

TextBlock* MessageBody::addText() {
  auto* block = new TextBlock(m_ui, this);
  m_column->addWidget(block);
  return block;
}

CodeBlock* MessageBody::addCode(const QString& language) {
  auto* block = new CodeBlock(m_ui, language, this);
  m_column->addWidget(block);
  m_lastText = nullptr;
  return block;
}

void MessageBody::setMarkdown(const QString& text) {
  m_tail.clear();
  dropTail();
  QString joined;
  for (const MarkdownBlock& block : markdownBlocks(text)) {
    if (!block.code) {
      joined += block.source;
      if (joined.size() > kMaxTextBlock) close(std::exchange(joined, {}));
      continue;
    }
    if (!joined.isEmpty()) close(std::exchange(joined, {}));
    addCode(block.language)->setCode(block.source);
  }
  if (!joined.isEmpty()) close(joined);
}

void MessageBody::setPlainText(const QString& text) { addText()->setStreamingText(text); }

void MessageBody::close(const QString& source) {
  if (source.trimmed().isEmpty()) return;
  if (!m_lastText || m_lastText->source().size() > kMaxTextBlock) m_lastText = addText();
  m_lastText->appendMarkdown(source);
  m_lastText->fitHeight(m_width);
}

void MessageBody::append(const QString& text) {
  m_tail += text;
  const std::vector<MarkdownBlock> blocks = markdownBlocks(m_tail);
  if (blocks.size() > 1) {
    dropTail();
    for (std::size_t i = 0; i + 1 < blocks.size(); ++i) {
      if (blocks[i].code) addCode(blocks[i].language)->setCode(blocks[i].source);
      else close(blocks[i].source);
    }
    m_tail = m_tail.mid(blocks.back().begin);
  } else if (m_tail.size() > kMaxTail && !blocks.empty() && !blocks.back().code) {
    const qsizetype cut = std::max({m_tail.lastIndexOf('\n'), m_tail.lastIndexOf(' '), kMaxTail / 2});
    dropTail();
    close(m_tail.left(cut));
    m_tail = m_tail.mid(cut);
  }
  showTail();
}

void MessageBody::showTail() {
  const std::vector<MarkdownBlock> blocks = markdownBlocks(m_tail);
  if (!blocks.empty() && blocks.back().code) {
    if (m_tailText) dropTail();
    if (!m_tailCode) m_tailCode = addCode(blocks.back().language);
    m_tailCode->setCode(blocks.back().source);
    return;
  }
  if (m_tailCode) dropTail();
  if (m_tail.isEmpty()) return;
  if (!m_tailText) m_tailText = addText();
  m_tailText->setStreamingText(m_tail.trimmed().isEmpty() ? QString() : m_tail);
  m_tailText->fitHeight(m_width);
}

void MessageBody::dropTail() {
  delete std::exchange(m_tailText, nullptr);
  delete std::exchange(m_tailCode, nullptr);
}

void MessageBody::finish() {
  const QString tail = std::exchange(m_tail, {});
  dropTail();
  for (const MarkdownBlock& block : markdownBlocks(tail)) {
    if (block.code) addCode(block.language)->setCode(block.source);
    else close(block.source);
  }
}

void MessageBody::fit(int width) {
  m_width = width;
  for (TextBlock* block : findChildren<TextBlock*>()) block->fitHeight(width);
}

int MessageBody::heightForWidth(int width) const {
  (void)width;
  return m_column->sizeHint().height();
}

}  // namespace nibble

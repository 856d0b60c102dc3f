#include "ui/chat/message_body.h"

#include <QElapsedTimer>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/chat/code_block.h"
#include "ui/chat/markdown.h"
#include "ui/chat/text_block.h"

namespace nibble {

namespace {
// A paragraph that never ends is closed by force, and a text block is not grown without end: both keep a flood cheap.
constexpr qsizetype kMaxTail = 4000;
constexpr qsizetype kMaxTextBlock = 4000;
constexpr int kFitBudgetMs = 8;
constexpr int kFitPauseMs = 15;
}  // namespace

MessageBody::MessageBody(UiContext& ui, QWidget* parent) : QWidget(parent), m_ui(ui), m_column(new QVBoxLayout(this)) {
  m_column->setContentsMargins(0, 0, 0, 0);
  m_column->setSpacing(8);
}

TextBlock* MessageBody::addText() {
  auto* block = new TextBlock(m_ui, this);
  m_column->addWidget(block);
  block->show();  // a layout shows it later, and counts no height until then
  return block;
}

CodeBlock* MessageBody::addCode(const QString& language) {
  auto* block = new CodeBlock(m_ui, language, this);
  m_column->addWidget(block);
  block->show();
  m_lastText = nullptr;
  return block;
}

void MessageBody::setMarkdown(const QString& text) {
  m_tail.clear();
  dropTail();
  m_waiting = markdownBlocks(text);
  m_nextWaiting = 0;
  buildSome();
}

/// Every block is a widget of its own, most of a millisecond each: hundreds of them at once would hold up the event loop.
void MessageBody::buildSome() {
  QElapsedTimer timer;
  timer.start();
  while (m_nextWaiting < m_waiting.size()) {
    std::vector<MarkdownBlock> slice;
    qsizetype length = 0;
    while (m_nextWaiting < m_waiting.size() && length < kMaxTextBlock) {
      slice.push_back(std::move(m_waiting[m_nextWaiting++]));
      length += slice.back().source.size();
      if (slice.back().code) break;
    }
    closeAll(slice);
    if (m_nextWaiting < m_waiting.size() && timer.elapsed() >= kFitBudgetMs) {
      QTimer::singleShot(kFitPauseMs, this, [this] {
        buildSome();
        emit heightChanged();
      });
      return;
    }
  }
  m_waiting.clear();
  m_nextWaiting = 0;
}

/// Neighbouring text goes into one widget, in one edit.
void MessageBody::closeAll(const std::vector<MarkdownBlock>& blocks) {
  QString joined;
  for (const MarkdownBlock& block : blocks) {
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
  std::vector<MarkdownBlock> blocks = markdownBlocks(m_tail);
  if (blocks.size() > 1) {
    dropTail();
    const MarkdownBlock open = blocks.back();
    blocks.pop_back();
    closeAll(blocks);
    m_tail = m_tail.mid(open.begin);
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
  closeAll(markdownBlocks(tail));
}

void MessageBody::fit(int width) {
  m_width = width;
  fitSome();
}

/// What is in sight at once, the rest of a very long answer a few milliseconds at a time.
void MessageBody::fitSome() {
  QElapsedTimer timer;
  timer.start();
  bool left = false;
  for (TextBlock* block : findChildren<TextBlock*>()) {
    if (block->isFitted(m_width)) continue;
    if (timer.elapsed() < kFitBudgetMs || !block->visibleRegion().isEmpty()) block->fitHeight(m_width);
    else left = true;
  }
  if (!left || std::exchange(m_fitPending, true)) return;
  QTimer::singleShot(kFitPauseMs, this, [this] {
    m_fitPending = false;
    fitSome();
    emit heightChanged();
  });
}

int MessageBody::heightForWidth(int width) const {
  (void)width;
  return m_column->sizeHint().height();
}

}  // namespace nibble

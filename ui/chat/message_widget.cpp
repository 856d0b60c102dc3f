#include "ui/chat/message_widget.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QToolButton>

#include "app/units.h"
#include "ui/appearance.h"
#include "ui/chat/message_body.h"
#include "ui/line_icons.h"
#include "ui/precision_text.h"

namespace nibble {

namespace {
constexpr int kPadding = 12;
}

MessageWidget::MessageWidget(UiContext& ui, const ChatMessage& message, BranchPlace branch, QWidget* parent)
    : QWidget(parent), m_ui(ui), m_message(message), m_branch(branch) {
  setObjectName(isUser() ? "userMessage" : "assistantMessage");
  buildLayout();
  showContent();
  showState();
  retranslate();
}

void MessageWidget::buildLayout() {
  m_column = new QVBoxLayout(this);
  m_column->setContentsMargins(kPadding, 8, kPadding, 4);
  m_column->setSpacing(4);
  m_speaker = new QLabel(this);
  m_speaker->setObjectName("speaker");
  m_speaker->setTextFormat(Qt::PlainText);
  m_speaker->setProperty("quiet", true);
  m_body = new MessageBody(m_ui, this);
  connect(m_body, &MessageBody::heightChanged, this, &MessageWidget::resized);
  m_state = new QLabel(this);
  m_state->setObjectName("messageState");
  m_state->setTextFormat(Qt::PlainText);
  m_state->setWordWrap(true);
  m_head = new QHBoxLayout;
  m_head->setSpacing(2);
  m_head->addWidget(m_speaker, 1);
  m_column->addLayout(m_head);
  m_column->addWidget(m_body);
  m_column->addWidget(m_state);
  buildFoot();
}

QToolButton* MessageWidget::addButton(const char* name, const QString& icon, QHBoxLayout* row) {
  auto* button = new QToolButton(this);
  button->setObjectName(name);
  button->setIcon(lineIcon(icon));
  row->addWidget(button);
  return button;
}

void MessageWidget::buildFoot() {
  auto* foot = isUser() ? m_head : new QHBoxLayout;  // a question's buttons stand beside its name
  foot->setSpacing(2);
  m_figures = new QLabel(this);
  m_figures->setObjectName("messageFigures");
  m_figures->setProperty("quiet", true);
  m_figures->setTextInteractionFlags(Qt::TextSelectableByMouse);
  foot->addWidget(m_figures);
  if (!isUser()) foot->addStretch();
  m_branches = new QWidget(this);
  auto* row = new QHBoxLayout(m_branches);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(0);
  m_previous = addButton("branchPrevious", "left", row);
  m_branchLabel = new QLabel(m_branches);
  m_branchLabel->setObjectName("branchLabel");
  row->addWidget(m_branchLabel);
  m_next = addButton("branchNext", "right", row);
  foot->addWidget(m_branches);
  m_regenerate = addButton("messageRegenerate", "regenerate", foot);
  m_edit = addButton("messageEdit", "edit", foot);
  m_copy = addButton("messageCopy", "copy", foot);
  if (!isUser()) m_column->addLayout(foot);
  m_figures->setVisible(!isUser());
  connect(m_copy, &QToolButton::clicked, this, [this] { emit copyWanted(m_message.id); });
  connect(m_regenerate, &QToolButton::clicked, this, [this] { emit regenerateWanted(m_message.id); });
  connect(m_edit, &QToolButton::clicked, this, &MessageWidget::beginEdit);
  connect(m_previous, &QToolButton::clicked, this, [this] { emit branchWanted(m_message.id, -1); });
  connect(m_next, &QToolButton::clicked, this, [this] { emit branchWanted(m_message.id, +1); });
}

void MessageWidget::showContent() {
  if (isUser()) return m_body->setPlainText(m_message.content);
  if (m_message.state == MessageState::streaming) return m_body->append(m_message.content);
  m_body->setMarkdown(m_message.content);
}

void MessageWidget::grow(const QString& text) {
  m_message.content += text;
  m_body->append(text);
}

void MessageWidget::update(const ChatMessage& message, BranchPlace branch) {
  const bool ended = m_message.state == MessageState::streaming && message.state != MessageState::streaming;
  const bool same = message.content == m_message.content;
  m_message = message;
  m_branch = branch;
  if (ended && same) {
    m_body->finish();
  } else if (!same) {  // the streamed text was not quite the final one
    auto* fresh = new MessageBody(m_ui, this);
    connect(fresh, &MessageBody::heightChanged, this, &MessageWidget::resized);
    m_column->replaceWidget(m_body, fresh);
    delete std::exchange(m_body, fresh);
    fresh->show();
    showContent();
  }
  showState();
  retranslate();
}

void MessageWidget::setBusy(bool busy) {
  m_busy = busy;
  showState();
}

void MessageWidget::showState() {
  const bool streaming = m_message.state == MessageState::streaming;
  m_state->setText(stateText());
  m_state->setVisible(!m_state->text().isEmpty());
  m_state->setProperty("status", m_message.state == MessageState::failed ? "bad" : "warning");
  m_figures->setText(figuresText());
  m_branches->setVisible(m_branch.count > 1);
  m_branchLabel->setText(QString("%1/%2").arg(m_branch.index + 1).arg(m_branch.count));
  m_previous->setEnabled(m_branch.index > 0 && !m_busy);
  m_next->setEnabled(m_branch.index + 1 < m_branch.count && !m_busy);
  m_regenerate->setVisible(!isUser());
  m_regenerate->setEnabled(!m_busy);
  m_edit->setVisible(isUser());
  m_edit->setEnabled(!m_busy);
  m_copy->setEnabled(!streaming || !m_message.content.isEmpty());
}

QString MessageWidget::figuresText() const {
  const AnswerFigures& figures = m_message.figures;
  if (isUser() || figures.newTokens == 0 || m_message.state == MessageState::streaming) return {};
  QString text = figures.tokensPerSecond > 0 ? tokensRateText(figures.tokensPerSecond) : QString();
  if (figures.firstTokenSeconds > 0) text += tr(" · first token %1").arg(secondsText(figures.firstTokenSeconds));
  return text + tr(" · %n token(s)", nullptr, static_cast<int>(figures.newTokens));
}

QString MessageWidget::stateText() const {
  switch (m_message.state) {
    case MessageState::interrupted: return tr("The program ended before this answer was complete; this is what had arrived.");
    case MessageState::stopped: return tr("Stopped.");
    case MessageState::failed: return m_message.error;
    default: return {};
  }
}

/// The store keeps "name · precision id".
QString MessageWidget::speakerText() const {
  if (isUser()) return tr("You");
  if (m_message.model.isEmpty()) return tr("Assistant");
  const QString separator = " · ";
  const qsizetype at = m_message.model.lastIndexOf(separator);
  return at < 0 ? m_message.model : m_message.model.left(at + separator.size()) + precisionName(m_message.model.mid(at + separator.size()));
}

void MessageWidget::retranslate() {
  m_speaker->setText(speakerText());
  const auto name = [](QToolButton* button, const QString& text) {
    button->setToolTip(text);
    button->setAccessibleName(text);
  };
  name(m_copy, tr("Copy this message"));
  name(m_edit, tr("Edit and ask again"));
  name(m_regenerate, tr("Answer again"));
  name(m_previous, tr("Version before"));
  name(m_next, tr("Version after"));
  m_state->setText(stateText());
  m_figures->setText(figuresText());
  setAccessibleName(m_speaker->text());
}

void MessageWidget::beginEdit() {
  if (m_editor) return;
  m_editor = new QWidget(this);
  auto* column = new QVBoxLayout(m_editor);
  column->setContentsMargins(0, 0, 0, 0);
  m_editText = new QPlainTextEdit(m_message.content, m_editor);
  m_editText->setObjectName("messageEditor");
  m_editText->setAccessibleName(tr("Edit the message"));
  m_editText->setTabChangesFocus(true);
  m_editText->setFixedHeight(std::clamp(static_cast<int>(m_message.content.count('\n') + 2) * fontMetrics().lineSpacing() + 20, 64, 240));
  m_editText->installEventFilter(this);
  auto* row = new QHBoxLayout;
  auto* send = new QPushButton(tr("Ask again"), m_editor);
  send->setObjectName("editSend");
  send->setProperty("primary", true);
  auto* cancel = new QPushButton(tr("Cancel"), m_editor);
  cancel->setObjectName("editCancel");
  row->addStretch();
  row->addWidget(cancel);
  row->addWidget(send);
  column->addWidget(m_editText);
  column->addLayout(row);
  connect(send, &QPushButton::clicked, this, [this] { endEdit(true); });
  connect(cancel, &QPushButton::clicked, this, [this] { endEdit(false); });
  m_column->insertWidget(m_column->indexOf(m_body), m_editor);
  m_body->hide();
  m_editText->setFocus();
  emit resized();
}

void MessageWidget::endEdit(bool send) {
  const QString text = m_editText->toPlainText().trimmed();
  if (send && text.isEmpty()) return;
  std::exchange(m_editor, nullptr)->deleteLater();
  m_editText = nullptr;
  m_body->show();
  emit resized();
  if (send) emit edited(m_message.id, text);
}

bool MessageWidget::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_editText && event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
    endEdit(false);
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

int MessageWidget::fit(int width) {
  m_body->fit(width - 2 * kPadding);
  m_column->invalidate();
  m_column->activate();
  return m_column->hasHeightForWidth() ? m_column->totalHeightForWidth(width) : m_column->totalSizeHint().height();
}

void MessageWidget::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  if (event->type() == QEvent::LanguageChange || event->type() == QEvent::FontChange) emit resized();
  QWidget::changeEvent(event);
}

void MessageWidget::paintEvent(QPaintEvent* event) {
  QWidget::paintEvent(event);
  if (!isUser()) return;
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(m_ui.appearance.colors().raised);
  painter.drawRoundedRect(rect(), 8, 8);
}

}  // namespace nibble

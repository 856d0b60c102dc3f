#include "ui/chat/chat_view.h"

#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QScrollBar>
#include <QTimer>
#include <QToolButton>

#include "app/message_list_model.h"
#include "ui/chat/message_widget.h"
#include "ui/line_icons.h"

namespace nibble {

namespace {
constexpr int kGap = 8;
constexpr int kMargin = 16;
constexpr int kColumnCharacters = 92;   // with margins about 80 of text
}  // namespace

ChatView::ChatView(UiContext& ui, MessageListModel& model, QWidget* parent) : QAbstractScrollArea(parent), m_ui(ui), m_model(model) {
  setObjectName("chatView");
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setFocusPolicy(Qt::StrongFocus);
  verticalScrollBar()->setSingleStep(48);
  m_endButton = new QToolButton(this);
  m_endButton->setObjectName("scrollToEnd");
  m_endButton->setIcon(lineIcon("down"));
  m_endButton->setAutoFillBackground(true);
  m_endButton->hide();
  connect(m_endButton, &QToolButton::clicked, this, &ChatView::scrollToEnd);
  connectModel();
  QEvent language(QEvent::LanguageChange);
  changeEvent(&language);
}

void ChatView::connectModel() {
  connect(&m_model, &QAbstractItemModel::modelReset, this, [this] {
    forget(true);
    m_stickToEnd = true;
    arrange();
  });
  connect(&m_model, &QAbstractItemModel::rowsInserted, this, [this] {
    m_stickToEnd = true;  // a new message is what the person just asked for
    scheduleArrange();
  });
  connect(&m_model, &QAbstractItemModel::rowsRemoved, this, &ChatView::scheduleArrange);
  connect(&m_model, &QAbstractItemModel::dataChanged, this, [this](const QModelIndex& first, const QModelIndex& last) {
    for (int row = first.row(); row <= last.row(); ++row) {
      const ChatMessage& message = m_model.message(row);
      m_heights.remove(message.id);
      if (MessageWidget* widget = m_widgets.value(message.id)) widget->update(message, {m_model.branch(row), m_model.branchCount(row)});
    }
    scheduleArrange();
  });
  connect(&m_model, &MessageListModel::grew, this, [this](MessageId id, const QString& text) {
    m_heights.remove(id);
    if (MessageWidget* widget = m_widgets.value(id)) widget->grow(text);
    scheduleArrange();
  });
}

int ChatView::columnWidth() const {
  const int wanted = fontMetrics().averageCharWidth() * kColumnCharacters;
  return std::max(200, std::min(wanted, viewport()->width() - 2 * kMargin));
}

int ChatView::estimate(int row) const {
  const ChatMessage& message = m_model.message(row);
  const int perLine = std::max(20, columnWidth() / std::max(1, fontMetrics().averageCharWidth()));
  const auto lines = message.content.size() / perLine + message.content.count('\n') + 1;
  return static_cast<int>(lines) * fontMetrics().lineSpacing() + 72;
}

int ChatView::heightOf(int row) const {
  const auto measured = m_heights.constFind(m_model.message(row).id);
  return measured != m_heights.constEnd() ? *measured : estimate(row);
}

MessageWidget* ChatView::ensure(int row) {
  const ChatMessage& message = m_model.message(row);
  MessageWidget*& widget = m_widgets[message.id];
  if (widget) return widget;
  widget = new MessageWidget(m_ui, message, {m_model.branch(row), m_model.branchCount(row)}, viewport());
  widget->setBusy(m_busy);
  connect(widget, &MessageWidget::copyWanted, this, [this](MessageId id) {
    if (const ChatMessage* found = m_model.tree().find(id)) QApplication::clipboard()->setText(found->content);
  });
  connect(widget, &MessageWidget::regenerateWanted, this, &ChatView::regenerateWanted);
  connect(widget, &MessageWidget::edited, this, &ChatView::edited);
  connect(widget, &MessageWidget::branchWanted, this, &ChatView::branchWanted);
  connect(widget, &MessageWidget::resized, this, [this, id = message.id] {
    m_heights.remove(id);
    scheduleArrange();
  });
  return widget;
}

void ChatView::scheduleArrange() {
  if (std::exchange(m_arrangePending, true)) return;
  QTimer::singleShot(0, this, [this] {
    m_arrangePending = false;
    arrange();
  });
}

bool ChatView::atEnd() const { return verticalScrollBar()->value() >= verticalScrollBar()->maximum() - 8; }

void ChatView::arrange() {
  if (std::exchange(m_arranging, true)) return;
  const int width = columnWidth();
  if (width != std::exchange(m_measuredWidth, width)) m_heights.clear();
  const int rows = m_model.rowCount();
  const int page = viewport()->height();
  int value = verticalScrollBar()->value();
  std::vector<int> tops(static_cast<std::size_t>(rows) + 1);
  int first = 0, last = -1;
  // Measuring changes heights, which may bring other rows into sight; three rounds settle all but odd cases.
  for (int round = 0; round < 4; ++round) {
    tops[0] = kMargin;
    for (int row = 0; row < rows; ++row) tops[static_cast<std::size_t>(row) + 1] = tops[static_cast<std::size_t>(row)] + heightOf(row) + kGap;
    const int total = tops.back() + kMargin;
    if (m_stickToEnd) value = std::max(0, total - page);
    value = std::clamp(value, 0, std::max(0, total - page));
    first = static_cast<int>(std::upper_bound(tops.begin(), tops.end(), value - page / 2) - tops.begin()) - 1;
    last = static_cast<int>(std::lower_bound(tops.begin(), tops.end(), value + page + page / 2) - tops.begin()) - 1;
    first = std::clamp(first, 0, std::max(0, rows - 1));
    last = std::min(last, rows - 1);
    bool changed = false;
    for (int row = first; row <= last; ++row) {
      const MessageId id = m_model.message(row).id;
      if (m_heights.contains(id)) continue;
      const int before = heightOf(row);
      const int height = ensure(row)->fit(width);
      m_heights.insert(id, height);
      if (height == before) continue;
      changed = true;
      if (tops[static_cast<std::size_t>(row) + 1] <= value) value += height - before;  // what is in sight stays where it is
    }
    if (!changed) break;
  }
  verticalScrollBar()->setPageStep(page);
  verticalScrollBar()->setRange(0, std::max(0, tops.back() + kMargin - page));
  verticalScrollBar()->setValue(value);
  QHash<MessageId, MessageWidget*> kept;
  const int left = (viewport()->width() - width) / 2;
  for (int row = first; row <= last; ++row) {
    MessageWidget* widget = ensure(row);
    if (widget->width() != width && !m_heights.contains(widget->id())) m_heights.insert(widget->id(), widget->fit(width));
    if (widget->width() != width) widget->fit(width);
    widget->setGeometry(left, tops[static_cast<std::size_t>(row)] - value, width, heightOf(row));
    widget->show();
    kept.insert(widget->id(), widget);
  }
  for (auto it = m_widgets.begin(); it != m_widgets.end(); ++it) {
    if (kept.contains(it.key())) continue;
    if ((it.value()->isEditing() || it.value()->isAncestorOf(QApplication::focusWidget())) && m_model.rowOf(it.key()) >= 0) {
      it.value()->hide();
      kept.insert(it.key(), it.value());
    } else {
      it.value()->hide();
      it.value()->deleteLater();
    }
  }
  m_widgets = std::move(kept);
  m_endButton->setVisible(!atEnd());
  m_endButton->move((this->width() - m_endButton->width()) / 2, height() - m_endButton->height() - 8);
  m_endButton->raise();
  m_arranging = false;
}

void ChatView::forget(bool heights) {
  for (MessageWidget* widget : std::as_const(m_widgets)) {
    widget->hide();
    widget->deleteLater();
  }
  m_widgets.clear();
  if (heights) m_heights.clear();
}

void ChatView::setBusy(bool busy) {
  m_busy = busy;
  for (MessageWidget* widget : std::as_const(m_widgets)) widget->setBusy(busy);
}

void ChatView::scrollToEnd() {
  m_stickToEnd = true;
  arrange();
}

MessageWidget* ChatView::widgetAt(int row) const {
  return row >= 0 && row < m_model.rowCount() ? m_widgets.value(m_model.message(row).id) : nullptr;
}

void ChatView::showRow(int row) {
  m_stickToEnd = false;
  int top = kMargin;
  for (int before = 0; before < row; ++before) top += heightOf(before) + kGap;
  verticalScrollBar()->setValue(top);
  arrange();
}

void ChatView::resizeEvent(QResizeEvent* event) {
  QAbstractScrollArea::resizeEvent(event);
  arrange();
}

void ChatView::scrollContentsBy(int, int) {
  if (m_arranging) return;
  m_stickToEnd = atEnd();
  arrange();
}

void ChatView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) {
    setAccessibleName(tr("Messages"));
    m_endButton->setToolTip(tr("To the end"));
    m_endButton->setAccessibleName(tr("To the end"));
  }
  if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
    m_heights.clear();
    scheduleArrange();
  }
  QAbstractScrollArea::changeEvent(event);
}

bool ChatView::viewportEvent(QEvent* event) {
  if (event->type() == QEvent::LayoutRequest) {
    // A child's hint changed by itself (a code block, a label): measure again what is in sight.
    return true;
  }
  return QAbstractScrollArea::viewportEvent(event);
}

}  // namespace nibble

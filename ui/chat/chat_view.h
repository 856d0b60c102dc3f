// The messages of the open chat. Only those in sight (and a screen around) exist as widgets; heights of the others are
// estimated until they are seen, so a chat of a thousand messages opens like one of ten. Stays at the end only if it
// already was there.
#pragma once
#include <QAbstractScrollArea>
#include <QHash>
#include <vector>

#include "app/chat_types.h"
#include "ui/ui_context.h"

class QToolButton;

namespace nibble {

class MessageListModel;
class MessageWidget;

class ChatView : public QAbstractScrollArea {
  Q_OBJECT
 public:
  ChatView(UiContext& ui, MessageListModel& model, QWidget* parent = nullptr);

  void setBusy(bool busy);
  void scrollToEnd();
  MessageWidget* widgetAt(int row) const;          ///< null if that message is not in sight
  void showRow(int row);                           ///< brings it into sight
  int liveWidgets() const { return static_cast<int>(m_widgets.size()); }

 signals:
  void regenerateWanted(nibble::MessageId id);
  void edited(nibble::MessageId id, const QString& text);
  void branchWanted(nibble::MessageId id, int step);

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void scrollContentsBy(int dx, int dy) override;
  void changeEvent(QEvent* event) override;
  bool viewportEvent(QEvent* event) override;

 private:
  void connectModel();
  int columnWidth() const;
  int estimate(int row) const;
  int heightOf(int row) const;
  MessageWidget* ensure(int row);
  void arrange();                                  ///< the one place that lays out
  void scheduleArrange();
  void forget(bool heights);
  bool atEnd() const;

  UiContext& m_ui;
  MessageListModel& m_model;
  QHash<MessageId, MessageWidget*> m_widgets;
  QHash<MessageId, int> m_heights;                 // measured, for the present width
  int m_measuredWidth = 0;
  bool m_busy = false, m_stickToEnd = true, m_arranging = false, m_arrangePending = false;
  QToolButton* m_endButton = nullptr;
};

}  // namespace nibble

// The list of conversations: search over all of them, new, rename, delete with undo, export.
#pragma once
#include <QWidget>
#include <functional>

#include "app/chat_types.h"
#include "ui/ui_context.h"

class QLabel;
class QLineEdit;
class QListView;
class QPushButton;

namespace nibble {

class ChatListModel;
class ChatSession;

class ChatSidebar : public QWidget {
  Q_OBJECT
 public:
  ChatSidebar(UiContext& ui, ChatSession& session, QWidget* parent = nullptr);

  ChatListModel& model() { return *m_model; }
  void focusSearch();
  void rename(ChatId chat);
  void remove(ChatId chat);
  void removeAll();
  void exportMarkdown(ChatId chat);
  void exportJson(ChatId chat);      ///< 0: all of them
  void importJson();

 signals:
  /// For the line at the window's foot; `undo` may be empty.
  void notice(const QString& text, const QString& action, const std::function<void()>& undo);

 protected:
  void changeEvent(QEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void buildLayout();
  void connectSignals();
  void retranslate();
  void selectCurrent();
  void showMenu(const QPoint& at);
  void openRow(const QModelIndex& index);
  void afterDelete(qint64 batch, bool currentGone, const QString& text);
  void write(const QString& file, const QByteArray& bytes);
  ChatId selected() const;

  UiContext& m_ui;
  ChatSession& m_session;
  ChatListModel* m_model;
  QLineEdit* m_search;
  QListView* m_list;
  QLabel* m_empty;
  QPushButton* m_new;
};

}  // namespace nibble

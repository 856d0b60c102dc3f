// The chat page: conversations at the left, messages and the prompt box beside them.
#pragma once
#include <QWidget>
#include <functional>

#include "ui/ui_context.h"

class QSplitter;
class QStackedWidget;

namespace nibble {

class ChatSession;
class ChatSidebar;
class ChatView;
class PromptBox;
class StartPage;

class ChatPage : public QWidget {
  Q_OBJECT
 public:
  explicit ChatPage(UiContext& ui, QWidget* parent = nullptr);
  ~ChatPage() override;

  ChatSession& session() { return *m_session; }
  ChatSidebar& sidebar() { return *m_sidebar; }
  ChatView& view() { return *m_view; }
  PromptBox& prompt() { return *m_prompt; }
  void copyLastAnswer();

 signals:
  void notice(const QString& text, const QString& action, const std::function<void()>& onAction);
  void loadWanted(const QString& model);
  void folderWanted();
  void modelWanted();

 private:
  void buildLayout();
  void connectSignals();
  void restoreState();
  void showRightPage();
  void editSystemPrompt();
  void editSampling();
  void showRenderedPrompt();

  UiContext& m_ui;
  ChatSession* m_session;
  QSplitter* m_splitter;
  ChatSidebar* m_sidebar;
  QStackedWidget* m_stack;
  StartPage* m_start;
  ChatView* m_view;
  PromptBox* m_prompt;
};

}  // namespace nibble

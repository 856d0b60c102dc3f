#include "ui/window_parts.h"

#include <QCoreApplication>
#include <QDockWidget>
#include <QScrollArea>

#include "app/application_context.h"
#include "app/chat_session.h"
#include "ui/chat/chat_page.h"
#include "ui/chat/chat_sidebar.h"
#include "ui/chat/prompt_box.h"
#include "ui/compare/compare_page.h"
#include "ui/dock/model_dock.h"
#include "ui/help/help_actions.h"
#include "ui/log/log_panel.h"
#include "ui/main_window.h"
#include "ui/monitor/monitor_panel.h"
#include "ui/ui_context.h"

namespace nibble {

namespace {
/// What one part asks of another goes through here, so that the parts do not know each other.
void connectParts(MainWindow& window, ChatPage& chat, ModelDock& dock) {
  const auto showDock = [&window] {
    window.dock("model")->show();
    window.dock("model")->raise();
  };
  QObject::connect(&chat, &ChatPage::notice, &window, &MainWindow::notify);
  QObject::connect(&chat, &ChatPage::loadWanted, &dock, &ModelDock::load);
  QObject::connect(&chat, &ChatPage::folderWanted, &dock, &ModelDock::chooseFolder);
  QObject::connect(&chat, &ChatPage::modelWanted, &window, [&window, showDock] {
    showDock();
    window.notify(QCoreApplication::translate("Parts", "Load a model first."));
  });
  QObject::connect(&dock, &ModelDock::notice, &window, [&window](const QString& text) { window.notify(text); });
  QObject::connect(&dock, &ModelDock::newChatWanted, &chat, [&chat] { chat.session().startNew(); });
  QObject::connect(&dock, &ModelDock::logWanted, &window, [&window] { window.dock("log")->show(); });
  QObject::connect(&window, &MainWindow::pathsOpened, &dock, [&dock, showDock](const QStringList& paths) {
    showDock();
    for (const QString& path : paths) dock.addPath(path);
  });
}

void addChatActions(MainWindow& window, ChatPage& chat, ModelDock& dock) {
  const auto add = [&window](int section, const char* name, const char* text, const char* keys, std::function<void()> run) {
    window.addMenuAction(section, name, [text] { return QCoreApplication::translate("Parts", text); }, QKeySequence(keys), std::move(run));
  };
  add(0, "newChatAction", QT_TRANSLATE_NOOP("Parts", "New chat"), "Ctrl+N", [&window, &chat] {
    window.showPage("chat");
    chat.session().startNew();
  });
  add(0, "searchAction", QT_TRANSLATE_NOOP("Parts", "Search chats"), "Ctrl+F", [&window, &chat] {
    window.showPage("chat");
    chat.sidebar().focusSearch();
  });
  add(0, "promptAction", QT_TRANSLATE_NOOP("Parts", "To the prompt"), "Ctrl+J", [&window, &chat] {
    window.showPage("chat");
    chat.prompt().focusPrompt();
  });
  add(0, "copyAnswerAction", QT_TRANSLATE_NOOP("Parts", "Copy the last answer"), "Ctrl+Shift+C", [&chat] { chat.copyLastAnswer(); });
  add(1, "loadAction", QT_TRANSLATE_NOOP("Parts", "Load the chosen model"), "Ctrl+L", [&dock] { dock.load({}); });
  add(1, "addFolderAction", QT_TRANSLATE_NOOP("Parts", "Add a folder of models …"), "Ctrl+O", [&dock] { dock.chooseFolder(); });
  add(2, "exportChatAction", QT_TRANSLATE_NOOP("Parts", "Export this chat as Markdown …"), "Ctrl+E", [&chat] {
    if (chat.session().isStored()) chat.sidebar().exportMarkdown(chat.session().currentId());
  });
  add(2, "importAction", QT_TRANSLATE_NOOP("Parts", "Import chats …"), "", [&chat] { chat.sidebar().importJson(); });
  add(2, "deleteAllAction", QT_TRANSLATE_NOOP("Parts", "Delete all chats …"), "", [&chat] { chat.sidebar().removeAll(); });
  add(9, "quitAction", QT_TRANSLATE_NOOP("Parts", "Quit"), "Ctrl+Q", [&window] { window.close(); });
}
}  // namespace

void addWindowParts(MainWindow& window, UiContext& ui) {
  auto* chat = new ChatPage(ui, &window);
  auto* dock = new ModelDock(ui);
  auto* scroll = new QScrollArea(&window);
  scroll->setObjectName("modelDockScroll");
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidgetResizable(true);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setMinimumWidth(280);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setWidget(dock);
  window.addPage("chat", [] { return QCoreApplication::translate("Pages", "Chat"); }, chat);
  window.addPage("compare", [] { return QCoreApplication::translate("Pages", "Compare"); }, new ComparePage(ui, &window));
  window.addDockPanel("model", [] { return QCoreApplication::translate("Docks", "Model"); }, scroll, Qt::RightDockWidgetArea);
  window.addDockPanel("monitor", [] { return QCoreApplication::translate("Docks", "Monitor"); }, new MonitorPanel(ui, &window), Qt::BottomDockWidgetArea);
  window.addDockPanel("log", [] { return QCoreApplication::translate("Docks", "Log"); }, new LogPanel(ui.app.log(), &window), Qt::BottomDockWidgetArea, false);
  connectParts(window, *chat, *dock);
  addChatActions(window, *chat, *dock);
  addHelpActions(window, ui, *chat);
  window.restoreWindow();
}

}  // namespace nibble

#include "ui/chat/chat_page.h"

#include <QApplication>
#include <QClipboard>
#include <QShortcut>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "app/application_context.h"
#include "app/chat_archive.h"
#include "app/chat_session.h"
#include "app/error_text.h"
#include "app/model_session.h"
#include "app/settings_store.h"
#include "ui/chat/chat_sidebar.h"
#include "ui/chat/chat_view.h"
#include "ui/chat/prompt_box.h"
#include "ui/chat/rendered_prompt_dialog.h"
#include "ui/chat/sampling_dialog.h"
#include "ui/chat/start_page.h"
#include "ui/chat/system_prompt_dialog.h"

namespace nibble {

namespace {
const QString kLastChatKey = "chat/last";
}

ChatPage::ChatPage(UiContext& ui, QWidget* parent) : QWidget(parent), m_ui(ui), m_session(new ChatSession(ui.app, this)) {
  setObjectName("chatPage");
  buildLayout();
  connectSignals();
  restoreState();
  showRightPage();
}

ChatPage::~ChatPage() { m_ui.app.settings().setValue("chat/sidebarWidth", m_splitter->sizes().value(0)); }

void ChatPage::buildLayout() {
  auto* row = new QVBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  m_splitter = new QSplitter(this);
  m_splitter->setObjectName("chatSplitter");
  m_splitter->setHandleWidth(1);
  m_splitter->setChildrenCollapsible(false);
  m_sidebar = new ChatSidebar(m_ui, *m_session, m_splitter);
  m_sidebar->setMinimumWidth(160);
  auto* right = new QWidget(m_splitter);
  auto* column = new QVBoxLayout(right);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  m_stack = new QStackedWidget(right);
  m_stack->setObjectName("chatStack");
  m_start = new StartPage(m_ui, m_stack);
  m_view = new ChatView(m_ui, m_session->messages(), m_stack);
  m_stack->addWidget(m_start);
  m_stack->addWidget(m_view);
  m_prompt = new PromptBox(m_ui, *m_session, right);
  column->addWidget(m_stack, 1);
  column->addWidget(m_prompt);
  m_splitter->addWidget(m_sidebar);
  m_splitter->addWidget(right);
  m_splitter->setStretchFactor(1, 1);
  row->addWidget(m_splitter);
}

void ChatPage::connectSignals() {
  auto& messages = m_session->messages();
  connect(&messages, &QAbstractItemModel::modelReset, this, &ChatPage::showRightPage);
  connect(&messages, &QAbstractItemModel::rowsInserted, this, &ChatPage::showRightPage);
  connect(m_session, &ChatSession::activityChanged, this, [this] { m_view->setBusy(m_session->busy()); });
  connect(m_session, &ChatSession::accepted, this, [this] { m_ui.app.settings().setValue(kLastChatKey, m_session->currentId()); });
  connect(m_session, &ChatSession::opened, this, [this] {
    m_ui.app.settings().setValue(kLastChatKey, m_session->isStored() ? m_session->currentId() : 0);
    m_prompt->focusPrompt();
  });
  connect(m_session, &ChatSession::refused, this, [this](const Error& error) { emit notice(errorText(error).text(), {}, {}); });
  connect(m_view, &ChatView::regenerateWanted, m_session, &ChatSession::regenerate);
  connect(m_view, &ChatView::edited, m_session, &ChatSession::edit);
  connect(m_view, &ChatView::branchWanted, m_session, &ChatSession::selectBranch);
  connect(m_prompt, &PromptBox::systemPromptWanted, this, &ChatPage::editSystemPrompt);
  connect(m_prompt, &PromptBox::samplingWanted, this, &ChatPage::editSampling);
  connect(m_prompt, &PromptBox::renderedPromptWanted, this, &ChatPage::showRenderedPrompt);
  connect(m_prompt, &PromptBox::modelWanted, this, &ChatPage::modelWanted);
  connect(m_start, &StartPage::loadWanted, this, &ChatPage::loadWanted);
  connect(m_start, &StartPage::folderWanted, this, &ChatPage::folderWanted);
  connect(m_start, &StartPage::askWanted, this, [this](const QString& question) {
    m_prompt->setText(question);
    m_prompt->send();
  });
  connect(m_sidebar, &ChatSidebar::notice, this, &ChatPage::notice);
  connect(&m_ui.app.chats(), &ChatArchive::opened, this, [this](int interrupted, const QString& broken) {
    if (!broken.isEmpty()) emit notice(tr("The file of chats was damaged. It is kept as %1, and a new one was begun.").arg(broken), {}, {});
    else if (interrupted > 0) emit notice(tr("%n answer(s) had been interrupted; what had arrived is kept.", nullptr, interrupted), {}, {});
  });
  connect(&m_ui.app.chats(), &ChatArchive::failed, this, [this](const Error& error) {
    emit notice(tr("The chats cannot be read or written. %1").arg(errorText(error).text()), {}, {});
  });
  auto* escape = new QShortcut(Qt::Key_Escape, this);
  escape->setContext(Qt::WidgetWithChildrenShortcut);
  connect(escape, &QShortcut::activated, m_session, &ChatSession::stop);
}

void ChatPage::restoreState() {
  const int width = m_ui.app.settings().value("chat/sidebarWidth", 220).toInt();
  m_splitter->setSizes({std::clamp(width, 160, 600), 800});
  if (const qint64 last = m_ui.app.settings().value(kLastChatKey).toInteger(); last != 0) {
    m_ui.app.chats().ask(this, [](ChatStore& store) { return store.chats(); }, [this, last](const Result<std::vector<ChatSummary>>& chats) {
      if (!chats || m_session->isStored() || m_session->busy()) return;
      const bool there = std::any_of(chats->begin(), chats->end(), [last](const ChatSummary& chat) { return chat.id == last; });
      if (there) m_session->open(last);
    });
  }
}

void ChatPage::showRightPage() { m_stack->setCurrentWidget(m_session->messages().rowCount() > 0 ? static_cast<QWidget*>(m_view) : m_start); }

void ChatPage::copyLastAnswer() {
  const MessageListModel& messages = m_session->messages();
  for (int row = messages.rowCount() - 1; row >= 0; --row) {
    if (messages.message(row).role != "assistant") continue;
    return QApplication::clipboard()->setText(messages.message(row).content);
  }
}

void ChatPage::editSystemPrompt() {
  auto* dialog = new SystemPromptDialog(m_session->chat().systemPrompt, this);
  connect(dialog, &QDialog::accepted, this, [this, dialog] { m_session->setSystemPrompt(dialog->text()); });
  dialog->open();
}

void ChatPage::editSampling() {
  const auto& info = m_ui.app.model().info();
  auto* dialog = new SamplingDialog(m_session->chat().sampling, info ? info->suggestedSampling : SamplingOptions{}, this);
  connect(dialog, &QDialog::accepted, this, [this, dialog] { m_session->setSampling(dialog->sampling()); });
  dialog->open();
}

void ChatPage::showRenderedPrompt() {
  if (!m_ui.app.model().info()) return emit modelWanted();
  auto* dialog = new RenderedPromptDialog(m_ui, m_session->turns(m_prompt->text().trimmed()), this);
  dialog->open();
}

}  // namespace nibble

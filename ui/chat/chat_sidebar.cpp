#include "ui/chat/chat_sidebar.h"

#include <QContextMenuEvent>
#include <QDir>
#include <QFile>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QSaveFile>
#include <QStandardPaths>
#include <QVBoxLayout>

#include "app/application_context.h"
#include "app/chat_list_model.h"
#include "app/chat_session.h"
#include "app/chat_transfer.h"
#include "app/error_text.h"
#include "ui/chat/chat_delegate.h"
#include "ui/dialogs.h"
#include "ui/line_icons.h"

namespace nibble {

ChatSidebar::ChatSidebar(UiContext& ui, ChatSession& session, QWidget* parent)
    : QWidget(parent), m_ui(ui), m_session(session), m_model(new ChatListModel(ui.app.chats(), this)) {
  setObjectName("chatSidebar");
  buildLayout();
  connectSignals();
  retranslate();
}

void ChatSidebar::buildLayout() {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 8, 8, 8);
  column->setSpacing(8);
  m_search = new QLineEdit(this);
  m_search->setObjectName("chatSearch");
  m_search->setClearButtonEnabled(true);
  m_search->addAction(lineIcon("search"), QLineEdit::LeadingPosition);
  m_list = new QListView(this);
  m_list->setObjectName("chatList");
  m_list->setModel(m_model);
  m_list->setItemDelegate(new ChatDelegate(m_list));
  m_list->setContextMenuPolicy(Qt::CustomContextMenu);
  m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  m_list->installEventFilter(this);
  m_empty = new QLabel(this);
  m_empty->setObjectName("chatListEmpty");
  m_empty->setProperty("quiet", true);
  m_empty->setWordWrap(true);
  m_empty->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
  m_new = new QPushButton(this);
  m_new->setObjectName("newChatButton");
  m_new->setIcon(lineIcon("plus"));
  column->addWidget(m_search);
  column->addWidget(m_empty);
  column->addWidget(m_list, 1);
  column->addWidget(m_new);
}

void ChatSidebar::connectSignals() {
  connect(m_search, &QLineEdit::textChanged, m_model, &ChatListModel::setSearch);
  connect(m_new, &QPushButton::clicked, &m_session, &ChatSession::startNew);
  connect(m_list, &QListView::clicked, this, &ChatSidebar::openRow);
  connect(m_list, &QListView::activated, this, &ChatSidebar::openRow);
  connect(m_list, &QListView::customContextMenuRequested, this, &ChatSidebar::showMenu);
  connect(&m_session, &ChatSession::listChanged, m_model, &ChatListModel::refresh);
  connect(&m_session, &ChatSession::opened, this, &ChatSidebar::selectCurrent);
  connect(m_model, &ChatListModel::refreshed, this, [this] {
    m_empty->setVisible(m_model->rowCount() == 0);
    m_list->setVisible(m_model->rowCount() > 0);
    retranslate();
    selectCurrent();
  });
}

void ChatSidebar::focusSearch() {
  m_search->setFocus();
  m_search->selectAll();
}

ChatId ChatSidebar::selected() const { return m_list->currentIndex().data(ChatListModel::IdRole).toLongLong(); }

void ChatSidebar::selectCurrent() {
  const int row = m_model->rowOf(m_session.currentId());
  m_list->setCurrentIndex(row >= 0 ? m_model->index(row) : QModelIndex());
}

void ChatSidebar::openRow(const QModelIndex& index) {
  const ChatId chat = index.data(ChatListModel::IdRole).toLongLong();
  if (chat != 0 && chat != m_session.currentId()) m_session.open(chat);
}

void ChatSidebar::showMenu(const QPoint& at) {
  const QModelIndex index = m_list->indexAt(at);
  const ChatId chat = index.data(ChatListModel::IdRole).toLongLong();
  if (chat == 0) return;
  auto* menu = new QMenu(this);
  menu->setObjectName("chatMenu");
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->addAction(lineIcon("rename"), tr("Rename …"), this, [this, chat] { rename(chat); })->setObjectName("chatRename");
  menu->addAction(lineIcon("save"), tr("Export as Markdown …"), this, [this, chat] { exportMarkdown(chat); })->setObjectName("chatExportMarkdown");
  menu->addAction(lineIcon("save"), tr("Export as JSON …"), this, [this, chat] { exportJson(chat); })->setObjectName("chatExportJson");
  menu->addSeparator();
  menu->addAction(lineIcon("trash"), tr("Delete"), this, [this, chat] { remove(chat); })->setObjectName("chatDelete");
  menu->popup(m_list->viewport()->mapToGlobal(at));
}

bool ChatSidebar::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_list && event->type() == QEvent::KeyPress && selected() != 0) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Delete) return remove(selected()), true;
    if (key == Qt::Key_F2) return rename(selected()), true;
    if (key == Qt::Key_Menu) return showMenu(m_list->visualRect(m_list->currentIndex()).center()), true;
  }
  return QWidget::eventFilter(watched, event);
}

void ChatSidebar::rename(ChatId chat) {
  const int row = m_model->rowOf(chat);
  if (row < 0) return;
  const QString before = m_model->chats()[static_cast<std::size_t>(row)].title;
  const QString title = m_ui.dialogs.askText(this, tr("Rename the chat"), tr("Title"), before).trimmed();
  if (title.isEmpty() || title == before) return;
  if (chat == m_session.currentId()) return m_session.setTitle(title);
  ChatSummary changed = m_model->chats()[static_cast<std::size_t>(row)];
  changed.title = title;
  changed.titledByUser = true;
  m_ui.app.chats().ask(this, [changed](ChatStore& store) { return store.updateChat(changed); }, [this](const Result<void>&) { m_model->refresh(); });
}

void ChatSidebar::remove(ChatId chat) {
  const bool current = chat == m_session.currentId();
  if (current && m_session.busy()) m_session.stop();
  m_ui.app.chats().ask(this, [chat](ChatStore& store) { return store.deleteChats({chat}); }, [this, current](const Result<qint64>& batch) {
    if (batch) afterDelete(*batch, current, tr("The chat is deleted."));
  });
}

void ChatSidebar::removeAll() {
  if (!m_ui.dialogs.confirm(this, tr("Delete all chats?"), tr("All conversations disappear from the list. You can undo it right afterwards."), tr("Delete all"))) return;
  if (m_session.busy()) m_session.stop();
  m_ui.app.chats().ask(this, [](ChatStore& store) { return store.deleteAll(); }, [this](const Result<qint64>& batch) {
    if (batch) afterDelete(*batch, true, tr("All chats are deleted."));
  });
}

void ChatSidebar::afterDelete(qint64 batch, bool currentGone, const QString& text) {
  const ChatId before = currentGone && m_session.isStored() ? m_session.currentId() : 0;
  if (currentGone) m_session.startNew();
  m_model->refresh();
  emit notice(text, tr("Undo"), [this, batch, before] {
    m_ui.app.chats().ask(this, [batch](ChatStore& store) { return store.restore(batch); }, [this, before](const Result<void>&) {
      m_model->refresh();
      if (before != 0) m_session.open(before);
    });
  });
}

void ChatSidebar::write(const QString& file, const QByteArray& bytes) {
  QSaveFile out(file);
  const bool good = out.open(QIODevice::WriteOnly) && out.write(bytes) == bytes.size() && out.commit();
  emit notice(good ? tr("Saved to %1").arg(file) : tr("The file cannot be written: %1").arg(out.errorString()), {}, {});
}

void ChatSidebar::exportMarkdown(ChatId chat) {
  const QString file = m_ui.dialogs.saveFile(this, tr("Export as Markdown"), QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation) + "/chat.md", tr("Markdown (*.md)"));
  if (file.isEmpty()) return;
  m_ui.app.chats().ask(this, [chat](ChatStore& store) { return store.read(chat); }, [this, file](const Result<ChatWithMessages>& content) {
    if (!content) return;
    const ChatTree tree(*content);
    std::vector<ChatMessage> branch;
    for (const MessageId id : tree.path()) branch.push_back(*tree.find(id));
    write(file, chatToMarkdown(content->chat, branch).toUtf8());
  });
}

void ChatSidebar::exportJson(ChatId chat) {
  const QString file = m_ui.dialogs.saveFile(this, tr("Export as JSON"), QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation) + "/chats.json", tr("JSON (*.json)"));
  if (file.isEmpty()) return;
  m_ui.app.chats().ask(this, [chat](ChatStore& store) -> Result<std::vector<ChatWithMessages>> {
    if (chat == 0) return store.readAll();
    NIBBLE_TRY(ChatWithMessages one, store.read(chat));
    return std::vector<ChatWithMessages>{std::move(one)};
  }, [this, file](const Result<std::vector<ChatWithMessages>>& chats) {
    if (chats) write(file, chatsToJson(*chats));
  });
}

void ChatSidebar::importJson() {
  const QString file = m_ui.dialogs.openFile(this, tr("Import chats"), QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation), tr("JSON (*.json)"));
  if (file.isEmpty()) return;
  m_ui.app.chats().ask(this, [file](ChatStore& store) -> Result<int> {
    QFile in(file);
    if (!in.open(QIODevice::ReadOnly)) return fail(ErrorCode::fileMissing, in.errorString().toStdString(), file.toStdString());
    auto chats = chatsFromJson(in.readAll());
    if (!chats) {
      chats.error().file = file.toStdString();
      return fail(chats.error());
    }
    NIBBLE_CHECK(store.import(*chats));
    return static_cast<int>(chats->size());
  }, [this](const Result<int>& count) {
    m_model->refresh();
    emit notice(count ? tr("%n chat(s) imported.", nullptr, *count) : errorText(count.error()).text(), {}, {});
  });
}

void ChatSidebar::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  QWidget::changeEvent(event);
}

void ChatSidebar::retranslate() {
  m_search->setPlaceholderText(tr("Search chats"));
  m_search->setAccessibleName(tr("Search chats"));
  m_search->setToolTip(tr("Search in all titles and messages (Ctrl+F)"));
  m_list->setAccessibleName(tr("Chats"));
  m_new->setText(tr("New chat"));
  m_new->setToolTip(tr("New chat (Ctrl+N)"));
  m_empty->setText(m_model->search().isEmpty() ? tr("Your conversations will be listed here.") : tr("Nothing found."));
  m_list->viewport()->update();
}

}  // namespace nibble

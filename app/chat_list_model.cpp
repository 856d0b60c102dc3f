#include "app/chat_list_model.h"

#include <algorithm>

namespace nibble {

ChatListModel::ChatListModel(ChatArchive& archive, QObject* parent) : QAbstractListModel(parent), m_archive(archive) { refresh(); }

QVariant ChatListModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const auto row = static_cast<std::size_t>(index.row());
  const ChatSummary& chat = m_chats[row];
  switch (role) {
    case Qt::DisplayRole: case Qt::ToolTipRole: return chat.title;
    case IdRole: return chat.id;
    case FoundRole: return chat.found;
    case UpdatedRole: return chat.updated;
    case HeadingRole: {
      const QDate today = QDate::currentDate();
      const Day day = dayOf(chat.updated, today);
      const bool first = row == 0 || dayOf(m_chats[row - 1].updated, today) != day;
      return static_cast<int>(first ? day : Day::none);
    }
    default: return {};
  }
}

ChatListModel::Day ChatListModel::dayOf(const QDateTime& when, const QDate& today) {
  const qint64 days = when.toLocalTime().date().daysTo(today);
  if (days <= 0) return Day::today;
  if (days == 1) return Day::yesterday;
  if (days < 7) return Day::thisWeek;
  return days < 31 ? Day::thisMonth : Day::older;
}

void ChatListModel::setSearch(const QString& text) {
  if (text.trimmed() == m_search) return;
  m_search = text.trimmed();
  refresh();
}

void ChatListModel::refresh() {
  const quint64 asked = ++m_asked;
  m_archive.ask(this, [search = m_search](ChatStore& store) { return search.isEmpty() ? store.chats() : store.search(search); },
                [this, asked](Result<std::vector<ChatSummary>> found) {
    if (asked != m_asked || !found) return;
    setChats(std::move(*found));
    emit refreshed();
  });
}

/// Most refreshes change a title or the order: the same chats in the same order keep the selection and the scroll position.
void ChatListModel::setChats(std::vector<ChatSummary> chats) {
  const bool sameRows = std::equal(chats.begin(), chats.end(), m_chats.begin(), m_chats.end(), [](const auto& a, const auto& b) { return a.id == b.id; });
  if (sameRows) {
    m_chats = std::move(chats);
    if (!m_chats.empty()) emit dataChanged(index(0), index(static_cast<int>(m_chats.size()) - 1));
    return;
  }
  beginResetModel();
  m_chats = std::move(chats);
  endResetModel();
}

int ChatListModel::rowOf(ChatId id) const {
  const auto found = std::find_if(m_chats.begin(), m_chats.end(), [id](const auto& chat) { return chat.id == id; });
  return found == m_chats.end() ? -1 : static_cast<int>(found - m_chats.begin());
}

}  // namespace nibble

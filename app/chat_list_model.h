// The conversations, newest first, with a heading where another day begins; or what a search found.
#pragma once
#include <QAbstractListModel>
#include <vector>

#include "app/chat_archive.h"

namespace nibble {

class ChatListModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { IdRole = Qt::UserRole + 1, HeadingRole, FoundRole, UpdatedRole };
  enum class Day : int { none, today, yesterday, thisWeek, thisMonth, older };

  explicit ChatListModel(ChatArchive& archive, QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(m_chats.size()); }
  QVariant data(const QModelIndex& index, int role) const override;

  void refresh();                                ///< reads the list, or searches again
  void setSearch(const QString& text);
  const QString& search() const { return m_search; }
  int rowOf(ChatId id) const;
  const std::vector<ChatSummary>& chats() const { return m_chats; }

  static Day dayOf(const QDateTime& when, const QDate& today);

 signals:
  void refreshed();

 private:
  void setChats(std::vector<ChatSummary> chats);

  ChatArchive& m_archive;
  QString m_search;
  quint64 m_asked = 0;       // answers of older questions are dropped
  std::vector<ChatSummary> m_chats;
};

}  // namespace nibble

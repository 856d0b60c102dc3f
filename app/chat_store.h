// All conversations in one SQLite database: one connection, WAL with exclusive locking, synchronous=FULL, so that what is
// acknowledged survives a kill or a power cut. Blocking; lives on ChatArchive's thread. Deleting is soft.
#pragma once
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QVariantList>
#include <functional>
#include <memory>

#include "app/chat_types.h"
#include "core/base/result.h"

namespace nibble {

class ChatStore {
 public:
  /// Opens or makes FOLDER/chats.sqlite, migrates it (after a backup beside it), marks answers that were streaming when
  /// the program died as interrupted, and drops what was deleted over 30 days ago. A file that is no database is kept
  /// aside and a new one begun (see brokenFile). Errors: failed with the database's words (locked by another instance …).
  static Result<std::unique_ptr<ChatStore>> open(const QString& folder);
  ~ChatStore();

  Result<std::vector<ChatSummary>> chats();                        ///< newest first
  Result<std::vector<ChatSummary>> search(const QString& text);    ///< in titles and messages; newest first
  Result<ChatWithMessages> read(ChatId chat);
  Result<std::vector<ChatWithMessages>> readAll();

  Result<void> createChat(const ChatSummary& chat);
  Result<void> beginChat(const ChatSummary& chat, const ChatMessage& first);  ///< both or neither
  Result<void> updateChat(const ChatSummary& chat);                ///< title, system prompt, sampling, draft; never the leaf
  Result<void> setLeaf(ChatId chat, MessageId leaf);               ///< shows another branch
  Result<void> appendMessage(const ChatMessage& message);          ///< and makes it the chat's leaf, in one transaction
  Result<void> updateMessage(const ChatMessage& message);          ///< content, state, figures, error
  Result<void> import(const std::vector<ChatWithMessages>& chats); ///< all or nothing; ids must be new

  /// Soft: restore(batch) undoes it.
  Result<qint64> deleteChats(const std::vector<ChatId>& chats);
  Result<qint64> deleteAll();
  Result<void> restore(qint64 batch);

  int interruptedFound() const { return m_interrupted; }
  QString brokenFile() const { return m_brokenFile; }

 private:
  ChatStore() = default;
  Result<void> openDatabase(const QString& file);
  Result<void> makeDurable(const QString& file);
  Result<void> migrate(const QString& file);
  Result<void> tidy();
  Result<QSqlQuery> run(const QString& sql, const QVariantList& values = {});
  Result<void> transact(const std::function<Result<void>()>& body);
  Result<void> insertChat(const ChatSummary& chat);
  Result<void> insertMessage(const ChatMessage& message);
  Result<void> insertLeaf(const ChatMessage& message);
  Result<std::vector<ChatMessage>> messagesOf(ChatId chat);
  qint64 newBatch();

  QString m_connection;
  QSqlDatabase m_database;
  int m_interrupted = 0;
  qint64 m_lastBatch = 0;
  QString m_brokenFile;
};

}  // namespace nibble

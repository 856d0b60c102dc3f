#include "app/chat_store.h"

#include <QFile>
#include <QHash>
#include <QJsonDocument>
#include <QRandomGenerator>
#include <QSqlError>
#include <QStringList>
#include <QUuid>
#include <algorithm>

namespace nibble {

namespace {
constexpr qint64 kKeepDeletedDays = 30;
constexpr int kSearchLimit = 200;
constexpr int kLongestSearch = 1000;  // SQLite refuses patterns of 50,000 bytes

/// Step n brings a database of version n to n + 1. Never edit a step that has been released: add one.
const std::vector<QStringList>& migrations() {
  static const std::vector<QStringList> steps = {
      {"CREATE TABLE chats(id INTEGER PRIMARY KEY, title TEXT NOT NULL, titled_by_user INTEGER NOT NULL, created INTEGER NOT NULL,"
       " updated INTEGER NOT NULL, system_prompt TEXT NOT NULL, sampling TEXT NOT NULL, leaf INTEGER NOT NULL, deleted INTEGER)",
       "CREATE TABLE messages(id INTEGER PRIMARY KEY, chat INTEGER NOT NULL REFERENCES chats(id) ON DELETE CASCADE, parent INTEGER NOT NULL,"
       " role TEXT NOT NULL, content TEXT NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL, model TEXT NOT NULL,"
       " prompt_tokens INTEGER NOT NULL, new_tokens INTEGER NOT NULL, tokens_per_second REAL NOT NULL, first_token_seconds REAL NOT NULL,"
       " error TEXT NOT NULL)",
       "CREATE INDEX messages_of_chat ON messages(chat)"},
      {"ALTER TABLE chats ADD COLUMN draft TEXT NOT NULL DEFAULT ''", "CREATE INDEX chats_by_time ON chats(updated)"},
  };
  return steps;
}

const QString kChatColumns = "id, title, titled_by_user, created, updated, system_prompt, sampling, leaf, draft";
const QString kMessageColumns =
    "id, chat, parent, role, content, state, created, model, prompt_tokens, new_tokens, tokens_per_second, first_token_seconds, error";

QDateTime time(const QVariant& value) { return QDateTime::fromMSecsSinceEpoch(value.toLongLong()); }

ChatSummary readChat(const QSqlQuery& query) {
  ChatSummary chat;
  chat.id = query.value(0).toLongLong();
  chat.title = query.value(1).toString();
  chat.titledByUser = query.value(2).toBool();
  chat.created = time(query.value(3));
  chat.updated = time(query.value(4));
  chat.systemPrompt = query.value(5).toString();
  chat.sampling = QJsonDocument::fromJson(query.value(6).toByteArray()).object();
  chat.leaf = query.value(7).toLongLong();
  chat.draft = query.value(8).toString();
  return chat;
}

ChatMessage readMessage(const QSqlQuery& query) {
  ChatMessage message;
  message.id = query.value(0).toLongLong();
  message.chat = query.value(1).toLongLong();
  message.parent = query.value(2).toLongLong();
  message.role = query.value(3).toString();
  message.content = query.value(4).toString();
  message.state = static_cast<MessageState>(query.value(5).toInt());
  message.created = time(query.value(6));
  message.model = query.value(7).toString();
  message.figures = {query.value(8).toLongLong(), query.value(9).toLongLong(), query.value(10).toDouble(), query.value(11).toDouble()};
  message.error = query.value(12).toString();
  return message;
}

QString json(const QJsonObject& object) { return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact)); }
/// A null QString would be bound as NULL.
QString text(const QString& value) { return value.isNull() ? QString("") : value; }

/// Two messages may bear the same millisecond, and clocks are set back: time alone does not put a question before its answer.
std::vector<ChatMessage> parentsFirst(std::vector<ChatMessage> messages) {
  QHash<MessageId, std::size_t> places;
  for (std::size_t i = 0; i < messages.size(); ++i) places.insert(messages[i].id, i);
  std::vector<bool> placed(messages.size());
  std::vector<ChatMessage> out;
  std::vector<std::size_t> chain;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    chain.clear();
    for (std::size_t at = i; !placed[at];) {
      placed[at] = true;
      chain.push_back(at);
      const auto parent = places.constFind(messages[at].parent);
      if (parent == places.constEnd()) break;
      at = *parent;
    }
    for (auto at = chain.rbegin(); at != chain.rend(); ++at) out.push_back(std::move(messages[*at]));
  }
  return out;
}

/// Chats are nobody else's business: the file is private before the first byte is written, and SQLite gives its log the same mode.
void makePrivate(const QString& file) {
  QFile made(file);
  if (!made.exists() && !made.open(QIODevice::WriteOnly)) return;
  made.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
}

/// The words around the first hit, on one line.
QString surroundings(const QString& content, const QString& needle) {
  const qsizetype at = content.indexOf(needle, 0, Qt::CaseInsensitive);
  if (at < 0) return {};
  const qsizetype begin = std::max<qsizetype>(0, at - 24);
  return ((begin > 0 ? "…" : "") + content.mid(begin, 24 + needle.size() + 60)).simplified();
}
}  // namespace

qint64 newChatId() { return static_cast<qint64>(QRandomGenerator::global()->generate64() >> 11) | 1; }

Result<std::unique_ptr<ChatStore>> ChatStore::open(const QString& folder) {
  std::unique_ptr<ChatStore> store(new ChatStore);
  const QString file = folder + "/chats.sqlite";
  NIBBLE_CHECK(store->openDatabase(file));
  NIBBLE_CHECK(store->migrate(file));
  NIBBLE_CHECK(store->tidy());
  return store;
}

ChatStore::~ChatStore() {
  m_database.close();
  m_database = {};
  if (!m_connection.isEmpty()) QSqlDatabase::removeDatabase(m_connection);
}

Result<void> ChatStore::openDatabase(const QString& file) {
  makePrivate(file);
  m_connection = QUuid::createUuid().toString();
  m_database = QSqlDatabase::addDatabase("QSQLITE", m_connection);
  m_database.setDatabaseName(file);
  m_database.setConnectOptions("QSQLITE_BUSY_TIMEOUT=1000");
  if (!m_database.open()) return fail(ErrorCode::failed, m_database.lastError().text().toStdString(), file.toStdString());
  const auto durable = makeDurable(file);
  if (!durable && durable.error().field == "26") {  // SQLITE_NOTADB: keep what is there, begin anew
    m_database.close();
    m_brokenFile = file + ".broken-" + QDateTime::currentDateTimeUtc().toString("yyyyMMdd-HHmmss-zzz");
    if (!QFile::rename(file, m_brokenFile)) return fail(ErrorCode::failed, "a broken database cannot be moved aside", file.toStdString());
    makePrivate(file);
    if (!m_database.open()) return fail(ErrorCode::failed, m_database.lastError().text().toStdString(), file.toStdString());
    return makeDurable(file);
  }
  return durable;
}

Result<void> ChatStore::makeDurable(const QString& file) {
  NIBBLE_CHECK(run("PRAGMA locking_mode=EXCLUSIVE"));
  NIBBLE_TRY(QSqlQuery mode, run("PRAGMA journal_mode=WAL"));
  // SQLite refuses another mode without an error: it answers with the one that is kept.
  if (!mode.next() || mode.value(0).toString() != "wal") return fail(ErrorCode::failed, "the database of chats cannot be written", file.toStdString());
  mode.finish();
  NIBBLE_CHECK(run("PRAGMA synchronous=FULL"));
  NIBBLE_CHECK(run("PRAGMA foreign_keys=ON"));
  return {};
}

Result<void> ChatStore::migrate(const QString& file) {
  NIBBLE_TRY(QSqlQuery query, run("PRAGMA user_version"));
  const int version = query.next() ? query.value(0).toInt() : 0;
  query.finish();
  const int newest = static_cast<int>(migrations().size());
  if (version > newest) return fail(ErrorCode::fileUnsupported, "the chats were written by a newer version of the program", file.toStdString());
  if (version == newest) return {};
  if (version > 0) {
    const QString backup = file + QString(".backup-v%1").arg(version);
    QFile::remove(backup);
    makePrivate(backup);
    NIBBLE_CHECK(run("VACUUM INTO ?", {backup}));
  }
  return transact([&]() -> Result<void> {
    for (int step = version; step < newest; ++step) {
      for (const QString& sql : migrations()[static_cast<std::size_t>(step)]) NIBBLE_CHECK(run(sql));
    }
    NIBBLE_CHECK(run(QString("PRAGMA user_version=%1").arg(newest)));
    return {};
  });
}

Result<void> ChatStore::tidy() {
  NIBBLE_TRY(const QSqlQuery query, run("UPDATE messages SET state=? WHERE state=?",
                                        {static_cast<int>(MessageState::interrupted), static_cast<int>(MessageState::streaming)}));
  m_interrupted = query.numRowsAffected();
  const qint64 before = QDateTime::currentMSecsSinceEpoch() - kKeepDeletedDays * 86'400'000;
  NIBBLE_CHECK(run("DELETE FROM chats WHERE deleted IS NOT NULL AND deleted < ?", {before}));
  return {};
}

Result<QSqlQuery> ChatStore::run(const QString& sql, const QVariantList& values) {
  QSqlQuery query(m_database);
  query.setForwardOnly(true);
  bool good = query.prepare(sql);
  if (good) {
    for (const QVariant& value : values) query.addBindValue(value);
    good = query.exec();
  }
  if (!good) {
    const QSqlError error = query.lastError();
    return fail(ErrorCode::failed, error.text().toStdString(), m_database.databaseName().toStdString(), error.nativeErrorCode().toStdString());
  }
  return query;
}

Result<void> ChatStore::transact(const std::function<Result<void>()>& body) {
  NIBBLE_CHECK(run("BEGIN IMMEDIATE"));
  const Result<void> done = body();
  if (!done) {
    (void)run("ROLLBACK");
    return done;
  }
  NIBBLE_CHECK(run("COMMIT"));
  return {};
}

Result<std::vector<ChatSummary>> ChatStore::chats() {
  NIBBLE_TRY(QSqlQuery query, run("SELECT " + kChatColumns + " FROM chats WHERE deleted IS NULL ORDER BY updated DESC"));
  std::vector<ChatSummary> found;
  while (query.next()) found.push_back(readChat(query));
  return found;
}

Result<std::vector<ChatSummary>> ChatStore::search(const QString& text) {
  QString escaped = text.left(kLongestSearch);
  escaped.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_");
  const QString pattern = "%" + escaped + "%";
  NIBBLE_TRY(QSqlQuery query,
             run("SELECT " + kChatColumns + ", (SELECT content FROM messages WHERE chat=chats.id AND content LIKE ? ESCAPE '\\' LIMIT 1) AS hit"
                 " FROM chats WHERE deleted IS NULL AND (title LIKE ? ESCAPE '\\' OR hit IS NOT NULL) ORDER BY updated DESC LIMIT ?",
                 {pattern, pattern, kSearchLimit}));
  std::vector<ChatSummary> found;
  while (query.next()) {
    found.push_back(readChat(query));
    found.back().found = surroundings(query.value(9).toString(), text);
  }
  return found;
}

Result<std::vector<ChatMessage>> ChatStore::messagesOf(ChatId chat) {
  NIBBLE_TRY(QSqlQuery query, run("SELECT " + kMessageColumns + " FROM messages WHERE chat=? ORDER BY created, rowid", {chat}));
  std::vector<ChatMessage> found;
  while (query.next()) found.push_back(readMessage(query));
  return parentsFirst(std::move(found));
}

Result<ChatWithMessages> ChatStore::read(ChatId chat) {
  NIBBLE_TRY(QSqlQuery query, run("SELECT " + kChatColumns + " FROM chats WHERE id=?", {chat}));
  if (!query.next()) return fail(ErrorCode::fileMissing, "there is no such chat");
  ChatWithMessages out;
  out.chat = readChat(query);
  NIBBLE_TRY(out.messages, messagesOf(chat));
  return out;
}

Result<std::vector<ChatWithMessages>> ChatStore::readAll() {
  NIBBLE_TRY(const std::vector<ChatSummary> summaries, chats());
  std::vector<ChatWithMessages> out;
  for (const ChatSummary& chat : summaries) {
    NIBBLE_TRY(std::vector<ChatMessage> messages, messagesOf(chat.id));
    out.push_back({chat, std::move(messages)});
  }
  return out;
}

Result<void> ChatStore::insertChat(const ChatSummary& chat) {
  NIBBLE_CHECK(run("INSERT INTO chats(" + kChatColumns + ") VALUES(?,?,?,?,?,?,?,?,?)",
                   {chat.id, text(chat.title), chat.titledByUser, chat.created.toMSecsSinceEpoch(), chat.updated.toMSecsSinceEpoch(),
                    text(chat.systemPrompt), json(chat.sampling), chat.leaf, text(chat.draft)}));
  return {};
}

Result<void> ChatStore::insertMessage(const ChatMessage& message) {
  const AnswerFigures& figures = message.figures;
  NIBBLE_CHECK(run("INSERT INTO messages(" + kMessageColumns + ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
                   {message.id, message.chat, message.parent, text(message.role), text(message.content), static_cast<int>(message.state),
                    message.created.toMSecsSinceEpoch(), text(message.model), figures.promptTokens, figures.newTokens,
                    figures.tokensPerSecond, figures.firstTokenSeconds, text(message.error)}));
  return {};
}

Result<void> ChatStore::createChat(const ChatSummary& chat) { return insertChat(chat); }

Result<void> ChatStore::updateChat(const ChatSummary& chat) {
  NIBBLE_CHECK(run("UPDATE chats SET title=?, titled_by_user=?, system_prompt=?, sampling=?, draft=? WHERE id=?",
                   {text(chat.title), chat.titledByUser, text(chat.systemPrompt), json(chat.sampling), text(chat.draft), chat.id}));
  return {};
}

Result<void> ChatStore::setLeaf(ChatId chat, MessageId leaf) {
  NIBBLE_CHECK(run("UPDATE chats SET leaf=? WHERE id=?", {leaf, chat}));
  return {};
}

Result<void> ChatStore::beginChat(const ChatSummary& chat, const ChatMessage& first) {
  return transact([&]() -> Result<void> {
    NIBBLE_CHECK(insertChat(chat));
    return insertLeaf(first);
  });
}

Result<void> ChatStore::insertLeaf(const ChatMessage& message) {
  NIBBLE_CHECK(insertMessage(message));
  NIBBLE_CHECK(run("UPDATE chats SET leaf=?, updated=? WHERE id=?", {message.id, message.created.toMSecsSinceEpoch(), message.chat}));
  return {};
}

Result<void> ChatStore::appendMessage(const ChatMessage& message) {
  return transact([&] { return insertLeaf(message); });
}

Result<void> ChatStore::updateMessage(const ChatMessage& message) {
  const AnswerFigures& figures = message.figures;
  NIBBLE_CHECK(run("UPDATE messages SET content=?, state=?, model=?, prompt_tokens=?, new_tokens=?, tokens_per_second=?, first_token_seconds=?,"
                   " error=? WHERE id=?",
                   {text(message.content), static_cast<int>(message.state), text(message.model), figures.promptTokens, figures.newTokens,
                    figures.tokensPerSecond, figures.firstTokenSeconds, text(message.error), message.id}));
  return {};
}

Result<void> ChatStore::import(const std::vector<ChatWithMessages>& chats) {
  return transact([&]() -> Result<void> {
    for (const ChatWithMessages& one : chats) {
      NIBBLE_CHECK(insertChat(one.chat));
      for (const ChatMessage& message : one.messages) NIBBLE_CHECK(insertMessage(message));
    }
    return {};
  });
}

/// The time of the deletion, which also tells one deletion from the next.
qint64 ChatStore::newBatch() {
  m_lastBatch = std::max(QDateTime::currentMSecsSinceEpoch(), m_lastBatch + 1);
  return m_lastBatch;
}

Result<qint64> ChatStore::deleteChats(const std::vector<ChatId>& chats) {
  const qint64 batch = newBatch();
  NIBBLE_CHECK(transact([&]() -> Result<void> {
    for (const ChatId chat : chats) NIBBLE_CHECK(run("UPDATE chats SET deleted=? WHERE id=? AND deleted IS NULL", {batch, chat}));
    return {};
  }));
  return batch;
}

Result<qint64> ChatStore::deleteAll() {
  const qint64 batch = newBatch();
  NIBBLE_CHECK(run("UPDATE chats SET deleted=? WHERE deleted IS NULL", {batch}));
  return batch;
}

Result<void> ChatStore::restore(qint64 batch) {
  NIBBLE_CHECK(run("UPDATE chats SET deleted=NULL WHERE deleted=?", {batch}));
  return {};
}

}  // namespace nibble

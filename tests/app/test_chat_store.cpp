// The chat store on disk: round trips, search, soft delete, migration with backup, damage, two instances, interruption.
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QtTest>

#include "app/chat_archive.h"
#include "app/chat_store.h"
#include "app/chat_transfer.h"
#include "app/chat_tree.h"

using namespace nibble;

namespace {
ChatSummary newChat(const QString& title) {
  ChatSummary chat;
  chat.id = newChatId();
  chat.title = title;
  chat.created = chat.updated = QDateTime::fromMSecsSinceEpoch(1'790'000'000'123);
  chat.systemPrompt = "Be brief.";
  chat.sampling = {{"preset", "greedy"}};
  return chat;
}

ChatMessage newMessage(ChatId chat, MessageId parent, const QString& role, const QString& content) {
  ChatMessage message;
  message.id = newChatId();
  message.chat = chat;
  message.parent = parent;
  message.role = role;
  message.content = content;
  message.created = QDateTime::fromMSecsSinceEpoch(1'790'000'001'000 + message.id % 2);
  return message;
}

std::unique_ptr<ChatStore> openStore(const QString& folder) {
  auto store = ChatStore::open(folder);
  if (!store) qWarning("%s", store.error().detail.c_str());
  return store ? std::move(*store) : nullptr;
}
}  // namespace

class TestChatStore : public QObject {
  Q_OBJECT
 private slots:
  void roundTrip() {
    QTemporaryDir folder;
    const ChatSummary chat = newChat("雨 and 'quotes'");
    const ChatMessage question = newMessage(chat.id, 0, "user", QString::fromUtf8("why \0 not?", 10));
    ChatMessage answer = newMessage(chat.id, question.id, "assistant", "because");
    answer.figures = {12, 34, 41.5, 0.125};
    answer.model = "tiny · q4";
    {
      auto store = openStore(folder.path());
      QVERIFY(store->createChat(chat) && store->appendMessage(question) && store->appendMessage(answer));
    }
    auto store = openStore(folder.path());
    const auto read = store->read(chat.id);
    QVERIFY(read.has_value());
    QCOMPARE(read->chat.title, chat.title);
    QCOMPARE(read->chat.sampling, chat.sampling);
    QCOMPARE(read->chat.leaf, answer.id);
    QCOMPARE(read->messages.size(), 2u);
    QCOMPARE(read->messages[1].figures.tokensPerSecond, 41.5);
    QCOMPARE(read->messages[1].model, answer.model);
    QVERIFY(!store->read(12345).has_value());
  }

  void pragmasAreAsPromised() {
    QTemporaryDir folder;
    auto store = openStore(folder.path());
    QSqlDatabase database = QSqlDatabase::database(QSqlDatabase::connectionNames().first());
    const auto pragma = [&](const char* name) {
      QSqlQuery query(QString("PRAGMA ") + name, database);
      return query.next() ? query.value(0).toString() : QString();
    };
    QCOMPARE(pragma("journal_mode"), QString("wal"));
    QCOMPARE(pragma("locking_mode"), QString("exclusive"));
    QCOMPARE(pragma("synchronous"), QString("2"));
  }

  void searchTakesWildcardsLiterally() {
    QTemporaryDir folder;
    auto store = openStore(folder.path());
    const ChatSummary percent = newChat("percent"), plain = newChat("plain");
    QVERIFY(store->createChat(percent) && store->createChat(plain));
    QVERIFY(store->appendMessage(newMessage(percent.id, 0, "user", "it is 100% sure, a_b")).has_value());
    QVERIFY(store->appendMessage(newMessage(plain.id, 0, "user", "it is 100 times sure, axb")).has_value());
    QCOMPARE(store->search("100%")->size(), 1u);
    QCOMPARE(store->search("a_b")->size(), 1u);
    QCOMPARE(store->search("SURE")->size(), 2u);
    QCOMPARE(store->search("plain")->size(), 1u);
    QCOMPARE(store->search("\\")->size(), 0u);
  }

  void deletingIsSoft() {
    QTemporaryDir folder;
    auto store = openStore(folder.path());
    const ChatSummary one = newChat("one"), two = newChat("two"), three = newChat("three");
    for (const auto& chat : {one, two, three}) QVERIFY(store->createChat(chat).has_value());
    const auto first = store->deleteChats({one.id});
    QVERIFY(first.has_value());
    QTest::qWait(2);  // batches are told apart by the millisecond
    const auto rest = store->deleteAll();
    QCOMPARE(store->chats()->size(), 0u);
    QVERIFY(store->restore(*rest).has_value());
    QCOMPARE(store->chats()->size(), 2u);
    QVERIFY(store->restore(*first).has_value());
    QCOMPARE(store->chats()->size(), 3u);
  }

  void oldDatabaseIsMigratedAfterABackup() {
    QTemporaryDir folder;
    const QString file = folder.filePath("chats.sqlite");
    {
      QSqlDatabase old = QSqlDatabase::addDatabase("QSQLITE", "old");
      old.setDatabaseName(file);
      QVERIFY(old.open());
      QSqlQuery query(old);
      QVERIFY(query.exec("CREATE TABLE chats(id INTEGER PRIMARY KEY, title TEXT NOT NULL, titled_by_user INTEGER NOT NULL, created INTEGER NOT NULL,"
                         " updated INTEGER NOT NULL, system_prompt TEXT NOT NULL, sampling TEXT NOT NULL, leaf INTEGER NOT NULL, deleted INTEGER)"));
      QVERIFY(query.exec("CREATE TABLE messages(id INTEGER PRIMARY KEY, chat INTEGER NOT NULL REFERENCES chats(id) ON DELETE CASCADE, parent INTEGER NOT NULL,"
                         " role TEXT NOT NULL, content TEXT NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL, model TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,"
                         " new_tokens INTEGER NOT NULL, tokens_per_second REAL NOT NULL, first_token_seconds REAL NOT NULL, error TEXT NOT NULL)"));
      QVERIFY(query.exec("INSERT INTO chats VALUES(7, 'old chat', 0, 1, 2, '', '{}', 0, NULL)"));
      QVERIFY(query.exec("PRAGMA user_version=1"));
      old.close();
    }
    QSqlDatabase::removeDatabase("old");
    auto store = openStore(folder.path());
    QVERIFY(store);
    QCOMPARE(store->chats()->front().title, QString("old chat"));
    QCOMPARE(store->chats()->front().draft, QString());
    QVERIFY(QFile::exists(file + ".backup-v1"));
  }

  void aNewerDatabaseIsLeftAlone() {
    QTemporaryDir folder;
    {
      openStore(folder.path());
      QSqlDatabase later = QSqlDatabase::addDatabase("QSQLITE", "later");
      later.setDatabaseName(folder.filePath("chats.sqlite"));
      QVERIFY(later.open());
      QVERIFY(QSqlQuery(later).exec("PRAGMA user_version=99"));
      later.close();
    }
    QSqlDatabase::removeDatabase("later");
    const auto store = ChatStore::open(folder.path());
    QVERIFY(!store.has_value());
    QCOMPARE(store.error().code, ErrorCode::fileUnsupported);
  }

  void whatIsNoDatabaseIsKeptAside() {
    QTemporaryDir folder;
    QFile file(folder.filePath("chats.sqlite"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(8192, 'x'));
    file.close();
    auto store = openStore(folder.path());
    QVERIFY(store);
    QVERIFY(QFile::exists(store->brokenFile()));
    QVERIFY(store->createChat(newChat("new")).has_value());
  }

  void aSecondInstanceIsRefusedWithWords() {
    QTemporaryDir folder;
    auto store = openStore(folder.path());
    QVERIFY(store->createChat(newChat("mine")).has_value());
    const auto second = ChatStore::open(folder.path());
    QVERIFY(!second.has_value());
    QVERIFY2(QString::fromStdString(second.error().detail).contains("locked"), second.error().detail.c_str());
  }

  void streamingBecomesInterrupted() {
    QTemporaryDir folder;
    const ChatSummary chat = newChat("c");
    ChatMessage message = newMessage(chat.id, 0, "assistant", "half an ans");
    message.state = MessageState::streaming;
    {
      auto store = openStore(folder.path());
      QVERIFY(store->createChat(chat) && store->appendMessage(message));
    }
    auto store = openStore(folder.path());
    QCOMPARE(store->interruptedFound(), 1);
    QCOMPARE(store->read(chat.id)->messages[0].state, MessageState::interrupted);
    QCOMPARE(store->read(chat.id)->messages[0].content, message.content);
  }

  void archiveKeepsOrderAndTellsErrors() {
    QTemporaryDir folder;
    ChatArchive archive(folder.path());
    const ChatSummary chat = newChat("c");
    std::size_t seen = 99;
    archive.post([chat](ChatStore& store) { return store.createChat(chat); });
    archive.ask(this, [](ChatStore& store) { return store.chats(); }, [&](const Result<std::vector<ChatSummary>>& chats) { seen = chats->size(); });
    QTRY_COMPARE(seen, 1u);
    QSignalSpy failures(&archive, &ChatArchive::failed);
    archive.post([chat](ChatStore& store) { return store.createChat(chat); });  // the same id again
    QTRY_COMPARE(failures.size(), 1);
  }

  void jsonRoundTripGetsNewIds() {
    const ChatSummary chat = newChat("c");
    const ChatMessage question = newMessage(chat.id, 0, "user", "q");
    const ChatMessage first = newMessage(chat.id, question.id, "assistant", "a1"), second = newMessage(chat.id, question.id, "assistant", "a2");
    ChatWithMessages content{chat, {question, first, second}};
    content.chat.leaf = first.id;
    const auto read = chatsFromJson(chatsToJson({content}));
    QVERIFY(read.has_value());
    const ChatWithMessages& copy = read->front();
    QVERIFY(copy.chat.id != chat.id);
    QCOMPARE(copy.chat.title, chat.title);
    const ChatTree tree(copy);
    QCOMPARE(tree.path().size(), 2u);
    QCOMPARE(tree.find(tree.leaf())->content, QString("a1"));
    QCOMPARE(tree.siblings(tree.leaf()).size(), 2u);
  }

  void malformedJsonIsRefusedByField_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("field");
    QTest::newRow("empty") << QByteArray() << "";
    QTest::newRow("array") << QByteArray("[]") << "";
    QTest::newRow("other") << QByteArray(R"({"format": "x"})") << "format";
    QTest::newRow("version") << QByteArray(R"({"format": "nibble-chats", "version": 2})") << "version";
    QTest::newRow("no messages") << QByteArray(R"({"format": "nibble-chats", "version": 1, "chats": [{}]})") << "chats[0].messages";
    QTest::newRow("role") << QByteArray(R"({"format": "nibble-chats", "version": 1, "chats": [{"messages": [{"role": "x", "content": ""}]}]})") << "chats[0].messages[0].role";
    QTest::newRow("content") << QByteArray(R"({"format": "nibble-chats", "version": 1, "chats": [{"messages": [{"role": "user", "content": 3}]}]})") << "chats[0].messages[0].content";
    QTest::newRow("deep") << QByteArray(100'000, '[') << "";
  }
  void malformedJsonIsRefusedByField() {
    QFETCH(QByteArray, json);
    QFETCH(QString, field);
    const auto read = chatsFromJson(json);
    QVERIFY(!read.has_value());
    QCOMPARE(QString::fromStdString(read.error().field), field);
  }

  void aTreeSurvivesOddParents() {
    ChatWithMessages content;
    ChatMessage orphan = newMessage(1, 999, "user", "orphan");
    ChatMessage self = newMessage(1, 0, "user", "self");
    self.parent = self.id;
    ChatMessage a = newMessage(1, 0, "user", "a"), b = newMessage(1, a.id, "assistant", "b");
    a.parent = b.id;  // a cycle
    content.messages = {orphan, self, a, b};
    content.chat.leaf = b.id;
    const ChatTree tree(content);
    QVERIFY(tree.path().size() <= 5);
    QVERIFY(tree.find(orphan.id)->parent == 0);
  }
};

QTEST_GUILESS_MAIN(TestChatStore)
#include "test_chat_store.moc"

// The database of chats: how it is opened, what it keeps, deleting and finding, older and newer versions, refusals.
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QtTest>
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/chat_store.h"
#include "app/chat_tree.h"
#include "tests/support/example_chat.h"

using namespace nibble;
using namespace nibble::test;

namespace {
std::unique_ptr<ChatStore> opened(const QString& folder) {
  auto store = ChatStore::open(folder);
  if (!store) qWarning("not opened: %s", store.error().detail.c_str());
  return store ? std::move(*store) : nullptr;
}

/// One value of a query on a connection of its own.
QVariant ask(const QString& file, const QString& sql) {
  QVariant value;
  {
    QSqlDatabase database = QSqlDatabase::addDatabase("QSQLITE", "asked");
    database.setDatabaseName(file);
    if (database.open()) {
      QSqlQuery query(database);
      if (query.exec(sql) && query.next()) value = query.value(0);
      else if (query.lastError().isValid()) value = query.lastError().text();
    }
  }
  QSqlDatabase::removeDatabase("asked");
  return value;
}

/// While it lives, file permissions count even for root.
class Unprivileged {
 public:
  Unprivileged() : m_root(geteuid() == 0) { good = !m_root || seteuid(65534) == 0; }
  ~Unprivileged() { if (m_root && seteuid(0) != 0) std::abort(); }
  bool good;

 private:
  bool m_root;
};

/// A conversation in the store: question and answer.
ChatWithMessages kept(ChatStore& store, const QString& title, const QString& question, const QString& answer) {
  ChatWithMessages content;
  content.chat = exampleChat(title);
  content.messages = {exampleMessage(content.chat.id, 0, "user", question)};
  content.messages.push_back(exampleMessage(content.chat.id, content.messages[0].id, "assistant", answer, 1));
  const auto created = store.createChat(content.chat);
  bool good = created.has_value();
  for (const ChatMessage& message : content.messages) good = store.appendMessage(message).has_value() && good;
  if (!good) qWarning("the example was not stored");
  return content;
}

/// A database as the first released schema had it, with one chat.
void makeVersionOne(const QString& file, int version = 1) {
  {
    QSqlDatabase database = QSqlDatabase::addDatabase("QSQLITE", "old");
    database.setDatabaseName(file);
    QVERIFY(database.open());
    for (const QString& sql : {
             QString("CREATE TABLE chats(id INTEGER PRIMARY KEY, title TEXT NOT NULL, titled_by_user INTEGER NOT NULL, created INTEGER NOT NULL,"
                     " updated INTEGER NOT NULL, system_prompt TEXT NOT NULL, sampling TEXT NOT NULL, leaf INTEGER NOT NULL, deleted INTEGER)"),
             QString("CREATE TABLE messages(id INTEGER PRIMARY KEY, chat INTEGER NOT NULL REFERENCES chats(id) ON DELETE CASCADE, parent INTEGER NOT NULL,"
                     " role TEXT NOT NULL, content TEXT NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL, model TEXT NOT NULL,"
                     " prompt_tokens INTEGER NOT NULL, new_tokens INTEGER NOT NULL, tokens_per_second REAL NOT NULL, first_token_seconds REAL NOT NULL,"
                     " error TEXT NOT NULL)"),
             QString("CREATE INDEX messages_of_chat ON messages(chat)"),
             QString("INSERT INTO chats VALUES(7, 'Old', 0, 1000, 1000, '', '{}', 8, NULL)"),
             QString("INSERT INTO messages VALUES(8, 7, 0, 'user', 'written long ago', 0, 1000, '', 0, 0, 0, 0, '')"),
             QString("PRAGMA user_version=%1").arg(version)}) {
      QSqlQuery query(database);
      QVERIFY2(query.exec(sql), qPrintable(query.lastError().text()));
    }
  }
  QSqlDatabase::removeDatabase("old");
}
}  // namespace

class TestChatStore : public QObject {
  Q_OBJECT
 private slots:
  void isDurableAndExclusive() {
    QTemporaryDir folder;
    auto store = opened(folder.path());
    QVERIFY(store);
    // The store's own connection is the newest one; what is set there is what counts.
    const QStringList names = QSqlDatabase::connectionNames();
    QCOMPARE(names.size(), 1);
    const auto pragma = [&](const QString& name) {
      QSqlQuery query(QSqlDatabase::database(names[0]));
      return query.exec("PRAGMA " + name) && query.next() ? query.value(0).toString() : QString();
    };
    QCOMPARE(pragma("journal_mode"), QString("wal"));
    QCOMPARE(pragma("locking_mode"), QString("exclusive"));
    QCOMPARE(pragma("synchronous"), QString("2"));  // FULL
    QCOMPARE(pragma("foreign_keys"), QString("1"));
    QCOMPARE(pragma("user_version"), QString("2"));
    QVERIFY(QFile::exists(folder.filePath("chats.sqlite-wal")));
  }

  void nobodyElseCanReadIt() {
    QTemporaryDir folder;
    auto store = opened(folder.path());
    kept(*store, "a", "b", "c");
    const QFileInfoList files = QDir(folder.path()).entryInfoList(QDir::Files);
    QVERIFY(files.size() >= 2);
    for (const QFileInfo& file : files) {
      struct stat facts{};
      QCOMPARE(stat(file.filePath().toLocal8Bit(), &facts), 0);
      QVERIFY2((facts.st_mode & 077) == 0, qPrintable(file.fileName() + " " + QString::number(facts.st_mode & 0777, 8)));
    }
  }

  void aSecondInstanceIsRefused() {
    QTemporaryDir folder;
    auto store = opened(folder.path());
    const auto second = ChatStore::open(folder.path());
    QVERIFY(!second);
    QVERIFY2(second.error().detail.find("locked") != std::string::npos, second.error().detail.c_str());
    QVERIFY(!second.error().file.empty());
    store.reset();
    QVERIFY(ChatStore::open(folder.path()).has_value());
  }

  void keepsEveryField() {
    QTemporaryDir folder;
    const ChatWithMessages example = exampleConversation();
    {
      auto store = opened(folder.path());
      QVERIFY(store->import({example}).has_value());
      ChatSummary changed = example.chat;
      changed.title = "New name";
      changed.titledByUser = true;
      changed.draft = "not yet sent";
      changed.leaf = 0;  // never written by updateChat
      QVERIFY(store->updateChat(changed).has_value());
    }
    auto store = opened(folder.path());
    const auto read = store->read(example.chat.id);
    QVERIFY(read.has_value());
    QCOMPARE(read->chat.title, QString("New name"));
    QVERIFY(read->chat.titledByUser);
    QCOMPARE(read->chat.draft, QString("not yet sent"));
    QCOMPARE(read->chat.leaf, example.chat.leaf);
    QCOMPARE(read->chat.systemPrompt, example.chat.systemPrompt);
    QCOMPARE(read->chat.sampling, example.chat.sampling);
    QCOMPARE(read->chat.created, example.chat.created);
    QCOMPARE(read->messages.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      const ChatMessage &a = read->messages[i], &b = example.messages[i];
      QCOMPARE(a.id, b.id);
      QCOMPARE(a.parent, b.parent);
      QCOMPARE(a.content, b.content);
      QCOMPARE(static_cast<int>(a.state), static_cast<int>(b.state));
      QCOMPARE(a.model.isEmpty() ? QString() : a.model, b.model.isEmpty() ? QString() : b.model);
      QCOMPARE(a.figures.newTokens, b.figures.newTokens);
      QCOMPARE(a.figures.tokensPerSecond, b.figures.tokensPerSecond);
      QCOMPARE(a.created, b.created);
    }
  }

  void oddTextsSurvive_data() {
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << QString("");
    QTest::newRow("null") << QString();
    QTest::newRow("NUL within") << QString::fromUtf8(QByteArray("a\0b", 3));
    QTest::newRow("quotes") << QString("'; DROP TABLE chats; --");
    QTest::newRow("four bytes") << QString("🌧𝄞 雨");
    QTest::newRow("a megabyte") << QString(1 << 20, QChar(0x96E8));
  }
  void oddTextsSurvive() {
    QFETCH(QString, text);
    QTemporaryDir folder;
    auto store = opened(folder.path());
    const ChatWithMessages content = kept(*store, text, text, text);
    const auto read = store->read(content.chat.id);
    QVERIFY(read.has_value());
    QCOMPARE(read->messages.size(), 2u);
    QVERIFY(read->messages[1].content == text);
  }

  void appendMakesTheLeafAndTheOrder() {
    QTemporaryDir folder;
    auto store = opened(folder.path());
    const auto older = kept(*store, "older", "q", "a");
    ChatWithMessages newer = kept(*store, "newer", "q", "a");
    QVERIFY(store->appendMessage(exampleMessage(newer.chat.id, newer.messages[1].id, "user", "more", 60)).has_value());
    const auto chats = store->chats();
    QCOMPARE(chats->size(), 2u);
    QCOMPARE(chats->front().id, newer.chat.id);
    QCOMPARE(store->read(older.chat.id)->chat.leaf, older.messages[1].id);
  }

  /// Ids are random: neither they nor equal times may put an answer before its question.
  void parentsComeFirstWhateverTheClockSays() {
    QTemporaryDir folder;
    auto store = opened(folder.path());
    ChatWithMessages content;
    content.chat = exampleChat();
    MessageId parent = 0;
    for (int i = 0; i < 50; ++i) {
      content.messages.push_back(exampleMessage(content.chat.id, parent, i % 2 ? "assistant" : "user", QString::number(i), i < 25 ? 0 : -i));
      parent = content.messages.back().id;
    }
    QVERIFY(store->import({content}).has_value());
    const auto read = store->read(content.chat.id);
    QCOMPARE(read->messages.size(), 50u);
    for (int i = 0; i < 50; ++i) QCOMPARE(read->messages[static_cast<std::size_t>(i)].content, QString::number(i));
  }

  void streamingIsFoundAgainAsInterrupted() {
    QTemporaryDir folder;
    ChatWithMessages content;
    {
      auto store = opened(folder.path());
      QCOMPARE(store->interruptedFound(), 0);
      content = kept(*store, "t", "q", "half an ans");
      content.messages[1].state = MessageState::streaming;
      QVERIFY(store->updateMessage(content.messages[1]).has_value());
    }
    auto store = opened(folder.path());
    QCOMPARE(store->interruptedFound(), 1);
    const auto read = store->read(content.chat.id);
    QVERIFY(read->messages[1].state == MessageState::interrupted);
    QCOMPARE(read->messages[1].content, QString("half an ans"));
    store.reset();
    QCOMPARE(opened(folder.path())->interruptedFound(), 0);
  }

  void deletingIsSoftAndEachDeletionIsUndoneAlone() {
    QTemporaryDir folder;
    auto store = opened(folder.path());
    const auto a = kept(*store, "a", "q", "a"), b = kept(*store, "b", "q", "a"), c = kept(*store, "c", "q", "a");
    const auto first = store->deleteChats({a.chat.id});
    const auto second = store->deleteChats({b.chat.id});  // within the same millisecond, most likely
    QVERIFY(*first != *second);
    QCOMPARE(store->chats()->size(), 1u);
    QVERIFY(store->restore(*first).has_value());
    QCOMPARE(store->chats()->size(), 2u);
    const auto all = store->deleteAll();
    QVERIFY(store->chats()->empty());
    QVERIFY(store->search("q")->empty());
    QVERIFY(store->restore(*all).has_value());
    QCOMPARE(store->chats()->size(), 2u);
    QCOMPARE(store->read(a.chat.id)->messages.size(), 2u);
  }

  void whatWasDeletedLongAgoIsDropped() {
    QTemporaryDir folder;
    qint64 recent = 0;
    ChatWithMessages old, fresh;
    {
      auto store = opened(folder.path());
      old = kept(*store, "old", "q", "a");
      fresh = kept(*store, "fresh", "q", "a");
      QVERIFY(store->deleteChats({old.chat.id}).has_value());
      recent = *store->deleteChats({fresh.chat.id});
      QSqlQuery query(QSqlDatabase::database(QSqlDatabase::connectionNames()[0]));
      QVERIFY(query.exec(QString("UPDATE chats SET deleted=deleted-31*86400000 WHERE id=%1").arg(old.chat.id)));
    }
    {
      auto store = opened(folder.path());
      QVERIFY(!store->read(old.chat.id));
      QVERIFY(store->restore(recent).has_value());
      QCOMPARE(store->chats()->size(), 1u);
    }
    QCOMPARE(ask(folder.filePath("chats.sqlite"), "SELECT count(*) FROM messages").toInt(), 2);  // its messages went as well
  }

  void findsWords_data() {
    QTest::addColumn<QString>("wanted");
    QTest::addColumn<QStringList>("titles");
    QTest::newRow("in a message") << "quicksort" << QStringList{"Sorting"};
    QTest::newRow("other case") << "QuickSort" << QStringList{"Sorting"};
    QTest::newRow("in a title") << "rain" << QStringList{"Rain"};
    QTest::newRow("Chinese") << "天气" << QStringList{"Rain"};
    QTest::newRow("one Chinese character") << "雨" << QStringList{"Rain"};
    QTest::newRow("percent is no wildcard") << "100%" << QStringList{"Sorting"};
    QTest::newRow("underscore is no wildcard") << "a_b" << QStringList{};
    QTest::newRow("backslash") << "c:\\x" << QStringList{"Sorting"};
    QTest::newRow("nowhere") << "zebra" << QStringList{};
    QTest::newRow("a pasted page") << QString(200'000, 'x') << QStringList{};
  }
  void findsWords() {
    QFETCH(QString, wanted);
    QFETCH(QStringList, titles);
    QTemporaryDir folder;
    auto store = opened(folder.path());
    kept(*store, "Sorting", "Tell me of c:\\x", "Use quicksort: it is 100% fine, axb.");
    kept(*store, "Rain", "明天天气怎么样？", "下雨。");
    const auto found = store->search(wanted);
    QVERIFY2(found.has_value(), found ? "" : found.error().detail.c_str());
    QStringList names;
    for (const ChatSummary& chat : *found) names << chat.title;
    QCOMPARE(names, titles);
    if (!titles.isEmpty() && wanted != "rain") QVERIFY2(found->front().found.contains(wanted, Qt::CaseInsensitive), qPrintable(found->front().found));
  }

  void importIsAllOrNothing() {
    QTemporaryDir folder;
    auto store = opened(folder.path());
    const ChatWithMessages good = exampleConversation("good");
    ChatWithMessages clash = exampleConversation("clash");
    clash.messages[2].id = good.messages[0].id;
    QVERIFY(!store->import({good, clash}).has_value());
    QVERIFY(store->chats()->empty());
    QVERIFY(store->import({good}).has_value());  // the transaction was rolled back, not left open
  }

  void migratesWithABackup() {
    QTemporaryDir folder;
    const QString file = folder.filePath("chats.sqlite");
    makeVersionOne(file);
    auto store = opened(folder.path());
    QVERIFY(store);
    const auto read = store->read(7);
    QCOMPARE(read->messages.size(), 1u);
    QCOMPARE(read->messages[0].content, QString("written long ago"));
    QVERIFY(read->chat.draft.isEmpty());
    store.reset();
    QCOMPARE(ask(file, "PRAGMA user_version").toInt(), 2);
    const QString backup = file + ".backup-v1";
    QCOMPARE(ask(backup, "PRAGMA user_version").toInt(), 1);
    QCOMPARE(ask(backup, "SELECT content FROM messages").toString(), QString("written long ago"));
    QCOMPARE(ask(backup, "PRAGMA integrity_check").toString(), QString("ok"));
    QVERIFY(!(QFile::permissions(backup) & (QFile::ReadGroup | QFile::ReadOther)));
  }

  void aNewerVersionIsLeftAlone() {
    QTemporaryDir folder;
    const QString file = folder.filePath("chats.sqlite");
    makeVersionOne(file, 99);
    const auto store = ChatStore::open(folder.path());
    QVERIFY(!store);
    QVERIFY(store.error().code == ErrorCode::fileUnsupported);
    QVERIFY(store.error().detail.find("newer") != std::string::npos);
    QCOMPARE(ask(file, "SELECT content FROM messages").toString(), QString("written long ago"));
    QCOMPARE(ask(file, "PRAGMA user_version").toInt(), 99);
  }

  void aFileThatIsNoDatabaseIsKeptAside() {
    QTemporaryDir folder;
    const QByteArray bytes(5000, 'x');
    {
      QFile file(folder.filePath("chats.sqlite"));
      QVERIFY(file.open(QIODevice::WriteOnly));
      file.write(bytes);
    }
    auto store = opened(folder.path());
    QVERIFY(store);
    kept(*store, "t", "q", "a");
    QFile aside(store->brokenFile());
    QVERIFY(aside.open(QIODevice::ReadOnly));
    QCOMPARE(aside.readAll(), bytes);
    store.reset();
    store = opened(folder.path());
    QVERIFY(store->brokenFile().isEmpty());
    QCOMPARE(store->chats()->size(), 1u);
  }

  void readOnlyPlacesAreSaid() {
    QVERIFY(!ChatStore::open("/proc/nowhere").has_value());
    QTemporaryDir folder;
    QVERIFY(QFile::setPermissions(folder.path(), QFile::Permissions(0x5555)));
    {
      const Unprivileged now;
      QVERIFY(now.good);
      const auto store = ChatStore::open(folder.path());
      QVERIFY(!store);
      QVERIFY(!store.error().detail.empty());
      QVERIFY(store.error().file.find("chats.sqlite") != std::string::npos);
    }
    QVERIFY(QFile::setPermissions(folder.path(), QFile::Permissions(0x7755)));
  }

  void aReadOnlyDatabaseIsSaid() {
    QTemporaryDir folder;
    makeVersionOne(folder.filePath("chats.sqlite"));
    QVERIFY(QFile::setPermissions(folder.filePath("chats.sqlite"), QFile::Permissions(0x4444)));
    QVERIFY(QFile::setPermissions(folder.path(), QFile::Permissions(0x5555)));
    if (geteuid() != 0) QSKIP("skipped: only root can give the file to somebody else");
    {
      const Unprivileged now;
      const auto store = ChatStore::open(folder.path());
      QVERIFY(!store);
      QVERIFY(!store.error().detail.empty());
    }
    QVERIFY(QFile::setPermissions(folder.path(), QFile::Permissions(0x7755)));
    QCOMPARE(ask(folder.filePath("chats.sqlite"), "SELECT content FROM messages").toString(), QString("written long ago"));
  }

  /// A disk that takes no more: the write is refused with an error, what was there stays, and writing goes on afterwards.
  void aFullDiskIsSaidAndLosesNothing() {
    QTemporaryDir folder;
    auto store = opened(folder.path());
    const auto before = kept(*store, "before", "q", "a");
    std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit old{};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = old;
    small.rlim_cur = 256 * 1024;
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
    ChatMessage large = exampleMessage(before.chat.id, before.messages[1].id, "user", QString(1 << 20, 'x'), 9);
    const auto refused = store->appendMessage(large);
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &old), 0);
    QVERIFY(!refused);
    QVERIFY(!refused.error().detail.empty());
    QCOMPARE(store->read(before.chat.id)->messages.size(), 2u);
    QVERIFY(store->appendMessage(large).has_value());
    store.reset();
    QCOMPARE(ask(folder.filePath("chats.sqlite"), "PRAGMA integrity_check").toString(), QString("ok"));
    QCOMPARE(opened(folder.path())->read(before.chat.id)->messages.size(), 3u);
  }
};

QTEST_GUILESS_MAIN(TestChatStore)
#include "test_chat_store.moc"

// Kill −9 at random moments of a chat being written: whatever was acknowledged is there afterwards, and the database is whole.
// The same program is the writer (--write FOLDER): the real session on a scripted engine. NIBBLE_KILL_ROUNDS sets the number
// of rounds (15), NIBBLE_KILL_SEED the moments.
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QHash>
#include <QProcess>
#include <QRandomGenerator>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTimer>
#include <QtTest>
#include <unistd.h>

#include "app/application_context.h"
#include "app/chat_session.h"
#include "app/chat_tree.h"
#include "app/model_session.h"
#include "tests/support/scripted_engine.h"

using namespace nibble;
using namespace nibble::test;

namespace {
/// One line for the parent; a pipe takes it whole or not at all.
void tell(const QString& line) {
  const QByteArray bytes = line.toUtf8() + '\n';
  if (write(STDOUT_FILENO, bytes.constData(), static_cast<std::size_t>(bytes.size())) != bytes.size()) _exit(3);
}

/// Asks one question after the other and tells what has been acknowledged: "Q chat id text" for a question the session
/// accepted, "A chat id length state" for an answer that was read back from the database.
class Writer : public QObject {
 public:
  explicit Writer(const QString& folder) : m_context(AppPaths::find(folder), scriptedDoor(m_script)), m_session(m_context) {
    m_script.tokens = {"word ", "雨", "🌧", " and\n"};
    m_script.repeat = 30;
    connect(&m_session, &ChatSession::accepted, this, [this] {
      const ChatMessage& question = m_session.messages().message(m_session.messages().rowCount() - 1);
      tell(QString("Q %1 %2 %3").arg(question.chat).arg(question.id).arg(question.content));
    });
    connect(&m_session, &ChatSession::activityChanged, this, [this] {
      if (!m_session.busy()) QTimer::singleShot(0, this, &Writer::next);
    });
    connect(&m_context.model(), &ModelSession::changed, this, [this] {
      if (m_context.model().state() == ModelSession::State::ready) next();
    });
    connect(&m_lookTimer, &QTimer::timeout, this, &Writer::look);
    m_lookTimer.start(60);
    LoadRequest request;
    request.model = "/models/tiny";
    request.recipe = uniformRecipe(Format::q4);
    m_context.model().load(request);
    tell("ready");
  }

 private:
  void next() {
    if (m_session.busy()) return;
    ++m_count;
    m_script.tokensPerSecond = m_count % 3 == 0 ? 120 : 3000;  // every third answer is saved half way
    if (m_count % 5 == 4) m_session.startNew();
    if (m_count % 7 == 6 && m_session.messages().rowCount() > 1) return m_session.regenerate(m_session.messages().message(m_session.messages().rowCount() - 1).id);
    m_session.setTitle(QString("title %1").arg(m_count));
    m_session.ask(QString("question %1 of %2").arg(m_count).arg(QCoreApplication::applicationPid()));
  }
  void look() {
    if (!m_session.isStored()) return;
    m_context.chats().ask(this, [id = m_session.currentId()](ChatStore& store) { return store.read(id); }, [](const Result<ChatWithMessages>& read) {
      if (!read) return tell("failed " + QString::fromStdString(read.error().detail));
      for (const ChatMessage& message : read->messages) {
        if (message.role != "user" && !message.content.isEmpty()) {
          tell(QString("A %1 %2 %3 %4").arg(message.chat).arg(message.id).arg(message.content.size()).arg(static_cast<int>(message.state)));
        }
      }
    });
  }

  EngineScript m_script;
  ApplicationContext m_context;
  ChatSession m_session;
  QTimer m_lookTimer;
  int m_count = 0;
};

struct Acknowledged {
  ChatId chat = 0;
  QString question;         // empty: an answer
  qsizetype length = 0;
  bool ended = false;       // its state was final
  int state = 0;
};
}  // namespace

class TestChatCrash : public QObject {
  Q_OBJECT
 private slots:
  void nothingAcknowledgedIsLost() {
    const int rounds = qEnvironmentVariableIsSet("NIBBLE_KILL_ROUNDS") ? qEnvironmentVariableIntValue("NIBBLE_KILL_ROUNDS") : 15;
    const quint32 seed = qEnvironmentVariableIsSet("NIBBLE_KILL_SEED") ? static_cast<quint32>(qEnvironmentVariableIntValue("NIBBLE_KILL_SEED"))
                                                                        : QRandomGenerator::global()->generate();
    qInfo("seed %u", seed);
    QRandomGenerator random(seed);
    QTemporaryDir folder;
    QVERIFY(QDir(folder.path()).mkpath("data"));  // a writer may be killed before it makes it
    for (int round = 0; round < rounds; ++round) {
      writeAndKill(folder.path(), random);
      if (QTest::currentTestFailed()) return;
      check(folder.path() + "/data");
      if (QTest::currentTestFailed()) return;
    }
    qInfo("%d rounds of kill -9: %lld messages acknowledged, 0 lost; %d answers found interrupted; killed before any acknowledgement %d times", rounds,
          static_cast<long long>(m_known.size()), m_interrupted, m_empty);
    QVERIFY(m_known.size() > rounds);
    if (rounds >= 10) QVERIFY2(m_interrupted > 0, "no kill hit an answer while it streamed");
  }

 private:
  void writeAndKill(const QString& folder, QRandomGenerator& random) {
    QProcess writer;
    writer.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    writer.start(QCoreApplication::applicationFilePath(), {"--write", folder});
    QVERIFY(writer.waitForStarted());
    // Some rounds are killed while the database is being opened, most while chats are written.
    const int wait = random.bounded(10) == 0 ? random.bounded(60) : random.bounded(900);
    if (wait >= 60) QVERIFY(writer.waitForReadyRead(30'000));
    QElapsedTimer clock;
    clock.start();
    QByteArray output;
    while (clock.elapsed() < wait) {
      writer.waitForReadyRead(std::max<int>(1, wait - static_cast<int>(clock.elapsed())));
      output += writer.readAllStandardOutput();
    }
    QCOMPARE(writer.state(), QProcess::Running);  // it did not end by itself
    writer.kill();
    QVERIFY(writer.waitForFinished());
    output += writer.readAllStandardOutput();
    note(output);
  }

  void note(const QByteArray& output) {
    bool any = false;
    for (const QString& line : QString::fromUtf8(output.left(output.lastIndexOf('\n'))).split('\n')) {
      QVERIFY2(!line.startsWith("failed"), qPrintable(line));
      const QStringList parts = line.split(' ');
      if (parts.size() < 4) continue;
      any = true;
      Acknowledged& known = m_known[parts[2].toLongLong()];
      known.chat = parts[1].toLongLong();
      if (parts[0] == "Q") {
        known.question = line.section(' ', 3);
      } else {
        known.length = parts[3].toLongLong();
        known.state = parts[4].toInt();
        known.ended = known.state != static_cast<int>(MessageState::streaming);
      }
    }
    if (!any) ++m_empty;
  }

  void check(const QString& data) {
    auto store = ChatStore::open(data);
    QVERIFY2(store.has_value(), store ? "" : store.error().detail.c_str());
    QVERIFY((*store)->brokenFile().isEmpty());
    m_interrupted += (*store)->interruptedFound();
    const auto all = (*store)->readAll();
    QVERIFY(all.has_value());
    QHash<MessageId, ChatMessage> kept;
    for (const ChatWithMessages& chat : *all) {
      QVERIFY2(!chat.messages.empty(), "a chat without its first message");
      const ChatTree tree(chat);
      QVERIFY(tree.find(chat.chat.leaf));
      for (const ChatMessage& message : chat.messages) {
        QVERIFY(message.state != MessageState::streaming);
        QVERIFY(message.parent == 0 || tree.find(message.parent));
        kept.insert(message.id, message);
      }
    }
    for (auto it = m_known.constBegin(); it != m_known.constEnd(); ++it) {
      QVERIFY2(kept.contains(it.key()), qPrintable(QString("message %1 is lost (%2)").arg(it.key()).arg(it->question)));
      const ChatMessage& message = kept[it.key()];
      QCOMPARE(message.chat, it->chat);
      if (!it->question.isEmpty()) QCOMPARE(message.content, it->question);
      QVERIFY2(message.content.size() >= it->length, "an answer became shorter");
      if (it->ended) QCOMPARE(static_cast<int>(message.state), it->state);
    }
    store->reset();
    checkIntegrity(data + "/chats.sqlite");
  }

  void checkIntegrity(const QString& file) {
    {
      QSqlDatabase database = QSqlDatabase::addDatabase("QSQLITE", "integrity");
      database.setDatabaseName(file);
      QVERIFY(database.open());
      QSqlQuery query(database);
      QVERIFY(query.exec("PRAGMA integrity_check") && query.next());
      QCOMPARE(query.value(0).toString(), QString("ok"));
      QVERIFY(query.exec("PRAGMA foreign_key_check"));
      QVERIFY(!query.next());
    }
    QSqlDatabase::removeDatabase("integrity");
  }

  QHash<MessageId, Acknowledged> m_known;
  int m_interrupted = 0, m_empty = 0;
};

int main(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  if (argc == 3 && qstrcmp(argv[1], "--write") == 0) {
    Writer writer(QString::fromLocal8Bit(argv[2]));
    return QCoreApplication::exec();
  }
  TestChatCrash test;
  return QTest::qExec(&test, argc, argv);
}
#include "test_chat_crash.moc"

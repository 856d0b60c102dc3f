// kill −9 at random moments of a conversation: what the store acknowledged is there afterwards, and the database is whole.
// The program starts itself as the victim. NIBBLE_KILL_ROUNDS sets the number of rounds (kill_rounds.sh: 200).
#include <signal.h>

#include <QProcess>
#include <QRandomGenerator>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QtTest>
#include <cstdio>

#include "app/chat_store.h"

using namespace nibble;

namespace {
ChatMessage message(ChatId chat, MessageId parent, const QString& role, MessageState state) {
  ChatMessage out;
  out.id = newChatId();
  out.chat = chat;
  out.parent = parent;
  out.role = role;
  out.state = state;
  out.created = QDateTime::currentDateTimeUtc();
  return out;
}

/// The victim: chats without end, and says on stdout what the store has acknowledged: "id length".
int converse(const QString& folder) {
  auto store = ChatStore::open(folder);
  if (!store) return 1;
  ChatSummary chat;
  chat.id = newChatId();
  chat.title = "victim";
  chat.created = chat.updated = QDateTime::currentDateTimeUtc();
  if (!(*store)->createChat(chat)) return 1;
  MessageId parent = 0;
  const auto say = [](const ChatMessage& said) {
    std::printf("%lld %lld\n", static_cast<long long>(said.id), static_cast<long long>(said.content.size()));
    std::fflush(stdout);
  };
  for (int turn = 0;; ++turn) {
    ChatMessage question = message(chat.id, parent, "user", MessageState::complete);
    question.content = QString("question %1 ").arg(turn) + QString(turn % 700, 'q');
    if (!(*store)->appendMessage(question)) return 1;
    say(question);
    ChatMessage answer = message(chat.id, question.id, "assistant", MessageState::streaming);
    if (!(*store)->appendMessage(answer)) return 1;
    for (int part = 0; part < 6; ++part) {
      answer.content += QString("part %1 ").arg(part) + QString(500, 'a');
      if (part == 5) answer.state = MessageState::complete;
      if (!(*store)->updateMessage(answer)) return 1;
      say(answer);
    }
    parent = answer.id;
  }
}
}  // namespace

class TestChatStoreKill : public QObject {
  Q_OBJECT
 private slots:
  void nothingAcknowledgedIsLost() {
    const int rounds = qEnvironmentVariableIntValue("NIBBLE_KILL_ROUNDS") > 0 ? qEnvironmentVariableIntValue("NIBBLE_KILL_ROUNDS") : 12;
    QTemporaryDir folder;
    QMap<qint64, qint64> acknowledged;   // message → length last acknowledged
    int interrupted = 0;
    for (int round = 0; round < rounds; ++round) {
      QProcess victim;
      victim.setProgram(QCoreApplication::applicationFilePath());
      QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
      environment.insert("NIBBLE_KILL_VICTIM", folder.path());
      victim.setProcessEnvironment(environment);
      victim.start();
      QVERIFY(victim.waitForReadyRead(20'000));
      victim.waitForFinished(QRandomGenerator::global()->bounded(1, 120));
      QCOMPARE(victim.state(), QProcess::Running);
      ::kill(static_cast<pid_t>(victim.processId()), SIGKILL);
      QVERIFY(victim.waitForFinished(20'000));
      for (const QByteArray& line : victim.readAllStandardOutput().split('\n')) {
        const QList<QByteArray> fields = line.split(' ');
        // The kill may have cut the last line: a line counts only if its end arrived.
        if (fields.size() == 2 && !fields[1].isEmpty()) acknowledged[fields[0].toLongLong()] = fields[1].toLongLong();
      }
      verify(folder.path(), acknowledged, interrupted);
      if (QTest::currentTestFailed()) return;
    }
    qInfo("%d rounds, %lld messages acknowledged, none lost; %d answers found interrupted", rounds, static_cast<long long>(acknowledged.size()), interrupted);
    QVERIFY(acknowledged.size() > rounds);
  }

 private:
  static void verify(const QString& folder, const QMap<qint64, qint64>& acknowledged, int& interrupted) {
    auto store = ChatStore::open(folder);
    QVERIFY(store.has_value());
    QVERIFY((*store)->brokenFile().isEmpty());
    interrupted += (*store)->interruptedFound();
    QSqlQuery check("PRAGMA integrity_check", QSqlDatabase::database(QSqlDatabase::connectionNames().first()));
    QVERIFY(check.next());
    QCOMPARE(check.value(0).toString(), QString("ok"));
    check.finish();
    QHash<qint64, qint64> found;
    const auto chats = (*store)->readAll();
    QVERIFY(chats.has_value());
    for (const ChatWithMessages& chat : *chats) {
      for (const ChatMessage& message : chat.messages) {
        found.insert(message.id, message.content.size());
        QVERIFY(message.state != MessageState::streaming);
      }
    }
    for (auto it = acknowledged.cbegin(); it != acknowledged.cend(); ++it) {
      QVERIFY2(found.value(it.key(), -1) >= it.value(), qPrintable(QString("message %1: %2 of %3").arg(it.key()).arg(found.value(it.key(), -1)).arg(it.value())));
    }
  }
};

int main(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  const QString folder = qEnvironmentVariable("NIBBLE_KILL_VICTIM");
  if (!folder.isEmpty()) return converse(folder);
  TestChatStoreKill test;
  return QTest::qExec(&test, argc, argv);
}
#include "test_chat_store_kill.moc"

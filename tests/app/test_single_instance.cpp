// A second start hands its files to the first; profiles keep apart; what a crash left behind is no instance.
#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLocalServer>
#include <QLocalSocket>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QThread>
#include <QtTest>
#include <memory>

#include "app/single_instance.h"

using namespace nibble;

namespace {
/// Hands over from another thread, as another process would, while this one serves.
bool handOverFromElsewhere(const QString& place, const QStringList& files) {
  bool taken = false;
  const std::unique_ptr<QThread> thread(QThread::create([&] {
    SingleInstance second(place);
    taken = second.handOver(files);
  }));
  thread->start();
  QDeadlineTimer limit(10'000);
  while (!thread->isFinished() && !limit.hasExpired()) QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
  thread->wait();
  return taken;
}
}  // namespace

class TestSingleInstance : public QObject {
  Q_OBJECT
 private slots:
  void theFirstFindsNobody() {
    QTemporaryDir folder;
    SingleInstance first(folder.path());
    QVERIFY(!first.handOver({"a"}));
    QVERIFY(first.listen());
  }

  void theSecondHandsOver() {
    QTemporaryDir folder;
    SingleInstance first(folder.path());
    QVERIFY(first.listen());
    QSignalSpy received(&first, &SingleInstance::filesReceived);
    QVERIFY(handOverFromElsewhere(folder.path(), {"relative model.gguf", "/absolute/雨"}));
    QCOMPARE(received.count(), 1);
    QCOMPARE(received[0][0].toStringList(), (QStringList{QDir::currentPath() + "/relative model.gguf", "/absolute/雨"}));
    QVERIFY(handOverFromElsewhere(folder.path(), {}));  // only to be shown
    QCOMPARE(received[1][0].toStringList(), QStringList());
  }

  void profilesKeepApart() {
    QTemporaryDir one, two;
    SingleInstance first(one.path());
    QVERIFY(first.listen());
    SingleInstance other(two.path());
    QVERIFY(!other.handOver({}));
    QVERIFY(other.listen());
  }

  void twoStartsAtOnceLeaveOne() {
    QTemporaryDir folder;
    SingleInstance a(folder.path()), b(folder.path());
    QVERIFY(!a.handOver({}));
    QVERIFY(!b.handOver({}));
    QVERIFY(a.listen());
    QVERIFY(!b.listen());     // must not push the first one out
    QSignalSpy received(&a, &SingleInstance::filesReceived);
    QVERIFY(handOverFromElsewhere(folder.path(), {"/x"}));
    QCOMPARE(received.count(), 1);
  }

  void aDeadSocketIsReplaced() {
    QTemporaryDir folder;
    QString name;
    {
      SingleInstance probe(folder.path());
      QVERIFY(probe.listen());
      name = probe.findChild<QLocalServer*>() ? probe.findChild<QLocalServer*>()->fullServerName() : QString();
    }
    // As after kill -9: the socket's file is there, nobody listens.
    const QString path = name.isEmpty() ? QDir::tempPath() + "/nibble-left-behind" : name;
    QFile left(path);
    QVERIFY(left.open(QIODevice::WriteOnly));
    left.close();
    SingleInstance next(folder.path());
    QFile lock(folder.filePath("instance.lock"));
    QVERIFY(lock.open(QIODevice::WriteOnly));
    lock.write("999999999\nnibble\n" + QSysInfo::machineHostName().toUtf8() + "\n");  // no such process
    lock.close();
    QVERIFY(!next.handOver({}));
    QVERIFY(next.listen());
    QFile::remove(path);
  }

  void noiseIsIgnored() {
    QTemporaryDir folder;
    SingleInstance first(folder.path());
    QVERIFY(first.listen());
    auto* server = first.findChild<QLocalServer*>();
    QVERIFY(server);
    QSignalSpy received(&first, &SingleInstance::filesReceived);
    QLocalSocket socket;
    socket.connectToServer(server->fullServerName());
    QVERIFY(socket.waitForConnected(2000));
    socket.write(QByteArray(3 << 20, 'x'));  // no line end
    QTRY_VERIFY(socket.state() == QLocalSocket::UnconnectedState);
    QCOMPARE(received.count(), 0);
    QVERIFY(handOverFromElsewhere(folder.path(), {"/still works"}));
  }
};

QTEST_GUILESS_MAIN(TestSingleInstance)
#include "test_single_instance.moc"

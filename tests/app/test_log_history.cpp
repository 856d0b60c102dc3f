#include <QAbstractItemModelTester>
#include <QtTest>
#include <thread>

#include "app/log_history.h"
#include "app/log_sinks.h"
#include "core/base/logging.h"

using namespace nibble;

class TestLogHistory : public QObject {
  Q_OBJECT
 private slots:
  void linesOfAllThreadsArriveInOrder() {
    LogHistory history;
    QAbstractItemModelTester tester(&history, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QVERIFY(setLogLevelByName("info"));
    std::thread other([] {
      for (int i = 0; i < 100; ++i) logger("engine")->info("line {}", i);
      logger("engine")->debug("not shown");
    });
    other.join();
    QTRY_COMPARE(history.rowCount(), 100);
    QCOMPARE(history.index(99, LogHistory::Text).data().toString(), QStringLiteral("line 99"));
    QCOMPARE(history.index(0, LogHistory::Area).data().toString(), QStringLiteral("engine"));
  }

  void oldLinesLeave() {
    LogHistory history;
    QAbstractItemModelTester tester(&history, QAbstractItemModelTester::FailureReportingMode::QtTest);
    for (int i = 0; i < 3; ++i) {
      for (int k = 0; k < 900; ++k) logger("app")->warn("{}", i * 900 + k);
      QTRY_VERIFY(history.rowCount() > 0 && history.index(history.rowCount() - 1, LogHistory::Text).data().toString() == QString::number(i * 900 + 899));
    }
    QCOMPARE(history.rowCount(), LogHistory::kCapacity);
    history.clear();
    QCOMPARE(history.rowCount(), 0);
  }

  void errorsAreFoundNewestFirst() {
    LogHistory history;
    logger("app")->error("first");
    logger("app")->warn("between");
    logger("app")->error("second");
    QTRY_COMPARE(history.rowCount(), 3);
    const QStringList errors = history.lastErrors(5);
    QCOMPARE(errors.size(), 2);
    QVERIFY(errors[0].endsWith("second"));
    QVERIFY(history.text().count('\n') == 3);
  }

  void nothingArrivesAfterTheEnd() {
    { LogHistory history; }
    logger("app")->error("nobody listens");
    QVERIFY(!setLogLevelByName("loud"));
  }

  void theFileIsWritten() {
    QTemporaryDir folder;
    QVERIFY(logToFile(folder.filePath("logs")));
    logger("app")->error("kept");
    logger("app")->flush();
    QFile file(folder.filePath("logs/nibble.log"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(file.readAll().contains("kept"));
  }
};

QTEST_GUILESS_MAIN(TestLogHistory)
#include "test_log_history.moc"

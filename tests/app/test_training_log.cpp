#include <QtTest>

#include "app/training_log.h"

using namespace nibble;

class TestTrainingLog : public QObject {
  Q_OBJECT
  QTemporaryDir m_folder;

  QString written(const QByteArray& text) {
    QFile file(m_folder.filePath(QStringLiteral("log.jsonl")));
    if (!file.open(QIODevice::WriteOnly)) return {};
    file.write(text);
    return file.fileName();
  }

 private slots:
  void readsStepsInOrderAndKeepsTheLastOfTwo() {
    const auto log = readTrainingLog(written("{\"step\": 2, \"loss\": 3.5, \"lr\": 1}\n\n{\"step\": 1, \"loss\": 4}\n{\"step\": 2, \"loss\": 3.0}\n{\"step\": 3, \"eval_loss\": 9}\n"));
    QVERIFY(log.has_value());
    QCOMPARE(log->steps, (QVector<double>{1, 2}));
    QCOMPARE(log->losses, (QVector<double>{4, 3}));
  }

  void namesTheBadLine_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("field");
    QTest::newRow("not JSON") << QByteArray("{\"step\": 1, \"loss\": 1}\nnonsense\n") << "line 2";
    QTest::newRow("array") << QByteArray("[1, 2]\n") << "line 1";
    QTest::newRow("loss is text") << QByteArray("{\"step\": 1, \"loss\": \"low\"}\n") << "line 1";
    QTest::newRow("no step") << QByteArray("{\"loss\": 1}\n") << "line 1";
    QTest::newRow("no loss anywhere") << QByteArray("{\"step\": 1}\n") << "loss";
    QTest::newRow("empty") << QByteArray() << "loss";
  }
  void namesTheBadLine() {
    QFETCH(QByteArray, text);
    QFETCH(QString, field);
    const auto log = readTrainingLog(written(text));
    QVERIFY(!log.has_value());
    QCOMPARE(log.error().code, ErrorCode::fileMalformed);
    QCOMPARE(QString::fromStdString(log.error().field), field);
  }

  void missingFileIsSaid() {
    const auto log = readTrainingLog(m_folder.filePath(QStringLiteral("none.jsonl")));
    QVERIFY(!log.has_value());
    QCOMPARE(log.error().code, ErrorCode::fileMissing);
  }

  void comparesSharedStepsOnly() {
    const TrainingLog a{"a", {1, 2, 3, 5}, {4.0, 2.0, 1.0, 0.5}};
    const TrainingLog b{"b", {1, 3, 4, 5}, {4.04, 1.05, 1.0, 0.5}};
    const LogComparison result = compareLogs(a, b);
    QCOMPARE(result.sharedSteps, 3);
    QVERIFY(std::abs(result.largestPercent - 5.0) < 1e-9);
    QVERIFY(std::abs(result.meanPercent - 2.0) < 1e-9);
    QVERIFY(std::abs(result.withinShare - 2.0 / 3.0) < 1e-9);
  }
};

QTEST_APPLESS_MAIN(TestTrainingLog)
#include "test_training_log.moc"

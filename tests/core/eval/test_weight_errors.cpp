#include <QtTest>

#include "core/eval/weight_errors.h"
#include "tests/support/test_data.h"

using namespace nibble;

class TestWeightErrors : public QObject {
  Q_OBJECT
 private slots:
  void fewerBitsMeanLargerErrors_data() {
    QTest::addColumn<QString>("format");
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    // Gaussian weights give 0.00003, 0.0054 and 0.0084; trained ones lie a little off.
    QTest::newRow("f32") << "f32" << 0.0 << 0.0;
    QTest::newRow("q8") << "q8" << 0.00001 << 0.00006;
    QTest::newRow("q4") << "q4" << 0.003 << 0.007;
    QTest::newRow("nf4") << "nf4" << 0.006 << 0.011;
    QTest::newRow("nf4-dq") << "nf4-dq" << 0.006 << 0.011;
  }
  void fewerBitsMeanLargerErrors() {
    QFETCH(QString, format);
    QFETCH(double, low);
    QFETCH(double, high);
    const auto config = readModelConfig(test::sampleModel());
    QVERIFY(config.has_value());
    const auto errors = measureWeightErrors(test::sampleModel().string(), *config, uniformRecipe(*formatFromName(format.toStdString())), {});
    QVERIFY(errors.has_value());
    qInfo("%s: relative MSE %.6f", qPrintable(format), errors->relativeMse);
    QVERIFY(errors->relativeMse >= low && errors->relativeMse <= high);
    double sum = 0;
    for (double share : errors->shares) sum += share;
    QVERIFY(sum > 0.98 && sum <= 1.0 + 1e-9);
  }

  void stopsWhenAsked() {
    const auto config = readModelConfig(test::sampleModel());
    std::stop_source source;
    source.request_stop();
    const auto errors = measureWeightErrors(test::sampleModel().string(), *config, uniformRecipe(Format::q4), source.get_token());
    QVERIFY(!errors.has_value());
    QCOMPARE(errors.error().code, ErrorCode::cancelled);
  }
};

QTEST_APPLESS_MAIN(TestWeightErrors)
#include "test_weight_errors.moc"

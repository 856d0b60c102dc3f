// Perplexity of the sample model over the whole of wiki-en.txt, 263,165 positions, against transformers' fp32 run.
#include <QtTest>
#include <cmath>

#include "core/eval/evaluate.h"
#include "tests/support/golden_model.h"
#include "tests/support/test_data.h"

using namespace nibble;

class TestWholeText : public QObject {
  Q_OBJECT
 private slots:
  void sampleModel() {
    NIBBLE_NEED_SHARED_DATA(texts, "text");
    const auto engine = test::loadOnCpu(test::sampleModel(), uniformRecipe(Format::f32), KvFormat::f32, 512, 512, 128);
    QVERIFY(engine != nullptr);
    QFile file(QString::fromStdString((texts / "wiki-en.txt").string()));
    QVERIFY(file.open(QIODevice::ReadOnly));
    EvaluateRequest wanted;
    wanted.text = file.readAll().toStdString();
    const auto result = evaluate(*engine, wanted, {}, {});
    QVERIFY(result.has_value());
    qInfo("perplexity %.4f, reference 41.2231", result->perplexity);
    QCOMPARE(result->scoredTokens, std::int64_t(263165));
    QVERIFY(std::abs(result->perplexity / 41.223068248218716 - 1.0) < 0.0005);
  }
};

QTEST_APPLESS_MAIN(TestWholeText)
#include "test_whole_text_slow.moc"

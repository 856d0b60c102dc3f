// fp32 logits against transformers': every position of the small models, in one pass, in odd chunks and token by token.
#include <QtTest>

#include "tests/support/golden_model.h"
#include "tests/support/test_data.h"

using namespace nibble;

class TestLogits : public QObject {
  Q_OBJECT

  static void compare(const std::filesystem::path& folder) {
    const auto prompts = test::readGoldenPrompts(folder / "reference.safetensors");
    QVERIFY(!prompts.empty());
    double worst = 0.0;
    for (const auto& prompt : prompts) {
      // Loaded anew for each prompt: dynamic rope depends on the planned length.
      const auto engine = test::loadOnCpu(folder, uniformRecipe(Format::f32), KvFormat::f32,
                                          static_cast<std::int64_t>(prompt.ids.size()));
      QVERIFY(engine != nullptr);
      for (const int chunk : {0, 7, 1}) {
        const auto logits = test::allLogits(*engine, prompt.ids, chunk);
        QCOMPARE(logits.size(), prompt.logits.size());
        const double error = test::relativeError(logits, prompt.logits);
        QVERIFY2(error <= 2e-4,
                 qPrintable(QString("%1 ids in chunks of %2: %3").arg(prompt.ids.size()).arg(chunk).arg(error)));
        worst = std::max(worst, error);
      }
    }
    qInfo("largest relative L2 error %.2g", worst);
  }

 private slots:
  void bundledModels_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"internlm3-tiny", "internlm2-tiny", "llama-mixed-types-tiny", "llama3-rope-tiny",
                             "mistral-window-tiny", "qwen2-tied-tiny", "qwen3-mixed-window-tiny", "yarn-rope-tiny"}) {
      QTest::newRow(name) << QString(name);
    }
  }
  void bundledModels() {
    QFETCH(QString, name);
    compare(test::goldenData("models/" + name.toStdString()));
  }

  void referenceModels_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"internlm3-tiny", "llama-tiny", "llama-linear-rope-tiny", "qwen2-tiny", "qwen3-tiny"})
      QTest::newRow(name) << QString(name);
  }
  void referenceModels() {
    QFETCH(QString, name);
    NIBBLE_NEED_SHARED_DATA(folder, "reference-models");
    compare(folder / name.toStdString());
  }
};

QTEST_APPLESS_MAIN(TestLogits)
#include "test_logits.moc"

// The trained models against transformers' fp32 run: logits behind every prompt, and greedy answers token for token.
#include <QtTest>

#include "tests/support/golden_model.h"
#include "tests/support/test_data.h"

using namespace nibble;

class TestTrainedModels : public QObject {
  Q_OBJECT

  static void compare(const std::filesystem::path& folder, const std::filesystem::path& reference) {
    const auto answers = test::readGoldenAnswers(reference / "reference.json");
    QVERIFY(answers.size() >= 5);
    const auto engine = test::loadOnCpu(folder, uniformRecipe(Format::f32), KvFormat::f32, 1024, 64, 1);
    QVERIFY(engine != nullptr);
    for (const auto& answer : answers) {
      const auto expected = test::readTensor(reference / "reference.safetensors", answer.name + ".last_logits");
      QVERIFY(!expected.empty());
      for (const int chunk : {0, 5, 1}) {
        const auto logits = test::allLogits(*engine, answer.ids, chunk);
        QVERIFY(logits.size() == expected.size() * answer.ids.size());
        const double error = test::relativeError(std::span(logits).last(expected.size()), expected);
        QVERIFY2(error <= 2e-4,
                 qPrintable(QString("%1 in chunks of %2: %3").arg(answer.name.c_str()).arg(chunk).arg(error)));
        if (chunk == 0) qInfo("%s: relative L2 error %.2g", answer.name.c_str(), error);
      }
      GenerateRequest request;
      request.ids = answer.ids;
      request.maxTokens = static_cast<int>(answer.greedyIds.size());
      request.sampling.greedy = true;
      const auto result = engine->generate(request, {}, {});
      QVERIFY(result.has_value());
      QCOMPARE(result->ids, answer.greedyIds);
      QCOMPARE(QString::fromStdString(result->text), QString::fromStdString(answer.greedyText));
    }
  }

 private slots:
  void sampleModel() { compare(test::sampleModel(), test::goldenData("sample-reference")); }
  void evalModel() {
    NIBBLE_NEED_SHARED_DATA(folder, "eval-model");
    compare(folder, folder);
  }
};

QTEST_APPLESS_MAIN(TestTrainedModels)
#include "test_trained_models.moc"

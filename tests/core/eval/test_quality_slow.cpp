// What each precision costs on the eval model: the first 200,000 bytes of wiki-en.txt, windows of 512, beside what
// other software loses on the same model and text (bitsandbytes' NF4 in fp32 activations; llama.cpp's Q8_0 and IQ4_NL
// with second-half scoring).
#include <QtTest>
#include <cmath>

#include "core/eval/evaluate.h"
#include "tests/support/golden_model.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

constexpr std::uint64_t kBytes = 200000;

std::string readAll(const std::filesystem::path& path) {
  QFile file(QString::fromStdString(path.string()));
  return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

std::unique_ptr<Engine> load(const std::filesystem::path& model, const Recipe& recipe) {
  return test::loadOnCpu(model, recipe, KvFormat::f32, 512, 512, 128);
}

/// Layers in `layers`, head and embedding in `rest`.
Recipe recipe(Format layers, Format rest, int activationBits) {
  Recipe result = uniformRecipe(layers);
  result.head = result.embedding = rest;
  result.activationBits = activationBits;
  return result;
}

}  // namespace

class TestQuality : public QObject {
  Q_OBJECT

  static EvaluateRequest request(const std::filesystem::path& texts, bool secondHalf) {
    EvaluateRequest result;
    result.text = std::string(wholeCharacters(readAll(texts / "wiki-en.txt"), kBytes));
    result.secondHalf = secondHalf;
    return result;
  }

  /// Mean KL of a recipe against a record, printed.
  static double meanKl(const std::filesystem::path& model, const Recipe& recipe, const EvaluateRequest& request,
                       LogitRecord& record) {
    const auto engine = load(model, recipe);
    if (!engine) return INFINITY;
    const auto result = evaluateAgainst(*engine, request, record, {}, {});
    if (!result) return INFINITY;
    const Divergence& divergence = *result->divergence;
    qInfo("%s: KL mean %.5f, 99 %% %.4f, perplexity ratio %.4f, same top %.1f %%",
          std::string(formatName(recipe.layers)).c_str(), divergence.klMean, divergence.klP99,
          1.0 / divergence.retention, 100.0 * divergence.sameTop);
    return divergence.klMean;
  }

 private slots:
  void everyPositionInFp32() {
    NIBBLE_NEED_SHARED_DATA(model, "eval-model");
    NIBBLE_NEED_SHARED_DATA(texts, "text");
    const auto wanted = request(texts, false);
    auto record = LogitRecord::create(8192);
    QVERIFY(record.has_value());
    {
      const auto reference = load(model, uniformRecipe(Format::f32));
      QVERIFY(reference != nullptr);
      const auto result = evaluateReference(*reference, wanted, *record, {}, {});
      QVERIFY(result.has_value());
      qInfo("f32: perplexity %.4f over %lld positions", result->perplexity,
            static_cast<long long>(result->scoredTokens));
      QCOMPARE(result->scoredTokens, std::int64_t(58765));
      QVERIFY(std::abs(result->perplexity / 28.944 - 1.0) < 0.0005);
    }
    const double nf4 = meanKl(model, recipe(Format::nf4, Format::f32, 32), wanted, *record);
    QVERIFY2(std::abs(nf4 / 0.0656 - 1.0) < 0.02, qPrintable(QString::number(nf4)));
  }

  void secondHalfInEightBits() {
    NIBBLE_NEED_SHARED_DATA(model, "eval-model");
    NIBBLE_NEED_SHARED_DATA(texts, "text");
    const auto wanted = request(texts, true);
    auto record = LogitRecord::create(8192);
    QVERIFY(record.has_value());
    {
      const auto reference = load(model, uniformRecipe(Format::f32));
      QVERIFY(reference && evaluateReference(*reference, wanted, *record, {}, {}));
    }
    const double q8 = meanKl(model, recipe(Format::q8, Format::q8, 8), wanted, *record);
    QVERIFY2(q8 <= 0.00084, qPrintable(QString::number(q8)));
    const double q4 = meanKl(model, recipe(Format::q4, Format::q8, 8), wanted, *record);
    QVERIFY2(q4 <= 0.0450, qPrintable(QString::number(q4)));
  }
};

QTEST_APPLESS_MAIN(TestQuality)
#include "test_quality_slow.moc"

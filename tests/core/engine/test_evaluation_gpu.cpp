// The trained models on the card: logits of their references, the likeliest next token and the perplexity beside the
// CPU's at the same precision.
#include <QtTest>
#include <cmath>

#include "core/eval/evaluate.h"
#include "tests/support/cuda_card.h"
#include "tests/support/golden_model.h"
#include "tests/support/logit_rows.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {
constexpr std::uint64_t kTextBytes = 48000;     // some 14,000 ids: of 3,500 chance alone makes 0.3 %
constexpr double kPerplexityTolerance = 0.003;  // of the CPU's
constexpr float kClearLead = 0.1f;
constexpr const char* kNoEvalModel = "skipped: the data folder beside the checkout lacks eval-model";

struct TrainedModel {
  std::filesystem::path folder, reference;
};

TrainedModel trainedModel(const QString& name) {
  if (name == "sample") return {test::sampleModel(), test::goldenData("sample-reference")};
  return {test::sharedData("eval-model"), test::sharedData("eval-model")};
}

/// Prompt and answer of every reference, short enough for the CPU.
std::vector<std::vector<std::int32_t>> referenceIds(const TrainedModel& model) {
  std::vector<std::vector<std::int32_t>> texts;
  for (const auto& answer : test::readGoldenAnswers(model.reference / "reference.json")) {
    auto ids = answer.ids;
    ids.insert(ids.end(), answer.greedyIds.begin(), answer.greedyIds.end());
    ids.resize(std::min<std::size_t>(ids.size(), 200));
    texts.push_back(std::move(ids));
  }
  return texts;
}

struct Agreement {
  int compared = 0;   ///< positions where the CPU leads clearly
  int different = 0;  ///< of these, those with another likeliest token
  double kl = 0;      ///< the largest mean of a text, nats
};

Agreement compare(Engine& cpu, Engine& gpu, const std::vector<std::vector<std::int32_t>>& texts,
                  std::initializer_list<int> chunks) {
  const std::size_t vocab = static_cast<std::size_t>(cpu.info()->config.vocab);
  Agreement result;
  for (const auto& ids : texts)
    for (const int chunk : chunks) {
      const auto a = test::allLogits(cpu, ids, chunk), b = test::allLogits(gpu, ids, chunk);
      if (a.size() != ids.size() * vocab || b.size() != a.size()) return {};  // printed already; nothing was compared
      for (std::size_t r = 0; r < ids.size(); ++r) {
        const auto rowA = std::span(a).subspan(r * vocab, vocab), rowB = std::span(b).subspan(r * vocab, vocab);
        if (test::leadOf(rowA) <= kClearLead) continue;
        ++result.compared;
        result.different += test::likeliest(rowA) != test::likeliest(rowB);
      }
      const double kl = test::meanKl(a, b, vocab);
      if (!std::isfinite(kl)) return {};
      result.kl = std::max(result.kl, kl);
    }
  return result;
}

}  // namespace

class TestEvaluationGpu : public QObject {
  Q_OBJECT

  static void addModels(std::initializer_list<Format> formats) {
    QTest::addColumn<QString>("model");
    QTest::addColumn<int>("format");
    for (const char* model : {"sample", "eval-model"})
      for (const Format format : formats)
        QTest::addRow("%s, %s", model, formatName(format).data()) << QString(model) << int(format);
  }

 private slots:
  void initTestCase() {
    NIBBLE_NEED_CARD();
    m_keeper = test::loadOn(test::kCard, test::sampleModel(), uniformRecipe(Format::f32), KvFormat::f32, 64);
    QVERIFY(m_keeper != nullptr);
  }

  void logitsOfTheReference_data() {
    QTest::addColumn<QString>("model");
    for (const char* model : {"sample", "eval-model"}) QTest::newRow(model) << QString(model);
  }
  void logitsOfTheReference() {
    QFETCH(QString, model);
    const TrainedModel trained = trainedModel(model);
    if (!std::filesystem::exists(trained.folder)) QSKIP(kNoEvalModel);
    struct Way {
      Format format;
      KvFormat kv;
      double limit;
    };
    for (const Way way : {Way{Format::f32, KvFormat::f32, 2e-4}, Way{Format::f16, KvFormat::f16, 3e-3},
                          Way{Format::bf16, KvFormat::f16, 2e-2}}) {
      const Recipe recipe = test::recipeFor(way.format, uniformRecipe(way.format).compute, 32);
      const auto engine = test::loadOn(test::kCard, trained.folder, recipe, way.kv, 512);
      QVERIFY(engine != nullptr);
      double worst = 0;
      const auto answers = test::readGoldenAnswers(trained.reference / "reference.json");
      QVERIFY(answers.size() >= 5);
      for (const auto& answer : answers) {
        const auto wanted = test::readTensor(trained.reference / "reference.safetensors", answer.name + ".last_logits");
        QVERIFY(!wanted.empty());
        for (const int chunk : {0, 5, 1}) {
          const auto logits = test::allLogits(*engine, answer.ids, chunk);
          QCOMPARE(logits.size(), wanted.size() * answer.ids.size());
          const double error = test::relativeError(std::span(logits).last(wanted.size()), wanted);
          QVERIFY(std::isfinite(error));
          worst = std::max(worst, error);
        }
      }
      qInfo("%s: largest relative L2 error %.2g (limit %.0e)", formatName(way.format).data(), worst, way.limit);
      QVERIFY(worst <= way.limit);
    }
  }

  void likeliestTokenIsTheCpus_data() {
    addModels({Format::f32, Format::bf16, Format::q8, Format::q4, Format::nf4, Format::nf4dq});
  }
  void likeliestTokenIsTheCpus() {
    QFETCH(QString, model);
    QFETCH(int, format);
    const TrainedModel trained = trainedModel(model);
    if (!std::filesystem::exists(trained.folder)) QSKIP(kNoEvalModel);
    const auto texts = referenceIds(trained);
    QVERIFY(texts.size() >= 5);
    const auto agreement = [&](const Recipe& recipe, std::initializer_list<int> chunks) -> Agreement {
      const auto cpu = test::loadOnCpu(trained.folder, recipe, KvFormat::f16, 512),
                 gpu = test::loadOn(test::kCard, trained.folder, recipe, KvFormat::f16, 512);
      return cpu && gpu ? compare(*cpu, *gpu, texts, chunks) : Agreement();
    };
    // Activations in full, so that what is compared is the weights: their bytes are the same on both sides.
    const Agreement exact = agreement(test::recipeFor(static_cast<Format>(format), ComputeType::f32, 32), {0, 1});
    qInfo("%d positions where the CPU leads by more than %.1f: %d differ; largest mean KL %.2e", exact.compared,
          double(kClearLead), exact.different, exact.kl);
    QVERIFY(exact.compared > 100);
    QCOMPARE(exact.different, 0);
    QVERIFY(exact.kl < 1e-4);
    // Decoding as people use it. No verdict: a rounding that falls on the other side here is no error of either.
    const Agreement usual = agreement(uniformRecipe(static_cast<Format>(format)), {1});
    qInfo("decoding by the format's own recipe: %d of %d differ; largest mean KL %.2e", usual.different, usual.compared,
          usual.kl);
    QVERIFY(usual.compared > 50);
  }

  void perplexityIsTheCpus_data() { addModels({Format::bf16, Format::q8, Format::q4, Format::nf4, Format::nf4dq}); }
  void perplexityIsTheCpus() {
    QFETCH(QString, model);
    QFETCH(int, format);
    NIBBLE_NEED_SHARED_DATA(texts, "text");
    const TrainedModel trained = trainedModel(model);
    if (!std::filesystem::exists(trained.folder)) QSKIP(kNoEvalModel);
    QFile file(QString::fromStdString((texts / "wiki-en.txt").string()));
    QVERIFY(file.open(QIODevice::ReadOnly));
    EvaluateRequest request;
    request.text = std::string(wholeCharacters(file.readAll().toStdString(), kTextBytes));
    // Many rows with 16-bit activations, as evaluations run, and one row at a time with the format's own, as answers
    // do.
    for (const bool decoding : {false, true}) {
      Recipe recipe = uniformRecipe(static_cast<Format>(format));
      if (!decoding) recipe.activationBits = 16;
      const auto cpu = test::loadOnCpu(trained.folder, recipe, KvFormat::f16, 512, 512, 128);
      const auto gpu =
          test::loadOn(test::kCard, trained.folder, recipe, KvFormat::f16, 512, decoding ? 1 : 512, decoding ? 1 : 128);
      QVERIFY(cpu && gpu);
      const auto expected = evaluate(*cpu, request, {}, {}), measured = evaluate(*gpu, request, {}, {});
      QVERIFY(expected && measured);
      QCOMPARE(measured->scoredTokens, expected->scoredTokens);
      QVERIFY(measured->scoredTokens >= 2000);
      const double difference = measured->perplexity / expected->perplexity - 1.0;
      qInfo("%s, %d-bit activations, %lld ids (%s): perplexity %.4f, CPU %.4f, %+.3f %%",
            decoding ? "one row" : "many rows", recipe.activationBits, static_cast<long long>(measured->scoredTokens),
            gpu->statistics().backend.path.c_str(), measured->perplexity, expected->perplexity, 100 * difference);
      QVERIFY(std::abs(difference) <= kPerplexityTolerance);
    }
  }

 private:
  std::unique_ptr<Engine> m_keeper;  ///< keeps the card's context, which takes half a second to make
};

QTEST_APPLESS_MAIN(TestEvaluationGpu)
#include "test_evaluation_gpu.moc"

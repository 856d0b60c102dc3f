// The rule of evaluation on the sample model: which ids are scored, what is refused, stop, and that a model equals
// itself.
#include <QtTest>
#include <cmath>

#include "core/eval/evaluate.h"
#include "tests/support/golden_model.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

/// Some hundred ids of ordinary text.
std::string story() {
  std::string text;
  for (int i = 0; i < 12; ++i)
    text += "Once upon a time there was a little fox who lived near the river and liked to count the stars, " +
            std::to_string(i) + " at a time. ";
  return text;
}

double logSum(std::span<const float> row) {
  double sum = 0.0;
  for (const float value : row) sum += std::exp(static_cast<double>(value));
  return std::log(sum);
}

}  // namespace

class TestEvaluate : public QObject {
  Q_OBJECT
  std::unique_ptr<Engine> m_engine;
  std::vector<std::int32_t> m_ids;

 private slots:
  void initTestCase() {
    m_engine = test::loadOnCpu(test::sampleModel(), uniformRecipe(Format::f32), KvFormat::f32, 64, 64, 16);
    QVERIFY(m_engine != nullptr);
    m_ids = *m_engine->tokenize(story(), false, false);
    QVERIFY(m_ids.size() > 200);
  }

  void theRule_data() {
    QTest::addColumn<bool>("secondHalf");
    QTest::newRow("every id") << false;
    QTest::newRow("second half") << true;
  }
  void theRule() {
    QFETCH(bool, secondHalf);
    constexpr std::size_t kWindow = 33, kRun = kWindow - 1;
    double nll = 0.0;
    std::int64_t scored = 0;
    const std::size_t windows = m_ids.size() / kRun;
    for (std::size_t window = 0; window < windows; ++window) {
      std::vector<std::int32_t> run{1};
      run.insert(run.end(), m_ids.begin() + static_cast<std::ptrdiff_t>(window * kRun),
                 m_ids.begin() + static_cast<std::ptrdiff_t>((window + 1) * kRun));
      const auto logits = test::allLogits(*m_engine, run, 0);
      const std::size_t vocab = logits.size() / run.size();
      for (std::size_t row = secondHalf ? kWindow / 2 : 0; row + 1 < run.size(); ++row) {
        const auto values = std::span(logits).subspan(row * vocab, vocab);
        nll += logSum(values) - static_cast<double>(values[static_cast<std::size_t>(run[row + 1])]);
        ++scored;
      }
    }
    EvaluateRequest request;
    request.text = story();
    request.window = kWindow;
    request.secondHalf = secondHalf;
    const auto result = evaluate(*m_engine, request, {}, {});
    QVERIFY(result.has_value());
    QCOMPARE(result->windows, static_cast<std::int64_t>(windows));
    QCOMPARE(result->scoredTokens, scored);
    QCOMPARE(scored, static_cast<std::int64_t>(windows * (secondHalf ? 16 : 32)));
    QVERIFY2(std::abs(result->nll / nll - 1.0) < 1e-5,
             qPrintable(QString("%1 instead of %2").arg(result->nll).arg(nll)));
    QVERIFY(std::abs(result->perplexity / std::exp(nll / static_cast<double>(scored)) - 1.0) < 1e-4);
  }

  void aModelEqualsItselfAndAQuantizedOneDoesNot() {
    EvaluateRequest request;
    request.text = story();
    request.window = 33;
    auto record = LogitRecord::create(m_engine->info()->config.vocab);
    QVERIFY(record.has_value());
    const auto reference = evaluateReference(*m_engine, request, *record, {}, {});
    QVERIFY(reference.has_value());
    const auto same = evaluateAgainst(*m_engine, request, *record, {}, {});
    QVERIFY(same && same->divergence);
    QVERIFY(same->divergence->klMean < 1e-6 && same->divergence->sameTop > 0.999);
    QCOMPARE(same->divergence->retention, 1.0);
    double last = same->divergence->klMean;
    for (const Format format : {Format::q8, Format::q4}) {
      const auto engine = test::loadOnCpu(test::sampleModel(), uniformRecipe(format), KvFormat::f16, 64, 64, 16);
      QVERIFY(engine != nullptr);
      const auto result = evaluateAgainst(*engine, request, *record, {}, {});
      QVERIFY(result && result->divergence);
      const Divergence& divergence = *result->divergence;
      qInfo("%s: KL mean %.5f median %.5f 99 %% %.4f, same top %.3f", std::string(formatName(format)).c_str(),
            divergence.klMean, divergence.klMedian, divergence.klP99, divergence.sameTop);
      QVERIFY(divergence.klMean > 2 * last && divergence.klMean < 0.2);
      QVERIFY(divergence.klMedian < divergence.klP99 && divergence.sameTop < 1.0);
      QVERIFY(std::abs(divergence.retention - divergence.referencePerplexity / result->perplexity) < 1e-12);
      last = divergence.klMean;
    }
  }

  void whatIsRefused() {
    EvaluateRequest request;
    request.text = "too short";
    request.window = 64;
    QCOMPARE(evaluate(*m_engine, request, {}, {}).error().code, ErrorCode::fileMalformed);
    request.text = story();
    request.window = 512;
    QCOMPARE(evaluate(*m_engine, request, {}, {}).error().code, ErrorCode::contextFull);
    request.window = 1;
    QCOMPARE(evaluate(*m_engine, request, {}, {}).error().field, std::string("window"));
    const auto empty = makeEngine();
    QCOMPARE(evaluate(*empty, request, {}, {}).error().code, ErrorCode::wrongUsage);
  }

  void stopEndsIt() {
    EvaluateRequest request;
    request.text = story();
    request.window = 33;
    std::stop_source stop;
    std::int64_t windows = 0;
    const auto result = evaluate(
        *m_engine, request,
        [&](std::int64_t done, std::int64_t) {
          windows = done;
          if (done == 2) stop.request_stop();
        },
        stop.get_token());
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::cancelled);
    QCOMPARE(windows, 2);
  }
};

QTEST_APPLESS_MAIN(TestEvaluate)
#include "test_evaluate.moc"

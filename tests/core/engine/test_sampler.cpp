// The host's sampler: order of the rules, determinism, and refusal of NaN.
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/engine/sampler.h"

using namespace nibble;

namespace {

SamplingOptions plainOptions() {
  SamplingOptions options;
  options.temperature = 1.0f;
  options.topK = 0;
  options.topP = 1.0f;
  return options;
}

std::map<std::int32_t, int> histogram(const SamplingOptions& options, const std::vector<float>& logits, int draws) {
  Sampler sampler(options, {});
  std::map<std::int32_t, int> counts;
  for (int i = 0; i < draws; ++i) ++counts[sampler.choose(logits).value()];
  return counts;
}

}  // namespace

class TestSampler : public QObject {
  Q_OBJECT
 private slots:
  void greedyTakesTheFirstOfEqualMaxima() {
    SamplingOptions options;
    options.greedy = true;
    options.repetitionPenalty = 100.0f;  // greedy knows no penalty
    const std::vector<std::int32_t> prompt{1, 1, 1};
    Sampler sampler(options, prompt);
    QCOMPARE(sampler.choose(std::vector<float>{0.5f, 2.0f, -1.0f, 2.0f}).value(), 1);
  }

  void temperatureZeroIsGreedyWithPenalties() {
    SamplingOptions options = plainOptions();
    options.temperature = 0.0f;
    options.repetitionPenalty = 2.0f;
    const std::vector<std::int32_t> prompt{1};
    Sampler sampler(options, prompt);
    QCOMPARE(sampler.choose(std::vector<float>{1.5f, 2.0f, -1.0f}).value(), 0);
  }

  void frequenciesFollowTheSoftmax() {
    const std::vector<float> logits{std::log(0.5f), std::log(0.3f), std::log(0.2f)};
    const int draws = 40000;
    auto counts = histogram(plainOptions(), logits, draws);
    // Three standard deviations of a binomial are below 0.0075 here.
    QVERIFY(std::abs(counts[0] / double(draws) - 0.5) < 0.008);
    QVERIFY(std::abs(counts[1] / double(draws) - 0.3) < 0.008);
    QVERIFY(std::abs(counts[2] / double(draws) - 0.2) < 0.008);
  }

  void temperatureSharpens() {
    SamplingOptions options = plainOptions();
    options.temperature = 0.5f;  // squares the odds: 0.8² : 0.2² = 16 : 1
    auto counts = histogram(options, {std::log(0.8f), std::log(0.2f)}, 40000);
    QVERIFY(std::abs(counts[1] / 40000.0 - 1.0 / 17.0) < 0.004);
  }

  void topKKeepsTheBest() {
    SamplingOptions options = plainOptions();
    options.topK = 2;
    auto counts = histogram(options, {0.0f, 3.0f, 1.0f, 2.0f}, 2000);
    QCOMPARE(counts.size(), std::size_t(2));
    QVERIFY(counts.count(1) && counts.count(3));
  }

  void topPKeepsTheFewestThatReachIt() {
    SamplingOptions options = plainOptions();
    options.topP = 0.7f;  // 0.5 alone is not enough, 0.5 + 0.3 is
    auto counts = histogram(options, {std::log(0.5f), std::log(0.3f), std::log(0.15f), std::log(0.05f)}, 2000);
    QCOMPARE(counts.size(), std::size_t(2));
  }

  void topPCountsWithinTopK() {
    SamplingOptions options = plainOptions();
    options.topK = 2;
    options.topP = 0.6f;  // of the two that are left the first has 0.5 / 0.8 = 0.625
    auto counts = histogram(options, {std::log(0.5f), std::log(0.3f), std::log(0.2f)}, 2000);
    QCOMPARE(counts.size(), std::size_t(1));
  }

  void minPIsRelativeToTheBest() {
    SamplingOptions options = plainOptions();
    options.minP = 0.35f;  // 0.35 × 0.5 = 0.175
    auto counts = histogram(options, {std::log(0.5f), std::log(0.2f), std::log(0.17f), std::log(0.13f)}, 2000);
    QCOMPARE(counts.size(), std::size_t(2));
  }

  void repetitionPenaltyLooksAtTheWindowOnly() {
    SamplingOptions options = plainOptions();
    options.temperature = 0.0f;
    options.repetitionPenalty = 2.0f;
    options.penaltyWindow = 2;
    const std::vector<std::int32_t> prompt{0, 1, 2};  // 0 is out of the window
    Sampler sampler(options, prompt);
    QCOMPARE(sampler.choose(std::vector<float>{1.0f, 1.9f, 1.9f}).value(), 0);
    sampler.accept(0);  // now the window is {2, 0}
    QCOMPARE(sampler.choose(std::vector<float>{1.0f, 1.9f, 1.9f}).value(), 1);
  }

  void negativeLogitsAreMultiplied() {
    SamplingOptions options = plainOptions();
    options.temperature = 0.0f;
    options.repetitionPenalty = 2.0f;
    const std::vector<std::int32_t> prompt{0};
    Sampler sampler(options, prompt);
    QCOMPARE(sampler.choose(std::vector<float>{-1.0f, -1.5f}).value(), 1);
  }

  void presenceAndFrequencyLookAtTheAnswer() {
    SamplingOptions options = plainOptions();
    options.temperature = 0.0f;
    options.presencePenalty = 0.5f;
    options.frequencyPenalty = 0.25f;
    const std::vector<std::int32_t> prompt{0, 0, 0, 0};
    Sampler sampler(options, prompt);
    const std::vector<float> logits{1.0f, 0.4f, 0.1f};
    QCOMPARE(sampler.choose(logits).value(), 0);  // the prompt does not count
    sampler.accept(0);
    QCOMPARE(sampler.choose(logits).value(), 1);  // 1 − 0.75 < 0.4
    sampler.accept(1);
    QCOMPARE(sampler.choose(logits).value(), 0);  // 0.25 against 0.4 − 0.75 and 0.1
    sampler.accept(0);
    QCOMPARE(sampler.choose(logits).value(), 2);  // 1 − 0.5 − 2 × 0.25 = 0 against 0.1
  }

  void topPWithoutTopKEqualsAFullSort() {
    std::vector<float> logits(3000);
    for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(static_cast<float>(i) * 12.9898f) * 1.5f;
    for (const float topP : {0.01f, 0.3f, 0.95f}) {
      std::vector<std::pair<double, std::int32_t>> sorted;
      double total = 0.0;
      for (std::size_t i = 0; i < logits.size(); ++i) {
        sorted.emplace_back(std::exp(static_cast<double>(logits[i])), static_cast<std::int32_t>(i));
        total += sorted.back().first;
      }
      std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
      std::set<std::int32_t> allowed;
      double sum = 0.0;
      for (const auto& [weight, id] : sorted) {
        allowed.insert(id);
        if ((sum += weight) >= static_cast<double>(topP) * total) break;
      }
      SamplingOptions options = plainOptions();
      options.topP = topP;
      auto counts = histogram(options, logits, 4000);
      for (const auto& [id, count] : counts) QVERIFY(allowed.count(id) == 1);
      if (allowed.size() < 20) QCOMPARE(counts.size(), allowed.size());
    }
  }

  void sameSeedSameIds() {
    std::vector<float> logits(500);
    for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(static_cast<float>(i));
    const auto run = [&](std::uint64_t seed) {
      SamplingOptions options = plainOptions();
      options.seed = seed;
      Sampler sampler(options, {});
      std::vector<std::int32_t> ids;
      for (int i = 0; i < 50; ++i) ids.push_back(sampler.choose(logits).value());
      return ids;
    };
    QCOMPARE(run(7), run(7));
    QVERIFY(run(7) != run(8));
    const auto ids = run(0);
    QVERIFY(std::set<std::int32_t>(ids.begin(), ids.end()).size() > 10);  // seed 0 is a seed like any other
  }

  void drawsAreUniform() {
    Sampler sampler(plainOptions(), {});
    double sum = 0, least = 1, most = 0;
    for (int i = 0; i < 10000; ++i) {
      const double value = sampler.draw();
      sum += value, least = std::min(least, value), most = std::max(most, value);
    }
    QVERIFY(least >= 0.0 && most < 1.0);
    QVERIFY(std::abs(sum / 10000 - 0.5) < 0.01);
    const float last = sampler.draw();
    sampler.undoDraw();
    QCOMPARE(sampler.draw(), last);
  }

  void notANumberIsAnError_data() {
    QTest::addColumn<float>("value");
    QTest::newRow("NaN") << std::numeric_limits<float>::quiet_NaN();
    QTest::newRow("infinity") << std::numeric_limits<float>::infinity();
    QTest::newRow("minus infinity") << -std::numeric_limits<float>::infinity();
  }
  void notANumberIsAnError() {
    QFETCH(float, value);
    for (const bool greedy : {true, false}) {
      SamplingOptions options;
      options.greedy = greedy;
      Sampler sampler(options, {});
      const auto chosen = sampler.choose(std::vector<float>{0.0f, value, 1.0f});
      QVERIFY(!chosen);
      QCOMPARE(chosen.error().code, ErrorCode::notANumber);
    }
  }

  void tinyTemperatureStaysFinite() {
    SamplingOptions options = plainOptions();
    options.temperature = 1e-38f;
    Sampler sampler(options, {});
    QCOMPARE(sampler.choose(std::vector<float>{1.0f, 30.0f, 2.0f}).value(), 1);
  }

  void optionsOutOfRangeAreNamed() {
    SamplingOptions options;
    options.topP = 0.0f;
    QCOMPARE(checkSampling(options).error().field, std::string("top_p"));
    options = {};
    options.temperature = -1.0f;
    QCOMPARE(checkSampling(options).error().field, std::string("temperature"));
    options = {};
    options.repetitionPenalty = std::numeric_limits<float>::quiet_NaN();
    QCOMPARE(checkSampling(options).error().code, ErrorCode::wrongUsage);
    QVERIFY(checkSampling(SamplingOptions{}).has_value());
  }
};

QTEST_APPLESS_MAIN(TestSampler)
#include "test_sampler.moc"

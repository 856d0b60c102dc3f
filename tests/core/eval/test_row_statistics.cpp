#include <QtTest>
#include <cmath>
#include <limits>
#include <random>

#include "core/eval/row_statistics.h"

using namespace nibble;

namespace {

std::vector<float> randomLogits(std::size_t count, unsigned seed, float spread) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0f, spread);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(generator);
  return logits;
}

double klInDouble(const std::vector<float>& p, const std::vector<float>& q) {
  const auto logSum = [](const std::vector<float>& logits) {
    double sum = 0;
    for (float logit : logits) sum += std::exp(static_cast<double>(logit));
    return std::log(sum);
  };
  const double a = logSum(p), b = logSum(q);
  double kl = 0;
  for (std::size_t i = 0; i < p.size(); ++i) kl += std::exp(p[i] - a) * ((p[i] - a) - (q[i] - b));
  return kl;
}

}  // namespace

class TestRowStatistics : public QObject {
  Q_OBJECT
 private slots:
  void rowShapeFindsMaximumAndSum() {
    const RowShape shape = rowShape(std::vector<float>{1.0f, 3.0f, 3.0f, -2.0f});
    QCOMPARE(shape.top, std::size_t(1));
    QVERIFY(std::abs(shape.logSumExp - std::log(std::exp(1.0) + 2 * std::exp(3.0) + std::exp(-2.0))) < 1e-6);
  }

  void notANumberShows() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QVERIFY(!std::isfinite(rowShape(std::vector<float>{1.0f, nan, 2.0f}).logSumExp));
    QVERIFY(!std::isfinite(rowShape(std::vector<float>{nan, 1.0f}).logSumExp));
    QVERIFY(!std::isfinite(rowShape(std::vector<float>{1.0f, std::numeric_limits<float>::infinity()}).logSumExp));
  }

  void recordGivesTheDivergenceBack_data() {
    QTest::addColumn<float>("noise");
    QTest::newRow("8-bit like") << 0.03f;
    QTest::newRow("4-bit like") << 0.3f;
    QTest::newRow("far") << 2.0f;
  }
  void recordGivesTheDivergenceBack() {
    QFETCH(float, noise);
    auto record = LogitRecord::create(5000);
    QVERIFY(record.has_value());
    std::vector<std::vector<float>> references, others;
    for (unsigned row = 0; row < 20; ++row) {
      references.push_back(randomLogits(5000, row, 3.0f));
      others.push_back(references.back());
      const auto errors = randomLogits(5000, 100 + row, noise);
      for (std::size_t i = 0; i < errors.size(); ++i) others.back()[i] += errors[i];
      const RowShape shape = rowShape(references.back());
      QVERIFY(record->append(references.back(), shape.maximum, shape.logSumExp).has_value());
    }
    QCOMPARE(record->rows(), 20);
    record->rewind();
    LogitRecord::Row row;
    LogitErrorSums errors;
    double worst = 0;
    for (std::size_t k = 0; k < references.size(); ++k) {
      QVERIFY(record->next(row).has_value());
      const double kl = klDivergence(row, others[k], rowShape(others[k]));
      const double exact = klInDouble(references[k], others[k]);
      worst = std::max(worst, std::abs(kl - exact) / (exact + 1e-6));
      errors.add(row, others[k]);
    }
    qInfo("largest relative error of a KL divergence: %.2e", worst);
    QVERIFY(worst < 5e-3);
    QVERIFY(std::abs(errors.result().relativeMse - static_cast<double>(noise * noise) / 9.0) < 0.05 * static_cast<double>(noise * noise) / 9.0);
    QVERIFY(!record->next(row).has_value());
  }

  void identicalRowsHaveNoDivergence() {
    auto record = LogitRecord::create(300);
    const auto logits = randomLogits(300, 7, 5.0f);
    const RowShape shape = rowShape(logits);
    QVERIFY(record->append(logits, shape.maximum, shape.logSumExp).has_value());
    record->rewind();
    LogitRecord::Row row;
    QVERIFY(record->next(row).has_value());
    QVERIFY(klDivergence(row, logits, shape) < 1e-6f);
    QCOMPARE(row.levels[shape.top], std::uint16_t(0));
  }

  void charactersAreNotCut() {
    const std::string text = "aé中😀";
    QCOMPARE(wholeCharacters(text, 2), std::string_view("a"));
    QCOMPARE(wholeCharacters(text, 3), std::string_view("aé"));
    QCOMPARE(wholeCharacters(text, 5), std::string_view("aé"));
    QCOMPARE(wholeCharacters(text, 9), std::string_view("aé中"));
    QCOMPARE(wholeCharacters(text, 10), std::string_view(text));
    QCOMPARE(wholeCharacters(text, 99), std::string_view(text));
  }
};

QTEST_APPLESS_MAIN(TestRowStatistics)
#include "test_row_statistics.moc"

// The small operations at every level against float64, on odd sizes.
#include <QtTest>

#include "kernels/cpu/elementwise.h"
#include "tests/support/random_matrix.h"

using namespace nibble;
using namespace nibble::test;

class TestElementwise : public QObject {
  Q_OBJECT

 private slots:
  void norm() {
    Random random(1);
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      for (std::int64_t columns : {1, 7, 64, 333, 4096}) {
        const std::int64_t n = 3;
        const std::vector<float> x = gaussian(n * columns, random), weight = gaussian(columns, random);
        std::vector<float> y = poisoned(n * columns);
        rmsnorm(x.data(), weight.data(), y.data(), n, columns, 1e-5f);
        std::vector<double> expected;
        for (std::int64_t row = 0; row < n; ++row) {
          double squares = 0;
          for (std::int64_t c = 0; c < columns; ++c) squares += std::pow(static_cast<double>(x[static_cast<std::size_t>(row * columns + c)]), 2);
          const double factor = 1.0 / std::sqrt(squares / static_cast<double>(columns) + 1e-5);
          for (std::int64_t c = 0; c < columns; ++c) expected.push_back(x[static_cast<std::size_t>(row * columns + c)] * factor * weight[static_cast<std::size_t>(c)]);
        }
        QVERIFY(relativeError(y, expected) < 5e-7);
        std::vector<float> inPlace = x;
        rmsnorm(inPlace.data(), weight.data(), inPlace.data(), n, columns, 1e-5f);
        QCOMPARE(inPlace, y);
      }
    }
  }

  void rotary() {
    Random random(2);
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      for (int half : {1, 4, 15, 32, 64}) {
        std::vector<float> frequencies, cosines = poisoned(half), sines = poisoned(half);
        for (int i = 0; i < half; ++i) frequencies.push_back(std::pow(10000.0f, -static_cast<float>(i) / static_cast<float>(half)));
        const std::int64_t position = static_cast<std::int64_t>(random() % 40000);
        rope_angles(position, frequencies.data(), half, 1.25f, cosines.data(), sines.data());
        const std::vector<float> x = gaussian(3 * 2 * half, random);
        std::vector<float> y = x;
        rope(y.data(), 3, half, cosines.data(), sines.data());
        std::vector<double> expected(x.size());
        for (int head = 0; head < 3; ++head) {
          for (int i = 0; i < half; ++i) {
            const double angle = static_cast<float>(position) * frequencies[static_cast<std::size_t>(i)];  // an fp32 product, as models are trained
            const auto a = static_cast<std::size_t>(head * 2 * half + i), b = a + static_cast<std::size_t>(half);
            expected[a] = 1.25 * (x[a] * std::cos(angle) - x[b] * std::sin(angle));
            expected[b] = 1.25 * (x[b] * std::cos(angle) + x[a] * std::sin(angle));
          }
        }
        QVERIFY(relativeError(y, expected) < 5e-7);
      }
    }
  }

  void gate() {
    Random random(3);
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      for (std::int64_t count : {1, 15, 16, 100, 4099}) {
        std::vector<float> g = gaussian(count, random, 6.0f), u = gaussian(count, random), y = poisoned(count);
        if (count > 20) g[3] = 200.0f, g[4] = -200.0f, g[5] = -87.5f, g[6] = 0.0f;
        swiglu(g.data(), u.data(), y.data(), count);
        for (std::size_t i = 0; i < g.size(); ++i) {
          const double expected = g[i] / (1.0 + std::exp(-static_cast<double>(g[i]))) * u[i];
          QVERIFY(std::fabs(y[i] - expected) <= 1e-6 * std::fabs(expected) + 1e-30);
        }
        std::vector<float> bad = g;
        bad[0] = std::numeric_limits<float>::quiet_NaN();
        swiglu(bad.data(), u.data(), y.data(), count);
        QVERIFY(std::isnan(y[0]));
      }
    }
  }

  void probabilities() {
    Random random(4);
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      for (std::int64_t count : {1, 5, 16, 130, 5003}) {
        std::vector<float> x = gaussian(count, random, 30.0f);
        std::vector<double> expected;
        double sum = 0;
        const float top = *std::max_element(x.begin(), x.end());
        for (float value : x) expected.push_back(std::exp(0.5 * (static_cast<double>(value) - top)));
        for (double value : expected) sum += value;
        for (double& value : expected) value /= sum;
        softmax(x.data(), count, 0.5f);
        QVERIFY(relativeError(x, expected) < 2e-6);
      }
    }
  }

  void sums() {
    Random random(5);
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      const std::vector<float> x = gaussian(77, random), y = gaussian(77, random);
      std::vector<float> sum = y;
      add(x.data(), sum.data(), 77);
      for (std::size_t i = 0; i < 77; ++i) QCOMPARE(sum[i], x[i] + y[i]);
    }
  }

  void largest() {
    Random random(6);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      for (std::int64_t count : {1, 2, 17, 4096, 4097, 130001}) {
        for (int round = 0; round < 5; ++round) {
          const std::vector<float> x = gaussian(count, random);
          const auto expected = std::max_element(x.begin(), x.end()) - x.begin();
          QCOMPARE(argmax(x.data(), count), static_cast<std::int64_t>(expected));
        }
      }
      QCOMPARE(argmax(nullptr, 0), std::int64_t{-1});
      std::vector<float> equal(9000, 1.5f);
      QCOMPARE(argmax(equal.data(), 9000), std::int64_t{0});
      equal[0] = nan;
      equal[8000] = 2.0f;
      equal[8001] = 2.0f;
      QCOMPARE(argmax(equal.data(), 9000), std::int64_t{8000});
      const std::vector<float> low(70, -std::numeric_limits<float>::infinity());
      QCOMPARE(argmax(low.data(), 70), std::int64_t{0});
    }
  }

  void finite() {
    std::vector<float> x(1000, 3e38f);
    QVERIFY(allFinite(x.data(), 1000));
    for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
      for (std::size_t place : {0u, 255u, 256u, 999u}) {
        std::vector<float> spoiled = x;
        spoiled[place] = bad;
        QVERIFY(!allFinite(spoiled.data(), 1000));
      }
    }
  }

  void cleanup() { setKernelLevel(bestKernelLevel()); }
};

QTEST_APPLESS_MAIN(TestElementwise)
#include "test_elementwise.moc"

// Attention over every kind of cache at every level against float64: grouped heads, odd sizes, windows, prefill in chunks, long
// caches that are split into parts.
#include <QtTest>

#include "kernels/cpu/attention.h"
#include "tests/support/random_matrix.h"

using namespace nibble;
using namespace nibble::test;

namespace {

struct Shape {
  int heads, kvHeads, headDim;
  std::int64_t positions, window;
};

/// The whole causal attention of all positions in float64.
std::vector<double> reference(const Shape& s, const std::vector<float>& q, const std::vector<float>& k, const std::vector<float>& v) {
  std::vector<double> out(q.size());
  const int group = s.heads / s.kvHeads;
  const auto at = [](std::int64_t row, int head, int heads, int dim) { return static_cast<std::size_t>((row * heads + head) * dim); };
  for (std::int64_t row = 0; row < s.positions; ++row) {
    for (int head = 0; head < s.heads; ++head) {
      const std::int64_t first = s.window > 0 ? std::max<std::int64_t>(0, row + 1 - s.window) : 0;
      std::vector<double> weights;
      double sum = 0;
      for (std::int64_t j = first; j <= row; ++j) {
        double score = 0;
        for (int d = 0; d < s.headDim; ++d) {
          score += static_cast<double>(q[at(row, head, s.heads, s.headDim) + static_cast<std::size_t>(d)]) * k[at(j, head / group, s.kvHeads, s.headDim) + static_cast<std::size_t>(d)];
        }
        weights.push_back(score / std::sqrt(s.headDim));
      }
      const double top = *std::max_element(weights.begin(), weights.end());
      for (double& weight : weights) sum += weight = std::exp(weight - top);
      for (std::int64_t j = first; j <= row; ++j) {
        for (int d = 0; d < s.headDim; ++d) {
          out[at(row, head, s.heads, s.headDim) + static_cast<std::size_t>(d)] += weights[static_cast<std::size_t>(j - first)] / sum * v[at(j, head / group, s.kvHeads, s.headDim) + static_cast<std::size_t>(d)];
        }
      }
    }
  }
  return out;
}

/// Runs chunk after chunk, appending and attending, with the items of each in a scrambled order.
std::vector<float> attended(const Shape& s, KvType type, std::int64_t chunk, const std::vector<float>& q, const std::vector<float>& k,
                            const std::vector<float>& v) {
  const KvShape shape{type, s.positions, s.kvHeads, s.headDim};
  std::vector<std::uint8_t> keys(kvBytes(shape), 0xff), values(kvBytes(shape), 0xff);  // NaN where nothing was stored
  std::vector<float> out = poisoned(static_cast<std::int64_t>(q.size())), workspace = poisoned(static_cast<std::int64_t>(attentionWorkspace(chunk, s.heads, s.headDim, s.positions)));
  const std::int64_t qStride = static_cast<std::int64_t>(s.heads) * s.headDim, kvStride = static_cast<std::int64_t>(s.kvHeads) * s.headDim;
  for (std::int64_t first = 0; first < s.positions; first += chunk) {
    const std::int64_t n = std::min(chunk, s.positions - first);
    append_kv(shape, k.data() + first * kvStride, v.data() + first * kvStride, kvStride, first, n, keys.data(), values.data());
    AttentionArguments a;
    a.shape = shape;
    a.keys = keys.data();
    a.values = values.data();
    a.q = q.data() + first * qStride;
    a.out = out.data() + first * qStride;
    a.qStride = a.outStride = qStride;
    a.heads = s.heads;
    a.n = n;
    a.first = first;
    a.window = s.window;
    a.scale = 1.0f / std::sqrt(static_cast<float>(s.headDim));
    a.workspace = workspace.data();
    const std::int64_t items = attentionItems(a);
    for (std::int64_t item = items - 1; item >= 0; --item) attend(a, item, item + 1);
    attend_combine(a);
  }
  return out;
}

}  // namespace

class TestAttention : public QObject {
  Q_OBJECT

 private slots:
  void shapes_data() {
    QTest::addColumn<int>("type");
    QTest::addColumn<int>("level");
    const char* names[] = {"f32", "f16", "q8"};
    for (int type = 0; type < 3; ++type) {
      for (KernelLevel level : availableLevels()) QTest::addRow("%s, %s", names[type], kernelLevelName(level)) << type << static_cast<int>(level);
    }
  }

  void shapes() {
    QFETCH(int, type);
    QFETCH(int, level);
    setKernelLevel(static_cast<KernelLevel>(level));
    const double limits[] = {2e-6, 8e-4, 1.2e-2};
    Random random(static_cast<std::uint64_t>(type));
    double worst = 0;
    for (Shape s : {Shape{1, 1, 8, 5, 0}, Shape{6, 2, 64, 77, 0}, Shape{32, 2, 128, 70, 0}, Shape{4, 4, 80, 65, 0}, Shape{4, 1, 256, 40, 0},
                    Shape{8, 2, 32, 130, 17}, Shape{3, 3, 96, 100, 1}, Shape{6, 1, 24, 99, 64}}) {
      if (type == 2) s.headDim = (s.headDim + 31) / 32 * 32;
      const std::vector<float> q = gaussian(s.positions * s.heads * s.headDim, random), k = gaussian(s.positions * s.kvHeads * s.headDim, random),
                               v = gaussian(s.positions * s.kvHeads * s.headDim, random);
      const std::vector<double> expected = reference(s, q, k, v);
      for (std::int64_t chunk : {s.positions, std::int64_t{1}, std::int64_t{13}}) {
        worst = std::max(worst, relativeError(attended(s, static_cast<KvType>(type), chunk, q, k, v), expected));
      }
    }
    qInfo("relative error %.2g", worst);
    QVERIFY(worst < limits[type]);
  }

  /// 2,500 positions: decoding works on three parts.
  void longCache() {
    Random random(7);
    const Shape s{4, 2, 32, 2500, 0}, windowed{4, 2, 32, 2500, 700};
    const std::vector<float> q = gaussian(s.positions * s.heads * s.headDim, random), k = gaussian(s.positions * s.kvHeads * s.headDim, random),
                             v = gaussian(s.positions * s.kvHeads * s.headDim, random);
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      const std::vector<float> whole = attended(s, KvType::f32, 2500, q, k, v);
      QVERIFY(relativeError(attended(s, KvType::f32, 1, q, k, v), whole) < 2e-6);
      QVERIFY(relativeError(attended(s, KvType::f32, 3, q, k, v), whole) < 2e-6);
      QVERIFY(relativeError(attended(windowed, KvType::f32, 1, q, k, v), attended(windowed, KvType::f32, 100, q, k, v)) < 2e-6);
      QVERIFY(relativeError(attended(windowed, KvType::f32, 1, q, k, v), whole) > 1e-2);
    }
  }

  /// Scores far beyond what exp can hold, and a NaN that must be seen.
  void extremes() {
    Random random(8);
    const Shape s{2, 1, 32, 40, 0};
    const std::vector<float> q = gaussian(s.positions * 64, random, 30.0f), k = gaussian(s.positions * 32, random, 30.0f), v = gaussian(s.positions * 32, random);
    const std::vector<double> expected = reference(s, q, k, v);
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      const double error = relativeError(attended(s, KvType::f32, 40, q, k, v), expected);
      QVERIFY2(error < 1e-4, qPrintable(QString::number(error)));
      std::vector<float> spoiled = k;
      spoiled[3 * 32] = std::numeric_limits<float>::quiet_NaN();
      const std::vector<float> out = attended(s, KvType::f32, 40, q, spoiled, v);
      QVERIFY(!std::isnan(out[2 * 64]) && std::isnan(out[3 * 64]) && std::isnan(out[39 * 64]));
    }
  }

  void cleanup() { setKernelLevel(bestKernelLevel()); }
};

QTEST_APPLESS_MAIN(TestAttention)
#include "test_attention.moc"

// Rotary frequencies of every kind against what transformers computes (tests/golden/models/rope_tables.jsonl).
#include <QtTest>
#include <cmath>
#include <sstream>

#include "core/base/json_fields.h"
#include "core/base/text_file.h"
#include "core/engine/rope.h"
#include "core/model/rope_config.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

ModelConfig headConfig(std::int64_t maxPositions, int headDim) {
  ModelConfig config;
  config.maxPositions = maxPositions;
  config.headDim = headDim;
  return config;
}

}  // namespace

class TestRope : public QObject {
  Q_OBJECT
 private slots:
  void matchesTransformers() {
    const auto text = readTextFile(test::goldenData("models/rope_tables.jsonl"));
    QVERIFY(text.has_value());
    std::istringstream lines(*text);
    int rows = 0;
    double worst = 0;
    for (std::string line; std::getline(lines, line); ++rows) {
      const auto document = JsonDocument::parse(line, "rope_tables.jsonl");
      QVERIFY(document.has_value());
      const JsonFields root(document->root(), "rope_tables.jsonl");
      ModelConfig config = headConfig(root.value("max_position_embeddings").integer(),
                                      static_cast<int>(root.value("head_dim").integer()));
      const auto rope = readRopeConfig(root, config.maxPositions, config.warnings);
      QVERIFY2(rope.has_value(), rope ? "" : rope.error().detail.c_str());
      config.rope = *rope;
      const RopeTables tables = makeRopeTables(config, root.value("context").integer());
      QCOMPARE(tables.inverseFrequencies.size(), root.value("inv_freq").size());
      std::size_t i = 0;
      for (const auto& item : root.value("inv_freq").items()) {
        const double expected = item.value().number();
        worst = std::max(worst, std::abs(tables.inverseFrequencies[i++] - expected) / expected);
      }
      QVERIFY2(worst < 5e-7, line.substr(0, 200).c_str());
      QVERIFY(std::abs(tables.attentionFactor - root.value("attention_factor").number()) < 1e-6);
    }
    QCOMPARE(rows, 14);
    qInfo("largest relative difference of a frequency: %.2g", worst);
  }

  void dynamicChangesNothingUpToItsContext() {
    ModelConfig config = headConfig(32768, 128);
    config.rope.theta = 5e7;
    const auto plain = makeRopeTables(config, 100).inverseFrequencies;
    config.rope.kind = RopeKind::dynamic;
    config.rope.factor = 6.0;
    QVERIFY(makeRopeTables(config, 1).inverseFrequencies == plain);
    QVERIFY(makeRopeTables(config, 32768).inverseFrequencies == plain);
    const auto beyond = makeRopeTables(config, 65536).inverseFrequencies;
    QCOMPARE(beyond[0], 1.0f);
    // base′ = base · (6·2 − 5)^(128/126)
    const double base = 5e7 * std::pow(7.0, 128.0 / 126.0);
    QVERIFY(std::abs(beyond[63] - std::pow(base, -126.0 / 128.0)) < 1e-6 * beyond[63]);
  }

  void oddValuesStayFinite() {
    ModelConfig config = headConfig(1, 2);
    config.rope.kind = RopeKind::dynamic;
    config.rope.factor = 6.0;
    QCOMPARE(makeRopeTables(config, 1000).inverseFrequencies, std::vector<float>{1.0f});
  }
};

QTEST_APPLESS_MAIN(TestRope)
#include "test_rope.moc"

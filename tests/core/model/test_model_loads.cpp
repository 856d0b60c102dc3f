// Every model at hand loads: config, weights with their shapes, and numbers known from the files.
#include <QtTest>
#include <cstring>
#include <filesystem>

#include "core/model/model_config.h"
#include "core/model/safetensors_reader.h"
#include "core/model/weights.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

std::string errorText(const Error& error) {
  return error.file + " | " + error.field + " | " + error.detail;
}

std::int64_t segmentRows(const WeightSource& source) {
  std::int64_t rows = 0;
  for (const auto& segment : source.segments) rows += segment.rows;
  return rows;
}

// Loads and compares the bytes of all matrices, norms and biases with what the files hold.
void checkLoads(const std::filesystem::path& folder, Weights& weights, ModelConfig& config) {
  auto read = readModelConfig(folder);
  QVERIFY2(read.has_value(), read ? "" : errorText(read.error()).c_str());
  config = *read;
  auto opened = openWeights(folder, config);
  QVERIFY2(opened.has_value(), opened ? "" : errorText(opened.error()).c_str());
  weights = std::move(*opened);
  QVERIFY2(weights.warnings.empty(), weights.warnings.empty() ? "" : weights.warnings.front().c_str());
  QCOMPARE(weights.layers.size(), static_cast<std::size_t>(config.layers));
  for (const auto& layer : weights.layers) {
    for (const auto& matrix : layer.matrices) {
      QCOMPARE(segmentRows(matrix), matrix.rows);
      QVERIFY(matrix.rows > 0 && matrix.columns > 0);
    }
    QCOMPARE(layer.inputNorm.size(), static_cast<std::size_t>(config.hidden));
    QCOMPARE(layer.queryNorm.size(), static_cast<std::size_t>(config.qkNorm ? config.headDim : 0));
  }
}

}  // namespace

class TestModelLoads : public QObject {
  Q_OBJECT
 private slots:
  void sampleModel() {
    Weights weights;
    ModelConfig config;
    checkLoads(test::sampleModel(), weights, config);
    QCOMPARE(weights.files.size(), std::size_t(2));
    QVERIFY(weights.tiedHead && weights.head.segments[0].data == weights.embedding.segments[0].data);
    const auto shape = shapeByName("sample");
    QVERIFY(shape.has_value());
    QCOMPARE(shape->layers, config.layers);
    QCOMPARE(shape->hidden, config.hidden);
    QCOMPARE(shape->heads, config.heads);
    QCOMPARE(shape->kvHeads, config.kvHeads);
    QCOMPARE(shape->headDim, config.headDim);
    QCOMPARE(shape->intermediate, config.intermediate);
    QCOMPARE(shape->vocab, config.vocab);
    QCOMPARE(shape->maxPositions, config.maxPositions);
    QCOMPARE(shape->rope.theta, config.rope.theta);
    QCOMPARE(shape->rmsNormEps, config.rmsNormEps);
    QVERIFY(shape->tiedEmbeddings == config.tiedEmbeddings && shape->eosIds == config.eosIds);
    QCOMPARE(weights.bytes(), randomWeights(*shape, 1).bytes());
    QVERIFY(config.warnings.empty());
    QCOMPARE(weights.embedding.dtype, DType::bf16);
  }

  void evalModel() {
    NIBBLE_NEED_SHARED_DATA(folder, "eval-model");
    Weights weights;
    ModelConfig config;
    checkLoads(folder, weights, config);
    QVERIFY(!weights.tiedHead && weights.files.size() == 4);
  }

  void referenceModels_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"internlm3-tiny", "llama-tiny", "llama-linear-rope-tiny", "qwen2-tiny", "qwen3-tiny"})
      QTest::newRow(name) << name;
  }
  void referenceModels() {
    QFETCH(QString, name);
    NIBBLE_NEED_SHARED_DATA(root, "reference-models");
    Weights weights;
    ModelConfig config;
    checkLoads(root / name.toStdString(), weights, config);
    std::size_t biases = 0;
    for (const auto& bias : weights.layers[0].biases) biases += !bias.empty();
    QCOMPARE(biases, std::size_t(name == "internlm3-tiny" ? 7 : name == "qwen2-tiny" ? 3 : 0));
    QCOMPARE(config.qkNorm, name == "qwen3-tiny");
    QCOMPARE(config.slidingWindow, std::int64_t(0));
  }

  void goldenModels_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"internlm2-tiny", "mistral-window-tiny", "llama3-rope-tiny", "yarn-rope-tiny",
                             "qwen2-tied-tiny", "qwen3-mixed-window-tiny", "llama-mixed-types-tiny"}) {
      QTest::newRow(name) << name;
    }
  }
  void goldenModels() {
    QFETCH(QString, name);
    const auto folder = test::goldenData("models/" + name.toStdString());
    Weights weights;
    ModelConfig config;
    checkLoads(folder, weights, config);
    QCOMPARE(config.slidingWindow, std::int64_t(name.contains("window") ? 16 : 0));
    if (name.startsWith("mistral")) QVERIFY(config.windowOf(0) == 16 && config.windowOf(1) == 16);
    if (name.startsWith("qwen3")) QVERIFY(config.windowOf(0) == 0 && config.windowOf(1) == 16);
    QCOMPARE(weights.tiedHead, name.contains("tied"));
    QCOMPARE(config.rope.kind, name.startsWith("llama3")      ? RopeKind::llama3
                               : name.startsWith("yarn")      ? RopeKind::yarn
                               : name.startsWith("internlm2") ? RopeKind::dynamic
                                                              : RopeKind::none);
    const auto reference = SafetensorsFile::open(folder / "reference.safetensors");
    QVERIFY(reference.has_value());
    QVERIFY((*reference)->tensorCount() >= 2 && (*reference)->metadata().size() == 2);
  }

  void interleavedRowsOfInternLm2() {
    const auto folder = test::goldenData("models/internlm2-tiny");
    const auto config = readModelConfig(folder);
    QVERIFY(config.has_value());
    const auto weights = openWeights(folder, *config);
    const auto file = SafetensorsFile::open(folder / "model.safetensors");
    QVERIFY(weights.has_value() && file.has_value());
    // 8 heads, 2 KV heads, 8 values a head: groups of 4 query heads, a key and a value, 48 rows of 64 floats each.
    const std::byte* rows = (*file)->find("model.layers.1.attention.wqkv.weight")->data.data();
    const std::byte* opened = weights->layers[1].matrix(MatrixRole::query).segments[0].data;
    const auto rowOf = [&](MatrixRole role, std::size_t segment) {
      return (weights->layers[1].matrix(role).segments[segment].data - opened) / (64 * 4);
    };
    QCOMPARE(weights->layers[1].matrix(MatrixRole::query).segments.size(), std::size_t(2));
    QCOMPARE(std::memcmp(rows, opened, 64 * 4), 0);
    QCOMPARE(rowOf(MatrixRole::query, 1), std::ptrdiff_t(48));
    QCOMPARE(rowOf(MatrixRole::key, 0), std::ptrdiff_t(32));
    QCOMPARE(rowOf(MatrixRole::key, 1), std::ptrdiff_t(80));
    QCOMPARE(rowOf(MatrixRole::value, 0), std::ptrdiff_t(40));
    QCOMPARE(rowOf(MatrixRole::value, 1), std::ptrdiff_t(88));
    QCOMPARE(weights->layers[1].matrix(MatrixRole::query).rows, std::int64_t(64));
    QCOMPARE(weights->layers[1].matrix(MatrixRole::key).rows, std::int64_t(16));
  }

  void publishedInternLm3Config() {
    NIBBLE_NEED_SHARED_DATA(folder, "internlm3-8b-instruct");
    const auto config = readModelConfig(folder);
    QVERIFY(config.has_value());
    const auto shape = shapeByName("internlm3-8b");
    QCOMPARE(config->rope.kind, RopeKind::dynamic);
    QCOMPARE(config->rope.factor, 6.0);
    QCOMPARE(config->rope.theta, 5e7);
    QVERIFY((config->eosIds == std::vector<std::int32_t>{2, 128131}));
    QCOMPARE(config->vocab, shape->vocab);
    QCOMPARE(config->intermediate, shape->intermediate);
    QCOMPARE(config->layers, shape->layers);
    QCOMPARE(config->kvHeads, shape->kvHeads);
    QCOMPARE(config->headDim, shape->headDim);
    QCOMPARE(config->maxPositions, shape->maxPositions);
    const auto weights = openWeights(folder, *config);
    QVERIFY(!weights.has_value());
    QCOMPARE(weights.error().code, ErrorCode::fileMissing);
  }
};

QTEST_APPLESS_MAIN(TestModelLoads)
#include "test_model_loads.moc"

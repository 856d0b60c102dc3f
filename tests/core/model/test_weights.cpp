// Tensor names to weights: shapes against the config, optional biases, tied heads, odd tensors, random weights,
// inspection.
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>

#include "core/model/inspect_model.h"
#include "core/model/safetensors_reader.h"
#include "core/model/weights.h"
#include "tests/support/temp_model.h"
#include "tests/support/test_data.h"

using namespace nibble;
using Specs = std::vector<test::TensorSpec>;

namespace {

constexpr const char* kConfig =
    R"({"architectures":["LlamaForCausalLM"],"hidden_size":16,"intermediate_size":24,"num_hidden_layers":1,
  "num_attention_heads":4,"num_key_value_heads":2,"vocab_size":10,"max_position_embeddings":32,"eos_token_id":2})";

Specs goodTensors() {
  return {{"model.embed_tokens.weight", "BF16", {10, 16}, 2},
          {"lm_head.weight", "F16", {10, 16}, 2},
          {"model.norm.weight", "F32", {16}, 4},
          {"model.layers.0.input_layernorm.weight", "F32", {16}, 4},
          {"model.layers.0.post_attention_layernorm.weight", "BF16", {16}, 2},
          {"model.layers.0.self_attn.q_proj.weight", "F32", {16, 16}, 4},
          {"model.layers.0.self_attn.k_proj.weight", "F32", {8, 16}, 4},
          {"model.layers.0.self_attn.v_proj.weight", "F32", {8, 16}, 4},
          {"model.layers.0.self_attn.o_proj.weight", "F32", {16, 16}, 4},
          {"model.layers.0.mlp.gate_proj.weight", "F32", {24, 16}, 4},
          {"model.layers.0.mlp.up_proj.weight", "F32", {24, 16}, 4},
          {"model.layers.0.mlp.down_proj.weight", "F32", {16, 24}, 4}};
}

test::TensorSpec& named(Specs& specs, const std::string& name) {
  return *std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
}

Result<Weights> open(const Specs& specs, std::string config = kConfig) {
  const test::TempFolder folder;
  folder.write("config.json", config);
  folder.write("model.safetensors", test::safetensorsOf(specs));
  const auto read = readModelConfig(folder.path());
  if (!read) return fail(read.error());
  return openWeights(folder.path(), *read);
}

struct Case {
  const char* name;
  std::function<void(Specs&)> change;
  std::string field;
  ErrorCode code = ErrorCode::fileMalformed;
};

std::vector<Case> malformed() {
  const auto reshape = [](const char* name, std::vector<std::int64_t> shape) {
    return [=](Specs& specs) { named(specs, name).shape = shape; };
  };
  const auto remove = [](const char* name) {
    return [=](Specs& specs) { std::erase_if(specs, [&](const auto& spec) { return spec.name == name; }); };
  };
  const auto retype = [](const char* name, const char* dtype, std::size_t bytes) {
    return [=](Specs& specs) { named(specs, name).dtype = dtype, named(specs, name).elementBytes = bytes; };
  };
  return {
      {"vocabulary is not the embedding's rows", reshape("model.embed_tokens.weight", {11, 16}),
       "model.embed_tokens.weight"},
      {"head rows", reshape("lm_head.weight", {9, 16}), "lm_head.weight"},
      {"head missing", remove("lm_head.weight"), "lm_head.weight"},
      {"query transposed in size", reshape("model.layers.0.self_attn.k_proj.weight", {16, 8}),
       "model.layers.0.self_attn.k_proj.weight"},
      {"one dimension", reshape("model.layers.0.mlp.up_proj.weight", {384}), "model.layers.0.mlp.up_proj.weight"},
      {"three dimensions", reshape("model.layers.0.mlp.up_proj.weight", {24, 16, 1}),
       "model.layers.0.mlp.up_proj.weight"},
      {"norm too long", reshape("model.norm.weight", {17}), "model.norm.weight"},
      {"layer's norm missing", remove("model.layers.0.input_layernorm.weight"),
       "model.layers.0.input_layernorm.weight"},
      {"down missing", remove("model.layers.0.mlp.down_proj.weight"), "model.layers.0.mlp.down_proj.weight"},
      {"matrix in F64", retype("model.layers.0.mlp.down_proj.weight", "F64", 8), "model.layers.0.mlp.down_proj.weight",
       ErrorCode::fileUnsupported},
      {"matrix in F8", retype("model.layers.0.mlp.down_proj.weight", "F8_E4M3", 1),
       "model.layers.0.mlp.down_proj.weight", ErrorCode::fileUnsupported},
      {"norm in I32", retype("model.norm.weight", "I32", 4), "model.norm.weight", ErrorCode::fileUnsupported},
      {"bias of a wrong size",
       [](Specs& specs) {
         specs.push_back({"model.layers.0.self_attn.q_proj.bias", "F32", {15}, 4});
       },
       "model.layers.0.self_attn.q_proj.bias"},
  };
}

}  // namespace

class TestWeights : public QObject {
  Q_OBJECT
 private slots:
  void refuses_data() {
    QTest::addColumn<int>("index");
    int index = 0;
    for (const Case& row : malformed()) QTest::addRow("%s", row.name) << index++;
  }
  void refuses() {
    QFETCH(int, index);
    const Case row = malformed()[static_cast<std::size_t>(index)];
    Specs specs = goodTensors();
    row.change(specs);
    const auto weights = open(specs);
    QVERIFY(!weights.has_value());
    QVERIFY2(weights.error().code == row.code, weights.error().detail.c_str());
    QCOMPARE(weights.error().field, row.field);
    QVERIFY(!weights.error().file.empty());
  }

  void loadsThreeTypes() {
    const auto weights = open(goodTensors());
    QVERIFY2(weights.has_value(), weights ? "" : weights.error().field.c_str());
    QCOMPARE(weights->embedding.dtype, DType::bf16);
    QCOMPARE(weights->head.dtype, DType::f16);
    QCOMPARE(weights->layers[0].matrix(MatrixRole::down).dtype, DType::f32);
    QCOMPARE(weights->bytes(), std::uint64_t(320 + 320 + 4 * (256 + 128 + 128 + 256 + 3 * 384)));
    float ones = 0;
    std::memcpy(&ones, "\1\1\1\1", 4);
    QCOMPARE(weights->finalNorm[3], ones);
    for (const auto& bias : weights->layers[0].biases) QVERIFY(bias.empty());
    QVERIFY(weights->warnings.empty() && weights->intact().has_value());
  }

  void aBiasCountsIfItIsThere() {
    Specs specs = goodTensors();
    specs.push_back({"model.layers.0.self_attn.o_proj.bias", "BF16", {16}, 2});
    specs.push_back({"model.layers.0.mlp.up_proj.bias", "F16", {24}, 2});
    const auto weights = open(specs);
    QVERIFY(weights.has_value());
    QCOMPARE(weights->layers[0].biases[int(MatrixRole::attentionOutput)].size(), std::size_t(16));
    QCOMPARE(weights->layers[0].biases[int(MatrixRole::up)].size(), std::size_t(24));
    QVERIFY(weights->layers[0].biases[int(MatrixRole::query)].empty());
  }

  void aTiedHeadIsTheEmbedding() {
    std::string config = kConfig;
    config.insert(1, "\"tie_word_embeddings\":true,");
    for (const bool copyThere : {false, true}) {
      Specs specs = goodTensors();
      if (!copyThere) std::erase_if(specs, [](const auto& spec) { return spec.name == "lm_head.weight"; });
      const auto weights = open(specs, config);
      QVERIFY(weights.has_value());
      QVERIFY(weights->tiedHead && weights->head.segments[0].data == weights->embedding.segments[0].data);
      QVERIFY(weights->warnings.empty());
    }
  }

  void oddTensorsAreAWarning() {
    Specs specs = goodTensors();
    specs.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {2}, 4});
    QVERIFY(open(specs)->warnings.empty());
    specs.push_back({"model.layers.1.mlp.up_proj.weight", "F32", {24, 16}, 4});
    const auto weights = open(specs);
    QVERIFY(weights.has_value());
    QCOMPARE(weights->warnings.size(), std::size_t(1));
    QVERIFY(weights->warnings[0].find("model.layers.1.mlp.up_proj.weight") != std::string::npos);
  }

  void aFileCutWhileLoadedIsNoticed() {
    const test::TempFolder folder;
    folder.write("config.json", kConfig);
    const auto path = folder.write("model.safetensors", test::safetensorsOf(goodTensors()));
    const auto weights = openWeights(folder.path(), *readModelConfig(folder.path()));
    QVERIFY(weights.has_value());
    std::filesystem::resize_file(path, 100);
    const auto intact = weights->intact();
    QVERIFY(!intact.has_value());
    QCOMPARE(intact.error().file, path.string());
  }

  void releasedPagesAreReadAgain() {
    const auto config = readModelConfig(test::sampleModel());
    const auto weights = openWeights(test::sampleModel(), *config);
    QVERIFY(weights.has_value());
    const auto sum = [&] {
      std::uint64_t total = 0;
      const std::byte* data = weights->embedding.segments[0].data;
      for (std::uint64_t i = 0; i < weights->embedding.bytes(); ++i)
        total = total * 31 + std::to_integer<std::uint64_t>(data[i]);
      return total;
    };
    const std::uint64_t before = sum();
    releasePages(weights->embedding);
    QCOMPARE(sum(), before);
  }

  void randomWeightsOfAnyShape() {
    auto config = *shapeByName("internlm3-8b");
    config.layers = 2;
    const Weights weights = randomWeights(config, 7);
    QCOMPARE(weights.layers.size(), std::size_t(2));
    QCOMPARE(weights.bytes(),
             std::uint64_t(2) * (2u * 128512 * 4096 + 2u * (2u * 4096 * 4096 + 2u * 256 * 4096 + 3u * 10240 * 4096)));
    std::int64_t rows = 0;
    for (const auto& segment : weights.head.segments) rows += segment.rows;
    QCOMPARE(rows, std::int64_t(128512));
    // Mean and deviation of one matrix (2.6 M values).
    double sum = 0, squares = 0, count = 0;
    for (const auto& segment : weights.layers[1].matrix(MatrixRole::key).segments) {
      for (std::int64_t i = 0; i < segment.rows * 4096; ++i) {
        std::uint32_t bits = 0;
        std::memcpy(reinterpret_cast<char*>(&bits) + 2, segment.data + 2 * i, 2);
        float value;
        std::memcpy(&value, &bits, 4);
        sum += value, squares += double(value) * value, count += 1;
      }
    }
    QVERIFY(std::abs(sum / count) < 2e-4);
    QVERIFY(std::abs(std::sqrt(squares / count) - 0.02) < 2e-4);
    const Weights same = randomWeights(config, 7), other = randomWeights(config, 8);
    const std::byte* a = weights.layers[0].matrices[0].segments[0].data;
    QVERIFY(std::memcmp(a, same.layers[0].matrices[0].segments[0].data, 4096) == 0);
    QVERIFY(std::memcmp(a, other.layers[0].matrices[0].segments[0].data, 4096) != 0);
  }

  void randomQwen3HasHeadNorms() {
    ModelConfig config = *shapeByName("sample");
    config.qkNorm = true;
    QCOMPARE(randomWeights(config, 1).layers[0].queryNorm.size(), std::size_t(64));
  }

  void inspectsTheSample() {
    const auto found = inspectModel(test::sampleModel());
    QVERIFY2(found.has_value(), found ? "" : found.error().detail.c_str());
    QCOMPARE(found->weightFiles,
             (std::vector<std::string>{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}));
    QCOMPARE(found->licenceFiles, std::vector<std::string>{"LICENSE.md"});
    QCOMPARE(found->templateFiles, std::vector<std::string>{"tokenizer_config.json"});
    QVERIFY(std::count(found->tokenizerFiles.begin(), found->tokenizerFiles.end(), "tokenizer.model") == 1);
    QCOMPARE(found->tensors.size(), std::size_t(2 + 6 * 9));
    QCOMPARE(found->tensorBytes, std::uint64_t(25175808));
    QCOMPARE(found->parameters, std::uint64_t(12587904));
    QCOMPARE(found->tensors[0].dtype, std::string("BF16"));
    QCOMPARE(found->suggestedSampling.temperature, 0.7f);
    QVERIFY(found->warnings.empty() && !found->weightsMissing);
    QVERIFY(found->configJson.find("InternLM3ForCausalLM") != std::string::npos);
  }

  void inspectsAFolderWithoutWeights() {
    const test::TempFolder folder;
    folder.write("config.json", kConfig);
    const auto found = inspectModel(folder.path());
    QVERIFY(found.has_value());
    QVERIFY(found->weightsMissing && found->tensors.empty() && found->warnings.size() == 1);
    folder.write("model.safetensors", "broken");
    QCOMPARE(inspectModel(folder.path()).error().code, ErrorCode::fileMalformed);
    QCOMPARE(inspectModel(folder.path() / "none").error().code, ErrorCode::fileMissing);
  }
};

QTEST_APPLESS_MAIN(TestWeights)
#include "test_weights.moc"

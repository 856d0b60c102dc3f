// config.json of both generations: what is read, what is refused by name, what is only odd.
#include <QtTest>
#include <nlohmann/json.hpp>

#include "core/model/generation_config.h"
#include "core/model/model_config.h"
#include "tests/support/bounded.h"
#include "tests/support/temp_model.h"

using namespace nibble;
using nlohmann::json;

namespace {

json baseConfig() {
  return json::parse(
      R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":64,"intermediate_size":96,
    "num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"vocab_size":128,"max_position_embeddings":256,
    "rms_norm_eps":1e-5,"rope_theta":10000.0,"hidden_act":"silu","eos_token_id":2,"bos_token_id":1})");
}

// The base config with `patch` merged over it (RFC 7386: null removes a field).
json patched(const char* patch) {
  json config = baseConfig();
  config.merge_patch(json::parse(patch));
  return config;
}

Result<ModelConfig> read(const std::string& text, const std::string& generation = {}) {
  const test::TempFolder folder;
  folder.write("config.json", text);
  if (!generation.empty()) folder.write("generation_config.json", generation);
  return readModelConfig(folder.path());
}

struct Case {
  const char* name;
  std::string text;
  std::string field;
  ErrorCode code = ErrorCode::fileMalformed;
};

Case patch(const char* name, const char* changes, const char* field, ErrorCode code = ErrorCode::fileMalformed) {
  return {name, patched(changes).dump(), field, code};
}

void addSizes(std::vector<Case>& cases) {
  cases.push_back(patch("heads 0", R"({"num_attention_heads":0})", "num_attention_heads"));
  cases.push_back(patch("heads -1", R"({"num_attention_heads":-1})", "num_attention_heads"));
  cases.push_back(patch("heads a string", R"({"num_attention_heads":"32"})", "num_attention_heads"));
  cases.push_back(patch("heads 32.5", R"({"num_attention_heads":32.5})", "num_attention_heads"));
  cases.push_back(patch("heads missing", R"({"num_attention_heads":null})", "num_attention_heads"));
  cases.push_back(patch("heads a list", R"({"num_attention_heads":[4]})", "num_attention_heads"));
  cases.push_back(patch("heads that do not divide hidden", R"({"num_attention_heads":6,"num_key_value_heads":2})",
                        "num_attention_heads"));
  cases.push_back(patch("KV heads 0", R"({"num_key_value_heads":0})", "num_key_value_heads"));
  cases.push_back(patch("more KV heads than heads", R"({"num_key_value_heads":8})", "num_key_value_heads"));
  cases.push_back(patch("KV heads no divisor", R"({"num_key_value_heads":3})", "num_key_value_heads"));
  cases.push_back(patch("layers 0", R"({"num_hidden_layers":0})", "num_hidden_layers"));
  cases.push_back(patch("layers 2^31", R"({"num_hidden_layers":2147483648})", "num_hidden_layers"));
  cases.push_back(patch("hidden 0", R"({"hidden_size":0})", "hidden_size"));
  cases.push_back(patch("hidden 2^40", R"({"hidden_size":1099511627776})", "hidden_size"));
  cases.push_back(patch("hidden missing", R"({"hidden_size":null})", "hidden_size"));
  cases.push_back(patch("intermediate -5", R"({"intermediate_size":-5})", "intermediate_size"));
  cases.push_back(patch("vocabulary 0", R"({"vocab_size":0})", "vocab_size"));
  cases.push_back(patch("head_dim odd", R"({"head_dim":15})", "head_dim"));
  cases.push_back(patch("head_dim 0", R"({"head_dim":0})", "head_dim"));
  cases.push_back(patch("heads x head_dim too large", R"({"num_attention_heads":65536,"head_dim":65536})", "head_dim"));
  cases.push_back(patch("context 0", R"({"max_position_embeddings":0})", "max_position_embeddings"));
  cases.push_back(
      patch("context 2^62", R"({"max_position_embeddings":4611686018427387904})", "max_position_embeddings"));
  cases.push_back(patch("eps 0", R"({"rms_norm_eps":0})", "rms_norm_eps"));
  cases.push_back(patch("eps negative", R"({"rms_norm_eps":-1e-5})", "rms_norm_eps"));
  cases.push_back(patch("eps a string", R"({"rms_norm_eps":"1e-5"})", "rms_norm_eps"));
}

void addRope(std::vector<Case>& cases) {
  std::string nan = baseConfig().dump();
  nan.replace(nan.find("10000.0"), 7, "NaN");
  cases.push_back({"theta NaN", nan, "rope_theta"});
  cases.push_back(patch("theta 0", R"({"rope_theta":0})", "rope_theta"));
  cases.push_back(patch("theta negative", R"({"rope_theta":-1e4})", "rope_theta"));
  cases.push_back(patch("theta in rope_parameters 0", R"({"rope_parameters":{"rope_theta":0,"rope_type":"default"}})",
                        "rope_parameters.rope_theta"));
  cases.push_back(patch("unknown rope type", R"({"rope_scaling":{"rope_type":"spiral","factor":2}})",
                        "rope_scaling.rope_type", ErrorCode::fileUnsupported));
  cases.push_back(patch("unknown rope type, older key", R"({"rope_scaling":{"type":"mrope","factor":2}})",
                        "rope_scaling.type", ErrorCode::fileUnsupported));
  cases.push_back(patch("longrope", R"({"rope_parameters":{"rope_type":"longrope","factor":2}})",
                        "rope_parameters.rope_type", ErrorCode::fileUnsupported));
  cases.push_back(patch("rope type a number", R"({"rope_scaling":{"rope_type":1}})", "rope_scaling.rope_type"));
  cases.push_back(patch("rope_scaling a list", R"({"rope_scaling":["dynamic"]})", "rope_scaling"));
  cases.push_back(patch("linear without factor", R"({"rope_scaling":{"type":"linear"}})", "rope_scaling.factor"));
  cases.push_back(patch("factor 0", R"({"rope_scaling":{"type":"dynamic","factor":0}})", "rope_scaling.factor"));
  cases.push_back(
      patch("factor a string", R"({"rope_scaling":{"type":"dynamic","factor":"6"}})", "rope_scaling.factor"));
  cases.push_back(patch("llama3 without low_freq_factor",
                        R"({"rope_scaling":{"type":"llama3","factor":8,"high_freq_factor":4}})",
                        "rope_scaling.low_freq_factor"));
  cases.push_back(patch("llama3 with equal factors",
                        R"({"rope_scaling":{"type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4}})",
                        "rope_scaling.high_freq_factor"));
  cases.push_back(patch("original context 0",
                        R"({"rope_scaling":{"type":"yarn","factor":4,"original_max_position_embeddings":0}})",
                        "rope_scaling.original_max_position_embeddings"));
  cases.push_back(patch("yarn betas the wrong way",
                        R"({"rope_scaling":{"type":"yarn","factor":4,"beta_fast":1,"beta_slow":32}})",
                        "rope_scaling.beta_fast"));
  cases.push_back(
      patch("partial rotary", R"({"partial_rotary_factor":0.5})", "partial_rotary_factor", ErrorCode::fileUnsupported));
  cases.push_back(patch("rope for each kind of layer",
                        R"({"rope_parameters":{"full_attention":{"rope_type":"default"}}})",
                        "rope_parameters.full_attention", ErrorCode::fileUnsupported));
}

void addKinds(std::vector<Case>& cases) {
  cases.push_back(patch("unknown architecture", R"({"architectures":["MambaForCausalLM"]})", "architectures",
                        ErrorCode::fileUnsupported));
  cases.push_back(patch("unknown model_type", R"({"architectures":null,"model_type":"mamba"})", "model_type",
                        ErrorCode::fileUnsupported));
  cases.push_back(patch("neither architecture nor type", R"({"architectures":[],"model_type":null})", "model_type"));
  cases.push_back(patch("architectures a string", R"({"architectures":"LlamaForCausalLM"})", "architectures"));
  cases.push_back(patch("architectures of numbers", R"({"architectures":[1]})", "architectures"));
  cases.push_back(patch("unknown activation", R"({"hidden_act":"gelu"})", "hidden_act", ErrorCode::fileUnsupported));
  cases.push_back(patch("tied a string", R"({"tie_word_embeddings":"false"})", "tie_word_embeddings"));
  cases.push_back(patch("quantized", R"({"quantization_config":{"quant_method":"gptq","bits":4}})",
                        "quantization_config", ErrorCode::fileUnsupported));
  cases.push_back(patch("eos outside the vocabulary", R"({"eos_token_id":128})", "eos_token_id"));
  cases.push_back(patch("eos -1", R"({"eos_token_id":-1})", "eos_token_id"));
  cases.push_back(patch("eos 1.5", R"({"eos_token_id":1.5})", "eos_token_id"));
  cases.push_back(patch("eos in a list outside the vocabulary", R"({"eos_token_id":[2,999]})", "eos_token_id"));
  cases.push_back(
      patch("window 0", R"({"architectures":["MistralForCausalLM"],"sliding_window":0})", "sliding_window"));
  cases.push_back(
      patch("window negative", R"({"architectures":["MistralForCausalLM"],"sliding_window":-4})", "sliding_window"));
  cases.push_back(patch("layer_types too short", R"({"layer_types":["full_attention"]})", "layer_types"));
  cases.push_back(patch("unknown layer type", R"({"layer_types":["full_attention","linear_attention"]})", "layer_types",
                        ErrorCode::fileUnsupported));
  cases.push_back({"the same key twice", R"({"hidden_size":64,"hidden_size":65})", ""});
  cases.push_back({"a list", "[]", ""});
  cases.push_back({"empty", "", ""});
  cases.push_back({"cut off", baseConfig().dump().substr(0, 100), "hidden_size"});
}

std::vector<Case> malformed() {
  std::vector<Case> cases;
  addSizes(cases);
  addRope(cases);
  addKinds(cases);
  return cases;
}

}  // namespace

class TestModelConfig : public QObject {
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
    Result<ModelConfig> config = fail(ErrorCode::failed, "");
    const auto cost = test::measure([&] { config = read(row.text); });
    QVERIFY(!config.has_value());
    QVERIFY2(config.error().code == row.code, config.error().detail.c_str());
    QVERIFY(config.error().file.ends_with("/config.json"));
    if (row.name != std::string_view("cut off")) QCOMPARE(config.error().field, row.field);
    QVERIFY(!config.error().detail.empty());
    QVERIFY(test::withinBounds(cost, row.text.size()));
  }

  void namesTheUnknownArchitecture() {
    const auto config = read(patched(R"({"architectures":["MambaForCausalLM"]})").dump());
    QVERIFY(config.error().detail.find("MambaForCausalLM") != std::string::npos);
    const auto rope = read(patched(R"({"rope_scaling":{"type":"spiral","factor":2}})").dump());
    QVERIFY(rope.error().detail.find("spiral") != std::string::npos);
    const auto quantized = read(patched(R"({"quantization_config":{"quant_method":"awq"}})").dump());
    QVERIFY(quantized.error().detail.find("awq") != std::string::npos);
  }

  void readsTheFirstGeneration() {
    const auto config =
        read(patched(R"({"rope_theta":500000,"rope_scaling":{"type":"dynamic","factor":2.0},"torch_dtype":"bfloat16"})")
                 .dump());
    QVERIFY2(config.has_value(), config ? "" : config.error().field.c_str());
    QCOMPARE(config->rope.kind, RopeKind::dynamic);
    QCOMPARE(config->rope.theta, 500000.0);
    QCOMPARE(config->rope.factor, 2.0);
    QCOMPARE(config->headDim, 16);
    QVERIFY(config->warnings.empty());
  }

  void readsTransformers5() {
    const auto config = read(
        patched(
            R"({"rope_theta":null,"dtype":"bfloat16","rope_parameters":{"rope_type":"yarn","rope_theta":1e6,"factor":4,
      "original_max_position_embeddings":64,"beta_fast":16,"mscale":0.7,"mscale_all_dim":1,"truncate":false}})")
            .dump());
    QVERIFY2(config.has_value(), config ? "" : config.error().field.c_str());
    QCOMPARE(config->rope.kind, RopeKind::yarn);
    QCOMPARE(config->rope.theta, 1e6);
    QCOMPARE(config->rope.originalContext, std::int64_t(64));
    QCOMPARE(config->rope.betaFast, 16.0);
    QCOMPARE(config->rope.betaSlow, 1.0);
    QCOMPARE(*config->rope.mscale, 0.7);
    QVERIFY(!config->rope.truncate && !config->rope.attentionFactor);
  }

  void theOriginalContextOutsideRopeWins() {
    const auto config = read(
        patched(
            R"({"original_max_position_embeddings":32,"rope_scaling":{"type":"llama3","factor":8,"low_freq_factor":1,
      "high_freq_factor":4,"original_max_position_embeddings":64}})")
            .dump());
    QVERIFY(config.has_value());
    QCOMPARE(config->rope.originalContext, std::int64_t(32));
  }

  void defaultsOfWhatIsAbsent() {
    const auto config = read(
        patched(R"({"num_key_value_heads":null,"rms_norm_eps":null,"rope_theta":null,"max_position_embeddings":null,
      "hidden_act":null,"bos_token_id":null})")
            .dump());
    QVERIFY(config.has_value());
    QCOMPARE(config->kvHeads, 4);
    QCOMPARE(config->rmsNormEps, 1e-6f);
    QCOMPARE(config->rope.theta, 10000.0);
    QCOMPARE(config->bosId, -1);
    QCOMPARE(config->maxPositions, std::int64_t(2048));
    QCOMPARE(config->warnings.size(), std::size_t(1));
  }

  void familiesByArchitectureAndType() {
    const std::pair<const char*, Family> families[] = {
        {"InternLM3ForCausalLM", Family::internlm3}, {"InternLM2ForCausalLM", Family::internlm2},
        {"LlamaForCausalLM", Family::llama},         {"Qwen2ForCausalLM", Family::qwen2},
        {"Qwen3ForCausalLM", Family::qwen3},         {"MistralForCausalLM", Family::mistral}};
    for (const auto& [name, family] : families) {
      json config = baseConfig();
      config["architectures"] = {"SomethingElse", name};
      const auto named = read(config.dump());
      QVERIFY(named.has_value());
      QCOMPARE(named->family, family);
      QCOMPARE(named->architecture, std::string(name));
      QCOMPARE(named->qkNorm, family == Family::qwen3);
    }
    const auto typed = read(patched(R"({"architectures":null,"model_type":"mistral"})").dump());
    QCOMPARE(typed->family, Family::mistral);
  }

  void slidingWindows_data() {
    QTest::addColumn<QString>("changes");
    QTest::addColumn<QString>("windows");  // of both layers
    QTest::newRow("mistral") << R"({"architectures":["MistralForCausalLM"],"sliding_window":16})"
                             << "16 16";
    QTest::newRow("mistral unsaid") << R"({"architectures":["MistralForCausalLM"]})"
                                    << "4096 4096";
    QTest::newRow("mistral switched off")
        << R"({"architectures":["MistralForCausalLM"],"sliding_window":16,"use_sliding_window":false})"
        << "0 0";
    QTest::newRow("llama has none") << R"({"sliding_window":16})"
                                    << "0 0";
    QTest::newRow("qwen2 unsaid") << R"({"architectures":["Qwen2ForCausalLM"],"sliding_window":16})"
                                  << "0 0";
    QTest::newRow("qwen2 off")
        << R"({"architectures":["Qwen2ForCausalLM"],"sliding_window":16,"use_sliding_window":false})"
        << "0 0";
    QTest::newRow("qwen2 from a layer on")
        << R"({"architectures":["Qwen2ForCausalLM"],"sliding_window":16,"use_sliding_window":true,"max_window_layers":1})"
        << "0 16";
    QTest::newRow("qwen3 by layer")
        << R"({"architectures":["Qwen3ForCausalLM"],"sliding_window":16,"use_sliding_window":true,"layer_types":["sliding_attention","full_attention"]})"
        << "16 0";
    QTest::newRow("layer types without a window")
        << R"({"architectures":["Qwen3ForCausalLM"],"layer_types":["full_attention","full_attention"]})"
        << "0 0";
  }
  void slidingWindows() {
    QFETCH(QString, changes);
    QFETCH(QString, windows);
    const auto config = read(patched(changes.toUtf8().constData()).dump());
    QVERIFY2(config.has_value(), config ? "" : config.error().field.c_str());
    QCOMPARE(QString("%1 %2").arg(config->windowOf(0)).arg(config->windowOf(1)), windows);
  }

  void aMistralWindowOfNullIsNone() {
    json config = baseConfig();
    config["architectures"] = {"MistralForCausalLM"};
    config["sliding_window"] = nullptr;
    QCOMPARE(read(config.dump())->slidingWindow, std::int64_t(0));
  }

  void oddIdsAreWarnings() {
    const auto config = read(patched(R"({"bos_token_id":500,"pad_token_id":-1,"eos_token_id":[2,3]})").dump());
    QVERIFY(config.has_value());
    QCOMPARE(config->bosId, -1);
    QCOMPARE(config->padId, -1);
    QVERIFY((config->eosIds == std::vector<std::int32_t>{2, 3}));
    QCOMPARE(config->warnings.size(), std::size_t(1));
    QVERIFY(config->warnings[0].find("bos_token_id") != std::string::npos);
  }

  void aFileThatIsNotThere() {
    const test::TempFolder folder;
    const auto config = readModelConfig(folder.path());
    QCOMPARE(config.error().code, ErrorCode::fileMissing);
    QVERIFY(config.error().file.ends_with("config.json"));
  }

  void generationSettings_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("warnings");
    QTest::addColumn<QString>("values");  // temperature, top_k, top_p, min_p, repetition, greedy
    const QString defaults = "0.8 40 0.8 0 1 0";
    QTest::newRow("missing") << QString() << 0 << defaults;
    QTest::newRow("empty") << "{}" << 0 << defaults;
    QTest::newRow("good")
        << R"({"temperature":0.5,"top_k":20,"top_p":0.9,"min_p":0.1,"repetition_penalty":1.1,"do_sample":true})" << 0
        << "0.5 20 0.9 0.1 1.1 0";
    QTest::newRow("greedy") << R"({"do_sample":false})" << 0 << "0.8 40 0.8 0 1 1";
    QTest::newRow("null") << R"({"temperature":null,"top_k":null})" << 0 << defaults;
    QTest::newRow("below") << R"({"temperature":-1,"top_k":-5,"top_p":0,"min_p":-0.1,"repetition_penalty":0})" << 5
                           << defaults;
    QTest::newRow("above") << R"({"temperature":1000,"top_k":1e30,"top_p":1.5,"min_p":2,"repetition_penalty":1e9})" << 5
                           << defaults;
    QTest::newRow("of wrong kinds")
        << R"({"temperature":"hot","top_k":2.5,"top_p":[],"min_p":{},"repetition_penalty":true,"do_sample":1})" << 6
        << defaults;
    QTest::newRow("NaN") << R"({"temperature":NaN})" << 1 << defaults;
    QTest::newRow("broken") << "{" << 1 << defaults;
    QTest::newRow("eos outside") << R"({"eos_token_id":[5,99999,-2,"x"]})" << 3 << defaults;
  }
  void generationSettings() {
    QFETCH(QString, text);
    QFETCH(int, warnings);
    QFETCH(QString, values);
    const test::TempFolder folder;
    if (!text.isEmpty()) folder.write("generation_config.json", text.toStdString());
    ModelConfig config;
    config.vocab = 128;
    const GenerationConfig read = readGenerationConfig(folder.path(), config);
    const SamplingOptions& s = read.sampling;
    QCOMPARE(QString("%1 %2 %3 %4 %5 %6")
                 .arg(s.temperature)
                 .arg(s.topK)
                 .arg(s.topP)
                 .arg(s.minP)
                 .arg(s.repetitionPenalty)
                 .arg(int(s.greedy)),
             values);
    QCOMPARE(static_cast<int>(read.warnings.size()), warnings);
  }

  void stopIdsOfBothFiles() {
    const auto config = read(baseConfig().dump(), R"({"eos_token_id":[2,100]})");
    QVERIFY((config->eosIds == std::vector<std::int32_t>{2, 100}));
    const auto broken = read(baseConfig().dump(), "{");
    QVERIFY(broken.has_value() && broken->warnings.size() == 1);
  }

  void shapesByName() {
    QCOMPARE(shapeByName("internlm3-8b")->queryWidth(), 4096);
    QCOMPARE(shapeByName("internlm3-8b")->groupSize(), 16);
    QCOMPARE(shapeByName("llama3-8b")->kvWidth(), 1024);
    QVERIFY(!shapeByName("no-such-shape").has_value());
  }
};

QTEST_APPLESS_MAIN(TestModelConfig)
#include "test_model_config.moc"

#include "core/model/model_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/json_fields.h"
#include "core/model/generation_config.h"
#include "core/model/rope_config.h"

namespace nibble {
namespace {

constexpr std::int64_t kMaxLayers = 10'000;
constexpr std::int64_t kMaxWidth = std::int64_t{1} << 24;  // hidden, intermediate, vocabulary, all heads together
constexpr std::int64_t kMaxHeads = 65'536;
constexpr std::int64_t kMaxContext = (std::int64_t{1} << 31) - 1;

struct FamilyName {
  std::string_view architecture, modelType;
  Family family;
};
constexpr std::array<FamilyName, 6> kFamilies = {{{"InternLM3ForCausalLM", "internlm3", Family::internlm3},
                                                  {"InternLM2ForCausalLM", "internlm2", Family::internlm2},
                                                  {"LlamaForCausalLM", "llama", Family::llama},
                                                  {"Qwen2ForCausalLM", "qwen2", Family::qwen2},
                                                  {"Qwen3ForCausalLM", "qwen3", Family::qwen3},
                                                  {"MistralForCausalLM", "mistral", Family::mistral}}};

// `architectures` decides; a config without it is known by `model_type`.
Result<void> readFamily(const JsonFields& root, ModelConfig& config) {
  std::string_view first;
  if (root.has("architectures")) {
    NIBBLE_TRY(const JsonValue names, root.array("architectures"));
    for (const auto& item : names.items()) {
      if (!item.value().isString()) return root.wrong("architectures", "holds something that is no name");
      if (first.empty()) first = item.value().string();
      for (const auto& known : kFamilies) {
        if (known.architecture != item.value().string()) continue;
        config.family = known.family;
        config.architecture = item.value().string();
        return {};
      }
    }
  }
  if (!first.empty())
    return fail(ErrorCode::fileUnsupported, fmt::format("unknown architecture \"{}\"", first.substr(0, 200)),
                root.file(), "architectures");
  NIBBLE_TRY(const std::string type, root.string("model_type"));
  for (const auto& known : kFamilies) {
    if (known.modelType != type) continue;
    config.family = known.family;
    config.architecture = known.architecture;
    return {};
  }
  return fail(ErrorCode::fileUnsupported, fmt::format("unknown architecture \"{}\"", type.substr(0, 200)), root.file(),
              "model_type");
}

Result<void> readInt(const JsonFields& root, const char* key, std::int64_t most, int& value) {
  NIBBLE_TRY(const std::int64_t read, root.integer(key, 1, most));
  value = static_cast<int>(read);
  return {};
}

Result<void> readHeads(const JsonFields& root, ModelConfig& config) {
  NIBBLE_CHECK(readInt(root, "num_attention_heads", kMaxHeads, config.heads));
  config.kvHeads = config.heads;
  if (root.has("num_key_value_heads")) NIBBLE_CHECK(readInt(root, "num_key_value_heads", kMaxHeads, config.kvHeads));
  if (config.kvHeads > config.heads || config.heads % config.kvHeads != 0) {
    return root.wrong("num_key_value_heads",
                      fmt::format("is {}, no divisor of the {} heads", config.kvHeads, config.heads));
  }
  if (root.has("head_dim")) {
    NIBBLE_CHECK(readInt(root, "head_dim", kMaxHeads, config.headDim));
  } else {
    if (config.hidden % config.heads != 0) {
      return root.wrong("num_attention_heads",
                        fmt::format("is {}, no divisor of hidden_size {}", config.heads, config.hidden));
    }
    config.headDim = config.hidden / config.heads;
  }
  if (config.headDim % 2 != 0)
    return root.wrong("head_dim", fmt::format("is {}, rotary embedding needs an even one", config.headDim));
  const std::int64_t width = static_cast<std::int64_t>(config.heads) * config.headDim;
  if (width > kMaxWidth) return root.wrong("head_dim", fmt::format("makes heads of {} values together", width));
  return {};
}

Result<void> readSizes(const JsonFields& root, ModelConfig& config) {
  NIBBLE_CHECK(readInt(root, "num_hidden_layers", kMaxLayers, config.layers));
  NIBBLE_CHECK(readInt(root, "hidden_size", kMaxWidth, config.hidden));
  NIBBLE_CHECK(readInt(root, "intermediate_size", kMaxWidth, config.intermediate));
  NIBBLE_CHECK(readInt(root, "vocab_size", kMaxWidth, config.vocab));
  NIBBLE_CHECK(readHeads(root, config));
  if (!root.has("max_position_embeddings"))
    config.warnings.push_back("max_position_embeddings is missing: 2048 is taken");
  NIBBLE_TRY(config.maxPositions, root.integerOr("max_position_embeddings", 2048, 1, kMaxContext));
  NIBBLE_TRY(const double eps, root.realOr("rms_norm_eps", 1e-6, 1e-30, 1.0));
  config.rmsNormEps = static_cast<float>(eps);
  return {};
}

// Fields that would change the arithmetic: checked, never ignored.
Result<void> readKinds(const JsonFields& root, ModelConfig& config) {
  NIBBLE_TRY(const std::string activation, root.stringOr("hidden_act", "silu"));
  if (activation != "silu" && activation != "swish") {
    return fail(ErrorCode::fileUnsupported, fmt::format("unknown activation \"{}\"", activation.substr(0, 200)),
                root.file(), "hidden_act");
  }
  NIBBLE_TRY(config.tiedEmbeddings, root.booleanOr("tie_word_embeddings", false));
  for (const char* key : {"attention_bias", "mlp_bias", "bias", "qkv_bias"}) NIBBLE_CHECK(root.booleanOr(key, false));
  config.qkNorm = config.family == Family::qwen3;
  if (root.has("quantization_config") && root.value("quantization_config").size() > 0) {
    NIBBLE_TRY(const JsonFields quantization, root.object("quantization_config"));
    NIBBLE_TRY(const std::string method, quantization.stringOr("quant_method", "unnamed"));
    return fail(ErrorCode::fileUnsupported,
                fmt::format("the weights are already quantized (\"{}\"); the 16-bit original of the model is needed, "
                            "it is quantized while loading",
                            method.substr(0, 200)),
                root.file(), "quantization_config");
  }
  return {};
}

// Layers' kinds as transformers writes them: layer_types, else Qwen's max_window_layers (from that layer on).
Result<void> readSlidingLayers(const JsonFields& root, ModelConfig& config) {
  const auto layers = static_cast<std::size_t>(config.layers);
  if (root.has("layer_types")) {
    NIBBLE_TRY(const JsonValue types, root.array("layer_types"));
    if (types.size() != layers)
      return root.wrong("layer_types", fmt::format("has {} entries for {} layers", types.size(), layers));
    for (const auto& item : types.items()) {
      const std::string_view type = item.value().string();
      if (type != "full_attention" && type != "sliding_attention") {
        return fail(ErrorCode::fileUnsupported, fmt::format("unknown layer type \"{}\"", type.substr(0, 200)),
                    root.file(), "layer_types");
      }
      config.slidingLayers.push_back(type == "sliding_attention" ? 1 : 0);
    }
    return {};
  }
  if (config.family != Family::qwen2 && config.family != Family::qwen3) return {};
  NIBBLE_TRY(const std::int64_t first, root.integerOr("max_window_layers", 28, 0, kMaxLayers));
  for (std::size_t i = 0; i < layers; ++i)
    config.slidingLayers.push_back(static_cast<std::int64_t>(i) >= first ? 1 : 0);
  return {};
}

Result<void> readSlidingWindow(const JsonFields& root, ModelConfig& config) {
  const bool qwen = config.family == Family::qwen2 || config.family == Family::qwen3;
  NIBBLE_TRY(const bool used, root.booleanOr("use_sliding_window", !qwen));
  // A Mistral config that doesn't mention the window means 4096, one that says null means none.
  const std::int64_t unsaid = config.family == Family::mistral && root.value("sliding_window").isMissing() ? 4096 : 0;
  NIBBLE_TRY(const std::int64_t window, root.integerOr("sliding_window", unsaid, 1, kMaxContext));
  NIBBLE_CHECK(readSlidingLayers(root, config));
  const bool knowsWindows = qwen || config.family == Family::mistral || root.has("layer_types");
  if (window > 0 && used && !knowsWindows) {
    config.warnings.push_back("sliding_window is set, but this architecture has none: it is ignored");
  } else if (used) {
    config.slidingWindow = window;
  }
  if (config.slidingWindow == 0) config.slidingLayers.clear();
  return {};
}

// bos and pad outside the vocabulary are only odd (they are never predicted); an eos outside it could never stop an
// answer.
std::int32_t readOptionalId(const JsonFields& root, const char* key, ModelConfig& config) {
  const JsonValue value = root.value(key);
  if (!value) return -1;
  if (value.isInteger() && value.integer() >= 0 && value.integer() < config.vocab)
    return static_cast<std::int32_t>(value.integer());
  if (!value.isInteger() || value.integer() != -1)
    config.warnings.push_back(fmt::format("{} is no id of the vocabulary: it is ignored", key));
  return -1;
}

Result<void> readIds(const JsonFields& root, ModelConfig& config) {
  config.bosId = readOptionalId(root, "bos_token_id", config);
  config.padId = readOptionalId(root, "pad_token_id", config);
  const JsonValue eos = root.value("eos_token_id");
  const auto add = [&](const JsonValue& value) -> Result<void> {
    if (!value.isInteger()) return root.wrong("eos_token_id", fmt::format("is {}, expected an id", value.kindName()));
    if (value.integer() < 0 || value.integer() >= config.vocab) {
      return root.wrong("eos_token_id",
                        fmt::format("is {}, outside the vocabulary of {}", value.integer(), config.vocab));
    }
    config.eosIds.push_back(static_cast<std::int32_t>(value.integer()));
    return {};
  };
  if (!eos) return {};
  if (!eos.isArray()) return add(eos);
  for (const auto& item : eos.items()) NIBBLE_CHECK(add(item.value()));
  return {};
}

}  // namespace

Result<ModelConfig> readModelConfig(const std::filesystem::path& folder) {
  constexpr std::uint64_t kMaxConfigBytes = std::uint64_t{16} << 20;
  const auto path = folder / "config.json";
  NIBBLE_TRY(const JsonDocument document, JsonDocument::open(path, kMaxConfigBytes));
  if (!document.root().isObject()) return fail(ErrorCode::fileMalformed, "is no JSON object", path.string());
  const JsonFields root(document.root(), path.string());
  ModelConfig config;
  NIBBLE_CHECK(readFamily(root, config));
  NIBBLE_CHECK(readSizes(root, config));
  NIBBLE_CHECK(readKinds(root, config));
  NIBBLE_TRY(config.rope, readRopeConfig(root, config.maxPositions, config.warnings));
  NIBBLE_CHECK(readSlidingWindow(root, config));
  NIBBLE_CHECK(readIds(root, config));
  const GenerationConfig generation = readGenerationConfig(folder, config);
  config.warnings.insert(config.warnings.end(), generation.warnings.begin(), generation.warnings.end());
  for (const std::int32_t id : generation.eosIds) {
    if (std::find(config.eosIds.begin(), config.eosIds.end(), id) == config.eosIds.end()) config.eosIds.push_back(id);
  }
  if (config.eosIds.empty()) config.warnings.push_back("no eos_token_id: answers stop only at their length limit");
  return config;
}

std::optional<ModelConfig> shapeByName(const std::string& name) {
  ModelConfig config;
  if (name == "internlm3-8b") {
    config.family = Family::internlm3;
    config.architecture = "InternLM3ForCausalLM";
    config.layers = 48, config.hidden = 4096, config.heads = 32, config.kvHeads = 2, config.headDim = 128;
    config.intermediate = 10240, config.vocab = 128512, config.maxPositions = 32768;
    config.rope.kind = RopeKind::dynamic, config.rope.theta = 5e7, config.rope.factor = 6.0;
    config.eosIds = {2, 128131}, config.bosId = 1, config.padId = 2;
  } else if (name == "sample") {
    config.family = Family::internlm3;
    config.architecture = "InternLM3ForCausalLM";
    config.layers = 6, config.hidden = 384, config.heads = 6, config.kvHeads = 2, config.headDim = 64;
    config.intermediate = 1024, config.vocab = 8192, config.maxPositions = 1024;
    config.rope.theta = 1e6, config.tiedEmbeddings = true;
    config.eosIds = {2, 8177}, config.bosId = 1, config.padId = 2;
  } else if (name == "llama3-8b") {
    config.family = Family::llama;
    config.architecture = "LlamaForCausalLM";
    config.layers = 32, config.hidden = 4096, config.heads = 32, config.kvHeads = 8, config.headDim = 128;
    config.intermediate = 14336, config.vocab = 128256, config.maxPositions = 8192;
    config.rope.theta = 5e5;
    config.eosIds = {128001, 128009}, config.bosId = 128000;
  } else {
    return std::nullopt;
  }
  return config;
}

}  // namespace nibble

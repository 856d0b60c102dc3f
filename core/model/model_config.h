// A model's shape as data: what config.json (both generations) says, checked. All families share this one struct.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace nibble {

enum class Family : std::uint8_t { internlm3, internlm2, llama, qwen2, qwen3, mistral };

enum class RopeKind : std::uint8_t { none, linear, dynamic, llama3, yarn };

/// Rotary position embedding. Angles are computed in fp32; layout is rotate-half.
struct RopeConfig {
  RopeKind kind = RopeKind::none;
  double theta = 10000.0;
  double factor = 1.0;
  std::int64_t originalContext = 0;  ///< original_max_position_embeddings (llama3, yarn), 0: the model's context
  double lowFreqFactor = 1.0;        ///< llama3
  double highFreqFactor = 4.0;       ///< llama3
  double betaFast = 32.0;            ///< yarn
  double betaSlow = 1.0;             ///< yarn
  std::optional<double> attentionFactor;  ///< yarn; absent: 0.1 ln(factor) + 1
  std::optional<double> mscale, mscaleAllDim;  ///< yarn variants
  bool truncate = true;              ///< yarn: round the correction range
};

struct ModelConfig {
  Family family = Family::llama;
  std::string architecture;      ///< as written: "InternLM3ForCausalLM"
  int layers = 0;
  int hidden = 0;
  int heads = 0;
  int kvHeads = 0;
  int headDim = 0;
  int intermediate = 0;
  int vocab = 0;
  std::int64_t maxPositions = 0;
  float rmsNormEps = 1e-5f;
  bool tiedEmbeddings = false;
  bool qkNorm = false;           ///< Qwen3: RMSNorm of every q and k head before rotary
  RopeConfig rope;
  std::int64_t slidingWindow = 0;        ///< 0: none; else a query sees this many last positions, itself included
  std::vector<std::uint8_t> slidingLayers;  ///< (layers) 1 where the window holds; empty: all if slidingWindow > 0
  std::vector<std::int32_t> eosIds;      ///< config's and generation_config's together
  std::int32_t bosId = -1;
  std::int32_t padId = -1;
  std::vector<std::string> warnings;     ///< odd, but loadable

  int groupSize() const { return heads / kvHeads; }
  int queryWidth() const { return heads * headDim; }
  int kvWidth() const { return kvHeads * headDim; }
  std::int64_t windowOf(int layer) const {
    if (slidingWindow <= 0) return 0;
    return slidingLayers.empty() || slidingLayers[static_cast<std::size_t>(layer)] ? slidingWindow : 0;
  }
};

/// Reads and checks FOLDER/config.json (and the eos ids of generation_config.json).
/// Errors: fileMissing, fileMalformed, fileUnsupported, each with file and field.
Result<ModelConfig> readModelConfig(const std::filesystem::path& folder);

/// A shape by name for planning and benchmarks without weights: "internlm3-8b", "sample", "llama3-8b". Nothing if unknown.
std::optional<ModelConfig> shapeByName(const std::string& name);

}  // namespace nibble

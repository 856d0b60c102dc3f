#include "core/model/rope_config.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace nibble {
namespace {

constexpr double kTiny = 1e-12, kHuge = 1e12;
constexpr std::int64_t kMaxContext = std::int64_t{1} << 31;

Result<RopeKind> kindOf(const JsonFields& rope) {
  const std::string key = rope.has("rope_type") ? "rope_type" : "type";
  NIBBLE_TRY(const std::string name, rope.stringOr(key, "default"));
  static constexpr std::array<std::pair<std::string_view, RopeKind>, 5> kKinds = {{{"default", RopeKind::none},
                                                                                   {"linear", RopeKind::linear},
                                                                                   {"dynamic", RopeKind::dynamic},
                                                                                   {"llama3", RopeKind::llama3},
                                                                                   {"yarn", RopeKind::yarn}}};
  for (const auto& [known, kind] : kKinds) {
    if (known == name) return kind;
  }
  return fail(ErrorCode::fileUnsupported, fmt::format("unknown rope type \"{}\"", name), rope.file(), rope.pathOf(key));
}

Result<void> readFullRotary(const JsonFields& fields) {
  NIBBLE_TRY(const double part, fields.realOr("partial_rotary_factor", 1.0, 0.0, 1.0));
  if (part == 1.0) return {};
  return fail(ErrorCode::fileUnsupported, "rotates only a part of each head", fields.file(),
              fields.pathOf("partial_rotary_factor"));
}

Result<void> readFactor(const JsonFields& rope, std::int64_t maxPositions, RopeConfig& config) {
  // A factor left out of yarn means the ratio of the two contexts.
  if (config.kind == RopeKind::yarn && !rope.has("factor") && config.originalContext > 0) {
    config.factor = static_cast<double>(maxPositions) / static_cast<double>(config.originalContext);
    return {};
  }
  NIBBLE_TRY(config.factor, rope.real("factor", kTiny, 1e6));
  return {};
}

Result<void> readOriginalContext(const JsonFields& rope, const JsonFields& root, RopeConfig& config) {
  constexpr const char* kKey = "original_max_position_embeddings";
  const JsonFields& holder = root.has(kKey) ? root : rope;  // transformers 5 prefers the one outside
  NIBBLE_TRY(config.originalContext, holder.integerOr(kKey, 0, 1, kMaxContext));
  return {};
}

Result<void> readLlama3(const JsonFields& rope, RopeConfig& config) {
  NIBBLE_TRY(config.lowFreqFactor, rope.real("low_freq_factor", kTiny, kHuge));
  NIBBLE_TRY(config.highFreqFactor, rope.real("high_freq_factor", kTiny, kHuge));
  if (config.highFreqFactor <= config.lowFreqFactor)
    return rope.wrong("high_freq_factor", "is not above low_freq_factor");
  return {};
}

Result<void> readYarn(const JsonFields& rope, RopeConfig& config) {
  NIBBLE_TRY(config.betaFast, rope.realOr("beta_fast", 32.0, 0.0, kHuge));
  NIBBLE_TRY(config.betaSlow, rope.realOr("beta_slow", 1.0, 0.0, kHuge));
  if (config.betaFast == 0) config.betaFast = 32.0;  // as transformers reads a 0
  if (config.betaSlow == 0) config.betaSlow = 1.0;
  if (config.betaFast < config.betaSlow) return rope.wrong("beta_fast", "is below beta_slow");
  const auto optional = [&](const char* key, std::optional<double>& value) -> Result<void> {
    if (!rope.has(key)) return {};
    NIBBLE_TRY(value, rope.real(key, 0.0, kHuge));
    return {};
  };
  NIBBLE_CHECK(optional("attention_factor", config.attentionFactor));
  NIBBLE_CHECK(optional("mscale", config.mscale));
  NIBBLE_CHECK(optional("mscale_all_dim", config.mscaleAllDim));
  NIBBLE_TRY(config.truncate, rope.booleanOr("truncate", true));
  return {};
}

}  // namespace

Result<RopeConfig> readRopeConfig(const JsonFields& root, std::int64_t maxPositions,
                                  std::vector<std::string>& warnings) {
  RopeConfig config;
  NIBBLE_TRY(config.theta, root.realOr("rope_theta", 10000.0, 1.0, 1e15));
  NIBBLE_CHECK(readFullRotary(root));
  const bool scaling = root.has("rope_scaling") && root.value("rope_scaling").size() > 0;
  const std::string section = scaling ? "rope_scaling" : "rope_parameters";
  if (!root.has(section)) return config;
  NIBBLE_TRY(const JsonFields rope, root.object(section));
  for (const char* layerKind : {"full_attention", "sliding_attention"}) {
    if (!rope.has(layerKind)) continue;
    return fail(ErrorCode::fileUnsupported, "rope parameters for each kind of layer", root.file(),
                rope.pathOf(layerKind));
  }
  NIBBLE_TRY(config.theta, rope.realOr("rope_theta", config.theta, 1.0, 1e15));
  NIBBLE_CHECK(readFullRotary(rope));
  NIBBLE_TRY(config.kind, kindOf(rope));
  if (config.kind == RopeKind::none) {
    if (rope.has("factor"))
      warnings.push_back(fmt::format("{} has a factor but no kind of scaling: nothing is scaled", section));
    return config;
  }
  if (config.kind == RopeKind::llama3 || config.kind == RopeKind::yarn)
    NIBBLE_CHECK(readOriginalContext(rope, root, config));
  NIBBLE_CHECK(readFactor(rope, maxPositions, config));
  if (config.factor < 1.0) warnings.push_back(fmt::format("{}.factor is {}, below 1", section, config.factor));
  if (config.kind == RopeKind::llama3) NIBBLE_CHECK(readLlama3(rope, config));
  if (config.kind == RopeKind::yarn) NIBBLE_CHECK(readYarn(rope, config));
  return config;
}

}  // namespace nibble

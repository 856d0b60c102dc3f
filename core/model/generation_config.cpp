#include "core/model/generation_config.h"

#include <fmt/format.h>

#include "core/base/json_fields.h"

namespace nibble {
namespace {

constexpr const char* kFile = "generation_config.json";

class Reader {
 public:
  Reader(const JsonFields& root, std::vector<std::string>& warnings) : m_root(root), m_warnings(warnings) {}

  void real(const char* key, double least, double most, float& value) {
    const auto read = m_root.realOr(key, value, least, most);
    if (read)
      value = static_cast<float>(*read);
    else
      warn(read.error());
  }
  void integer(const char* key, std::int64_t most, int& value) {
    const auto read = m_root.integerOr(key, value, 0, most);
    if (read)
      value = static_cast<int>(*read);
    else
      warn(read.error());
  }
  void doSample(bool& greedy) {
    const auto read = m_root.booleanOr("do_sample", !greedy);
    if (read)
      greedy = !*read;
    else
      warn(read.error());
  }
  void eos(int vocab, std::vector<std::int32_t>& ids) {
    const JsonValue value = m_root.value("eos_token_id");
    const auto add = [&](const JsonValue& id) {
      const bool good = id.isInteger() && id.integer() >= 0 && id.integer() < vocab;
      if (good)
        ids.push_back(static_cast<std::int32_t>(id.integer()));
      else
        m_warnings.push_back(fmt::format("{}: eos_token_id names no id of the vocabulary: it is ignored", kFile));
    };
    if (!value) return;
    if (!value.isArray()) return add(value);
    for (const auto& item : value.items()) add(item.value());
  }

 private:
  void warn(const Error& error) {
    m_warnings.push_back(fmt::format("{}: {} {}: the default is taken", kFile, error.field, error.detail));
  }
  const JsonFields& m_root;
  std::vector<std::string>& m_warnings;
};

}  // namespace

GenerationConfig readGenerationConfig(const std::filesystem::path& folder, const ModelConfig& config) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 20;
  constexpr double kLeast = 1e-6;
  GenerationConfig result;
  if (config.family == Family::internlm3)
    result.sampling.repetitionPenalty = 1.005f;  // its model card; the file is silent
  const auto document = JsonDocument::open(folder / kFile, kMaxBytes);
  if (!document) {
    if (document.error().code != ErrorCode::fileMissing) {
      result.warnings.push_back(fmt::format("{}: {}: the file is ignored", kFile, document.error().detail));
    }
    return result;
  }
  const JsonFields root(document->root(), kFile);
  Reader reader(root, result.warnings);
  reader.doSample(result.sampling.greedy);
  reader.real("temperature", 0.0, 100.0, result.sampling.temperature);
  reader.real("top_p", kLeast, 1.0, result.sampling.topP);
  reader.real("min_p", 0.0, 1.0, result.sampling.minP);
  reader.real("repetition_penalty", 0.01, 100.0, result.sampling.repetitionPenalty);
  reader.integer("top_k", INT32_MAX, result.sampling.topK);
  reader.eos(config.vocab, result.eosIds);
  return result;
}

}  // namespace nibble

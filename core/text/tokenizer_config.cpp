// Reads the three small JSON files beside a tokenizer. Ids that are not whole, too large or given to two tokens are refused.
#include "core/text/tokenizer_config.h"

#include <charconv>
#include <map>
#include <set>

#include "core/base/json.h"
#include "core/base/json_fields.h"
#include "core/text/vocabulary.h"

namespace nibble {
namespace {

/// "<s>" or {"content": "<s>", …}; nothing for null or absent.
std::optional<std::string> tokenText(JsonValue value) {
  if (value.isObject()) value = value["content"];
  if (!value.isString()) return std::nullopt;
  return std::string(value.string());
}

class ConfigReader {
 public:
  ConfigReader(const std::filesystem::path& folder, TokenizerConfig& config) : m_folder(folder), m_config(config) {}

  Result<bool> read() {
    NIBBLE_CHECK(readFile("tokenizer_config.json", &ConfigReader::readConfig));
    NIBBLE_CHECK(readFile("special_tokens_map.json", &ConfigReader::readSpecialMap));
    NIBBLE_CHECK(readFile("added_tokens.json", &ConfigReader::readAddedFile));
    for (auto& [id, token] : m_tokens) m_config.addedTokens.push_back(std::move(token));
    return true;
  }

 private:
  Result<bool> readFile(const char* name, Result<bool> (ConfigReader::*reader)(JsonValue, const JsonFields&)) {
    const std::filesystem::path path = m_folder / name;
    std::error_code failure;
    if (!std::filesystem::exists(path, failure)) return true;
    NIBBLE_TRY(const JsonDocument document, JsonDocument::open(path));
    if (!document.root().isObject()) return fail(ErrorCode::fileMalformed, "not an object", path.string());
    return (this->*reader)(document.root(), JsonFields(document.root(), path.string()));
  }

  Result<bool> readConfig(JsonValue, const JsonFields& fields) {
    if (fields.value("tokenizer_class").isString()) m_config.tokenizerClass = fields.value("tokenizer_class").string();
    NIBBLE_CHECK(readFlag(fields, "add_bos_token", m_config.addBos));
    NIBBLE_CHECK(readFlag(fields, "add_eos_token", m_config.addEos));
    NIBBLE_CHECK(readFlag(fields, "add_prefix_space", m_config.addPrefixSpace));
    NIBBLE_TRY(m_config.legacy, fields.booleanOr("legacy", true));
    m_config.bosIsNull = fields.value("bos_token").isNull();
    readSpecialTokens(fields);
    return readDecoder(fields);
  }

  Result<bool> readSpecialMap(JsonValue, const JsonFields& fields) {
    readSpecialTokens(fields);
    return true;
  }

  /// bos, eos and the rest by name; the first file that names one counts.
  void readSpecialTokens(const JsonFields& fields) {
    const auto take = [&](const char* key, std::optional<std::string>& target) {
      const auto text = tokenText(fields.value(key));
      if (text) m_special.insert(*text);
      if (text && !target) target = text;
    };
    std::optional<std::string> other;
    take("bos_token", m_config.bosToken);
    take("eos_token", m_config.eosToken);
    take("unk_token", m_config.unknownToken);
    for (const char* key : {"pad_token", "sep_token", "cls_token", "mask_token"}) take(key, other);
    for (const auto& item : fields.value("additional_special_tokens").items()) {
      if (const auto text = tokenText(item.value())) m_special.insert(*text);
    }
  }

  static Result<bool> readFlag(const JsonFields& fields, const char* key, std::optional<bool>& target) {
    if (!fields.has(key)) return true;
    NIBBLE_TRY(target, fields.boolean(key));
    return true;
  }

  Result<bool> readDecoder(const JsonFields& fields) {
    if (!fields.has("added_tokens_decoder")) return true;
    NIBBLE_TRY(const JsonFields decoder, fields.object("added_tokens_decoder"));
    for (const auto& member : fields.value("added_tokens_decoder").members()) {
      const std::string key(member.key());
      std::int64_t id = -1;
      const auto [end, failure] = std::from_chars(key.data(), key.data() + key.size(), id);
      if (failure != std::errc() || end != key.data() + key.size()) return decoder.wrong(key, "not a whole number");
      if (!member.value().isObject()) return decoder.wrong(key, "not an object");
      NIBBLE_TRY(const AddedToken token, readToken(JsonFields(member.value(), fields.file(), decoder.pathOf(key))));
      NIBBLE_CHECK(add(decoder, key, id, token));
    }
    return true;
  }

  static Result<AddedToken> readToken(const JsonFields& fields) {
    AddedToken token;
    NIBBLE_TRY(token.content, fields.string("content"));
    NIBBLE_TRY(token.special, fields.booleanOr("special", false));
    NIBBLE_TRY(token.leftStrip, fields.booleanOr("lstrip", false));
    NIBBLE_TRY(token.rightStrip, fields.booleanOr("rstrip", false));
    NIBBLE_TRY(token.singleWord, fields.booleanOr("single_word", false));
    NIBBLE_TRY(token.normalized, fields.booleanOr("normalized", !token.special));
    return token;
  }

  /// added_tokens.json, the older way: {"<tool_call>": 151657}. Special if another file names it so.
  Result<bool> readAddedFile(JsonValue root, const JsonFields& fields) {
    for (const auto& member : root.members()) {
      const std::string key(member.key());
      if (!member.value().isInteger()) return fields.wrong(key, "the id is not a whole number");
      const auto known = m_tokens.find(static_cast<std::int32_t>(member.value().integer()));
      if (known != m_tokens.end() && known->second.content == key) continue;
      AddedToken token;
      token.content = key;
      token.special = m_special.contains(key);
      token.normalized = !token.special;
      NIBBLE_CHECK(add(fields, key, member.value().integer(), token));
    }
    return true;
  }

  Result<bool> add(const JsonFields& fields, const std::string& key, std::int64_t id, AddedToken token) {
    if (id < 0 || id >= Vocabulary::kMaxIds) return fields.wrong(key, "the id " + std::to_string(id) + " is out of range");
    token.id = static_cast<std::int32_t>(id);
    if (token.content.empty()) return fields.wrong(key, "a token without text");
    if (token.content.size() > AddedTokens::kMaxContentBytes) return fields.wrong(key, "a token longer than 1,024 bytes");
    if (!m_tokens.try_emplace(token.id, std::move(token)).second) {
      return fields.wrong(key, "the id " + std::to_string(id) + " already belongs to another token");
    }
    return true;
  }

  const std::filesystem::path& m_folder;
  TokenizerConfig& m_config;
  std::set<std::string> m_special;
  std::map<std::int32_t, AddedToken> m_tokens;
};

}  // namespace

Result<TokenizerConfig> TokenizerConfig::open(const std::filesystem::path& folder) {
  TokenizerConfig config;
  NIBBLE_CHECK(ConfigReader(folder, config).read());
  return config;
}

}  // namespace nibble

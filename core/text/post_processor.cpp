// TemplateProcessing, and the older RobertaProcessing and BertProcessing; ByteLevel changes no ids.
#include "core/text/post_processor.h"

#include "core/base/json_fields.h"

namespace nibble {
namespace {

constexpr std::size_t kMaxTemplateItems = 32;

class PostProcessorReader {
 public:
  PostProcessorReader(TextEnds& ends, const std::function<bool(std::int64_t)>& exists) : m_ends(ends), m_exists(exists) {}

  Result<bool> read(const JsonFields& fields, int depth) {
    NIBBLE_TRY(const std::string type, fields.string("type"));
    if (type == "ByteLevel") return true;
    if (type == "TemplateProcessing") return readTemplate(fields);
    if (type == "RobertaProcessing" || type == "BertProcessing") {
      NIBBLE_CHECK(readNamedId(fields, "cls", m_ends.before));
      return readNamedId(fields, "sep", m_ends.after);
    }
    if (type != "Sequence") return fail(ErrorCode::fileUnsupported, "a post-processor of the kind " + type, fields.file(), fields.pathOf("type"));
    if (depth >= 8) return fields.wrong("processors", "sequences nested too deep");
    NIBBLE_TRY(const JsonValue list, fields.array("processors"));
    for (const auto& item : list.items()) {
      NIBBLE_CHECK(read(JsonFields(item.value(), fields.file(), fields.pathOf("processors")), depth + 1));
    }
    return true;
  }

 private:
  Result<bool> addId(const JsonFields& fields, const char* key, JsonValue id, std::vector<std::int32_t>& ids) {
    if (!id.isInteger() || !m_exists(id.integer())) return fields.wrong(key, "an id that the tokenizer does not have");
    ids.push_back(static_cast<std::int32_t>(id.integer()));
    return true;
  }

  /// ["<s>", 0]
  Result<bool> readNamedId(const JsonFields& fields, const char* key, std::vector<std::int32_t>& ids) {
    NIBBLE_TRY(const JsonValue pair, fields.array(key));
    if (pair.size() != 2) return fields.wrong(key, "not a token with its id");
    auto part = pair.items().begin();
    ++part;
    return addId(fields, key, (*part).value(), ids);
  }

  Result<bool> readTemplate(const JsonFields& fields) {
    NIBBLE_TRY(const JsonValue single, fields.array("single"));
    if (single.size() > kMaxTemplateItems) return fields.wrong("single", "more than 32 items");
    bool afterText = false;
    for (const auto& item : single.items()) {
      if (item.value()["Sequence"]) afterText = true;
      const JsonValue special = item.value()["SpecialToken"];
      if (!special) continue;
      const JsonValue token = fields.value("special_tokens")[special["id"].string()];
      if (!token["ids"].isArray()) return fields.wrong("special_tokens", "lacks " + std::string(special["id"].string()));
      if (token["ids"].size() > kMaxTemplateItems) return fields.wrong("special_tokens", "more than 32 ids");
      for (const auto& id : token["ids"].items()) {
        NIBBLE_CHECK(addId(fields, "special_tokens", id.value(), afterText ? m_ends.after : m_ends.before));
      }
    }
    return true;
  }

  TextEnds& m_ends;
  const std::function<bool(std::int64_t)>& m_exists;
};

}  // namespace

Result<TextEnds> readPostProcessor(JsonValue value, const std::string& file, const std::function<bool(std::int64_t)>& exists) {
  TextEnds ends;
  if (value) NIBBLE_CHECK(PostProcessorReader(ends, exists).read(JsonFields(value, file, "post_processor"), 0));
  return ends;
}

}  // namespace nibble

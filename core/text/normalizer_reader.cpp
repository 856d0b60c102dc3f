// The "normalizer" object.
#include <array>

#include "core/base/json_fields.h"
#include "core/text/tokenizer_json_steps.h"

namespace nibble {
namespace {

constexpr int kMaxDepth = 8;  // sequences within sequences
constexpr std::size_t kMaxSteps = 64;
constexpr std::size_t kMaxPrefixBytes = 64;

/// Standard base64; nothing if a character is not part of it.
std::optional<std::string> fromBase64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFFFFF;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xFF));
  }
  return out;
}

class NormalizerReader {
 public:
  explicit NormalizerReader(std::vector<std::unique_ptr<NormalizerStep>>& steps) : m_steps(steps) {}

  Result<bool> read(const JsonFields& fields, int depth) {
    NIBBLE_TRY(const std::string type, fields.string("type"));
    if (type == "Sequence") return readSequence(fields, depth);
    if (type == "Precompiled") return readCharsmap(fields);
    if (type == "Replace") return readReplace(fields);
    if (type == "Strip") return readStrip(fields);
    if (type == "Prepend") {
      NIBBLE_TRY(std::string prefix, fields.string("prepend"));
      if (prefix.size() > kMaxPrefixBytes) return fields.wrong("prepend", "longer than 64 bytes");
      return add(fields, std::make_unique<PrependStep>(std::move(prefix)));
    }
    if (type == "Lowercase") return add(fields, std::make_unique<LowercaseStep>());
    if (type == "StripAccents") return add(fields, std::make_unique<StripAccentsStep>());
    static constexpr std::array<std::pair<std::string_view, UnicodeForm>, 4> kForms{
        {{"NFC", UnicodeForm::nfc}, {"NFD", UnicodeForm::nfd}, {"NFKC", UnicodeForm::nfkc}, {"NFKD", UnicodeForm::nfkd}}};
    for (const auto& [name, form] : kForms) {
      if (type == name) return add(fields, std::make_unique<UnicodeFormStep>(form));
    }
    return fail(ErrorCode::fileUnsupported, "a normalizer of the kind " + type, fields.file(), fields.pathOf("type"));
  }

 private:
  Result<bool> add(const JsonFields& fields, std::unique_ptr<NormalizerStep> step) {
    if (m_steps.size() == kMaxSteps) return fields.wrong("type", "more than 64 steps");
    m_steps.push_back(std::move(step));
    return true;
  }

  Result<bool> readSequence(const JsonFields& fields, int depth) {
    if (depth >= kMaxDepth) return fields.wrong("normalizers", "sequences nested too deep");
    NIBBLE_TRY(const JsonValue list, fields.array("normalizers"));
    int index = 0;
    for (const auto& item : list.items()) {
      const std::string path = fields.pathOf("normalizers") + "[" + std::to_string(index++) + "]";
      NIBBLE_CHECK(read(JsonFields(item.value(), fields.file(), path), depth + 1));
    }
    return true;
  }

  Result<bool> readCharsmap(const JsonFields& fields) {
    if (!fields.has("precompiled_charsmap")) return true;
    NIBBLE_TRY(const std::string text, fields.string("precompiled_charsmap"));
    if (text.empty()) return true;
    const auto blob = fromBase64(text);
    if (!blob) return fields.wrong("precompiled_charsmap", "not base64");
    NIBBLE_TRY(Charsmap charsmap, Charsmap::parse(*blob, fields.file(), fields.pathOf("precompiled_charsmap")));
    return add(fields, std::make_unique<CharsmapStep>(std::move(charsmap)));
  }

  Result<bool> readReplace(const JsonFields& fields) {
    NIBBLE_TRY(std::string content, fields.string("content"));
    NIBBLE_TRY(TextPattern pattern, readPattern(fields));
    return add(fields, std::make_unique<ReplaceStep>(std::move(pattern), std::move(content)));
  }

  Result<bool> readStrip(const JsonFields& fields) {
    NIBBLE_TRY(const bool left, fields.booleanOr("strip_left", true));
    NIBBLE_TRY(const bool right, fields.booleanOr("strip_right", true));
    return add(fields, std::make_unique<StripStep>(left, right));
  }

  static Result<TextPattern> readPattern(const JsonFields& fields) {
    NIBBLE_TRY(const JsonFields pattern, fields.object("pattern"));
    if (pattern.has("String")) {
      NIBBLE_TRY(const std::string text, pattern.string("String"));
      return TextPattern::literal(text);
    }
    NIBBLE_TRY(const std::string text, pattern.string("Regex"));
    return TextPattern::compile(text, fields.file(), pattern.pathOf("Regex"));
  }

  std::vector<std::unique_ptr<NormalizerStep>>& m_steps;
};

}  // namespace

Result<std::vector<std::unique_ptr<NormalizerStep>>> readNormalizer(JsonValue value, const std::string& file, const std::string& path) {
  std::vector<std::unique_ptr<NormalizerStep>> steps;
  if (value) NIBBLE_CHECK(NormalizerReader(steps).read(JsonFields(value, file, path), 0));
  return steps;
}

}  // namespace nibble

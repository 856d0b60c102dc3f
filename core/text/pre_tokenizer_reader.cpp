// The "pre_tokenizer" object.
#include <array>

#include "core/base/json_fields.h"
#include "core/text/tokenizer_json_steps.h"

namespace nibble {
namespace {

constexpr int kMaxDepth = 8;  // sequences within sequences
constexpr std::size_t kMaxSteps = 64;
constexpr std::size_t kMaxMarkBytes = 64;

/// \w+|[^\w\s]+ with the \w of the library that these files come from, which is wider than PCRE2's.
constexpr std::string_view kWords =
    R"([\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200C}\x{200D}]+|[^\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200C}\x{200D}\s]+)";

class PreTokenizerReader {
 public:
  explicit PreTokenizerReader(PreTokenizerSteps& made) : m_made(made) {}

  Result<bool> read(const JsonFields& fields, int depth) {
    NIBBLE_TRY(const std::string type, fields.string("type"));
    if (type == "Sequence") return readSequence(fields, depth);
    if (type == "ByteLevel") return readByteLevel(fields);
    if (type == "Split") return readSplit(fields);
    if (type == "Metaspace") return readMetaspace(fields);
    if (type == "Digits") return readDigits(fields);
    if (type == "Punctuation") {
      NIBBLE_TRY(const SplitBehavior behavior, readBehavior(fields, SplitBehavior::isolated));
      return add(fields, std::make_unique<CharacterStep>(isPunctuation, behavior));
    }
    if (type == "WhitespaceSplit") return add(fields, std::make_unique<CharacterStep>(isWhiteSpace, SplitBehavior::removed));
    if (type == "Whitespace") {
      NIBBLE_TRY(TextPattern words, TextPattern::compile(kWords, fields.file(), fields.pathOf("type")));
      return add(fields, std::make_unique<PatternStep>(std::move(words), SplitBehavior::removed, true));
    }
    return fail(ErrorCode::fileUnsupported, "a pre-tokenizer of the kind " + type, fields.file(), fields.pathOf("type"));
  }

 private:
  Result<bool> add(const JsonFields& fields, std::unique_ptr<WordStep> step) {
    if (m_made.steps.size() >= kMaxSteps) return fields.wrong("type", "more than 64 steps");
    m_made.steps.push_back(std::move(step));
    return true;
  }

  Result<bool> readSequence(const JsonFields& fields, int depth) {
    if (depth >= kMaxDepth) return fields.wrong("pretokenizers", "sequences nested too deep");
    NIBBLE_TRY(const JsonValue list, fields.array("pretokenizers"));
    int index = 0;
    for (const auto& item : list.items()) {
      const std::string path = fields.pathOf("pretokenizers") + "[" + std::to_string(index++) + "]";
      NIBBLE_CHECK(read(JsonFields(item.value(), fields.file(), path), depth + 1));
    }
    return true;
  }

  Result<bool> readByteLevel(const JsonFields& fields) {
    NIBBLE_TRY(const bool prefix, fields.booleanOr("add_prefix_space", true));
    NIBBLE_TRY(const bool words, fields.booleanOr("use_regex", true));
    m_made.overBytes = true;
    if (prefix) NIBBLE_CHECK(add(fields, std::make_unique<PrefixSpaceStep>()));
    if (words) NIBBLE_CHECK(add(fields, std::make_unique<ScannerStep>(kGpt2Rules)));
    return true;
  }

  Result<bool> readSplit(const JsonFields& fields) {
    NIBBLE_TRY(const SplitBehavior behavior, readBehavior(fields, SplitBehavior::isolated));
    NIBBLE_TRY(const bool invert, fields.booleanOr("invert", false));
    NIBBLE_TRY(const JsonFields pattern, fields.object("pattern"));
    if (pattern.has("String")) {
      NIBBLE_TRY(const std::string text, pattern.string("String"));
      return add(fields, std::make_unique<PatternStep>(TextPattern::literal(text), behavior, invert));
    }
    NIBBLE_TRY(const std::string text, pattern.string("Regex"));
    // The scanner covers every character, so that "isolated", and "removed" where the pattern is inverted, come to the same.
    const bool plain = (behavior == SplitBehavior::isolated && !invert) || (behavior == SplitBehavior::removed && invert);
    if (const auto rules = rulesOfPattern(text); rules && plain) return add(fields, std::make_unique<ScannerStep>(*rules));
    NIBBLE_TRY(TextPattern compiled, TextPattern::compile(text, fields.file(), pattern.pathOf("Regex")));
    return add(fields, std::make_unique<PatternStep>(std::move(compiled), behavior, invert));
  }

  static Result<SplitBehavior> readBehavior(const JsonFields& fields, SplitBehavior fallback) {
    static constexpr std::array<std::pair<std::string_view, SplitBehavior>, 5> kBehaviors{
        {{"Removed", SplitBehavior::removed},
         {"Isolated", SplitBehavior::isolated},
         {"MergedWithPrevious", SplitBehavior::mergedWithPrevious},
         {"MergedWithNext", SplitBehavior::mergedWithNext},
         {"Contiguous", SplitBehavior::contiguous}}};
    if (!fields.has("behavior")) return fallback;
    NIBBLE_TRY(const std::string name, fields.string("behavior"));
    for (const auto& [known, behavior] : kBehaviors) {
      if (name == known) return behavior;
    }
    return fail(ErrorCode::fileUnsupported, "a behavior of the kind " + name, fields.file(), fields.pathOf("behavior"));
  }

  Result<bool> readMetaspace(const JsonFields& fields) {
    NIBBLE_TRY(std::string mark, fields.stringOr("replacement", "\xE2\x96\x81"));
    NIBBLE_TRY(const bool prefix, fields.booleanOr("add_prefix_space", true));
    NIBBLE_TRY(const std::string scheme, fields.stringOr("prepend_scheme", prefix ? "always" : "never"));
    NIBBLE_TRY(const bool cut, fields.booleanOr("split", true));
    if (mark.empty() || mark.size() > kMaxMarkBytes) return fields.wrong("replacement", "empty or longer than 64 bytes");
    const bool known = scheme == "always" || scheme == "first" || scheme == "never";
    if (!known) return fail(ErrorCode::fileUnsupported, "a scheme of the kind " + scheme, fields.file(), fields.pathOf("prepend_scheme"));
    const auto prepend = scheme == "always"  ? MetaspaceStep::Prepend::always
                         : scheme == "first" ? MetaspaceStep::Prepend::first
                                             : MetaspaceStep::Prepend::never;
    return add(fields, std::make_unique<MetaspaceStep>(std::move(mark), prepend, cut));
  }

  Result<bool> readDigits(const JsonFields& fields) {
    NIBBLE_TRY(const bool single, fields.booleanOr("individual_digits", false));
    return add(fields, std::make_unique<CharacterStep>(isNumeric, single ? SplitBehavior::isolated : SplitBehavior::contiguous));
  }

  PreTokenizerSteps& m_made;
};

}  // namespace

Result<PreTokenizerSteps> readPreTokenizer(JsonValue value, const std::string& file, const std::string& path) {
  PreTokenizerSteps made;
  if (value) NIBBLE_CHECK(PreTokenizerReader(made).read(JsonFields(value, file, path), 0));
  return made;
}

}  // namespace nibble

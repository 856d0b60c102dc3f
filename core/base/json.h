// JSON values for configs, tokenizers, recipes and templates: a compact document (16 bytes a value plus the text) and
// light views. Duplicate keys are refused; the number of values is capped, so that memory stays within 64 MiB + 2 × the
// text.
#pragma once
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace nibble {

struct JsonTape;

enum class JsonKind : std::uint8_t { missing, null, boolean, integer, real, string, array, object };

/// A view of one value; valid while its document lives. A default one is `missing`, as is every lookup that finds
/// nothing, so that `root["a"]["b"].isString()` is safe on any document.
class JsonValue {
 public:
  JsonValue() = default;

  JsonKind kind() const;
  bool isMissing() const { return kind() == JsonKind::missing; }
  bool isNull() const { return kind() == JsonKind::null; }
  bool isBoolean() const { return kind() == JsonKind::boolean; }
  bool isInteger() const { return kind() == JsonKind::integer; }
  bool isNumber() const { return kind() == JsonKind::integer || kind() == JsonKind::real; }
  bool isString() const { return kind() == JsonKind::string; }
  bool isArray() const { return kind() == JsonKind::array; }
  bool isObject() const { return kind() == JsonKind::object; }
  /// False where missing or null.
  explicit operator bool() const { return kind() > JsonKind::null; }

  /// The value; false, 0 or empty where it is of another kind. `number` also takes integers.
  bool boolean() const;
  std::int64_t integer() const;
  double number() const;
  std::string_view string() const;

  /// Members of an object, items of an array; 0 for others.
  std::size_t size() const;
  /// Looks a key up, comparing one by one: loop over `members` where there are thousands. Missing if not there.
  JsonValue operator[](std::string_view key) const;

  class Iterator;
  struct Range;
  /// Items of an array in order (use `.value()`), or members of an object (`.key()`, `.value()`). Empty for others.
  Range items() const;
  Range members() const;

  /// "null", "true or false", "a number", "a string", "a list", "an object", "nothing": for messages.
  std::string_view kindName() const;

 private:
  friend class JsonDocument;
  JsonValue(const JsonTape* tape, std::uint32_t index) : m_tape(tape), m_index(index) {}
  const JsonTape* m_tape = nullptr;
  std::uint32_t m_index = 0;
};

/// for (const auto& item : value.items()) use(item.key(), item.value());
class JsonValue::Iterator {
 public:
  std::string_view key() const;  ///< empty in an array
  JsonValue value() const;
  const Iterator& operator*() const { return *this; }
  Iterator& operator++();
  bool operator==(const Iterator& other) const { return m_index == other.m_index; }

 private:
  friend class JsonValue;
  const JsonTape* m_tape = nullptr;
  std::uint32_t m_index = 0;
  bool m_keyed = false;
};

struct JsonValue::Range {
  Iterator first, last;
  Iterator begin() const { return first; }
  Iterator end() const { return last; }
};
inline JsonValue::Range JsonValue::members() const {
  return items();
}

/// Owns a parsed text. Views survive a move of it and die with it.
class JsonDocument {
 public:
  /// `name` is the file in errors. Errors: fileMalformed with field path; fileUnsupported beyond 4 M values.
  static Result<JsonDocument> parse(std::string_view text, const std::string& name);
  /// Reads a regular file of at most `maxBytes`; a UTF-8 byte order mark is skipped.
  /// Errors: as parse, fileMissing, fileUnsupported (not a regular file, too large).
  static Result<JsonDocument> open(const std::filesystem::path& path,
                                   std::uint64_t maxBytes = std::uint64_t{256} << 20);

  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  JsonValue root() const;

 private:
  JsonDocument();
  std::unique_ptr<JsonTape> m_tape;
};

/// `text` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
std::string jsonQuoted(std::string_view text);

}  // namespace nibble

// Reads the fields of a JSON object with range checks; every error names file and field path.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"

namespace nibble {

/// `JsonFields fields(document.root(), path);  NIBBLE_TRY(auto layers, fields.integer("num_hidden_layers", 1, 10000));`
/// A field that is null counts as absent. The "Or" forms give `fallback` where it is absent; the others fail
/// (fileMalformed).
class JsonFields {
 public:
  JsonFields(JsonValue object, std::string file, std::string path = {})
      : m_object(object), m_file(std::move(file)), m_path(std::move(path)) {}

  bool has(std::string_view key) const { return static_cast<bool>(m_object[key]); }
  JsonValue value(std::string_view key) const { return m_object[key]; }

  /// Whole numbers within [least, most]; 6.0 counts as 6, 6.5 and "6" are refused.
  Result<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most) const;
  Result<std::int64_t> integerOr(std::string_view key, std::int64_t fallback, std::int64_t least,
                                 std::int64_t most) const;
  /// Finite numbers within [least, most].
  Result<double> real(std::string_view key, double least, double most) const;
  Result<double> realOr(std::string_view key, double fallback, double least, double most) const;
  Result<bool> boolean(std::string_view key) const;
  Result<bool> booleanOr(std::string_view key, bool fallback) const;
  Result<std::string> string(std::string_view key) const;
  Result<std::string> stringOr(std::string_view key, std::string fallback) const;
  Result<JsonFields> object(std::string_view key) const;
  Result<JsonValue> array(std::string_view key) const;

  const std::string& file() const { return m_file; }
  /// "rope_scaling.factor" for "factor" in the object at "rope_scaling".
  std::string pathOf(std::string_view key) const;
  /// fileMalformed at `key`.
  [[nodiscard]] tl::unexpected<Error> wrong(std::string_view key, std::string detail) const;

 private:
  Result<JsonValue> required(std::string_view key, bool rightKind, std::string_view expected) const;
  JsonValue m_object;
  std::string m_file;
  std::string m_path;
};

}  // namespace nibble

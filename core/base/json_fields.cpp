#include "core/base/json_fields.h"

#include <fmt/format.h>

#include <cmath>

namespace nibble {

std::string JsonFields::pathOf(std::string_view key) const {
  return m_path.empty() ? std::string(key) : m_path + "." + std::string(key);
}

tl::unexpected<Error> JsonFields::wrong(std::string_view key, std::string detail) const {
  return fail(ErrorCode::fileMalformed, std::move(detail), m_file, pathOf(key));
}

Result<JsonValue> JsonFields::required(std::string_view key, bool rightKind, std::string_view expected) const {
  const JsonValue found = m_object[key];
  if (!found) return wrong(key, "missing");
  if (!rightKind) return wrong(key, fmt::format("is {}, expected {}", found.kindName(), expected));
  return found;
}

Result<std::int64_t> JsonFields::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  const double number = m_object[key].number();
  const bool whole = m_object[key].isInteger() ||
                     (m_object[key].isNumber() && std::abs(number) <= kExact && number == std::floor(number));
  NIBBLE_TRY(const JsonValue found, required(key, whole, "a whole number"));
  const std::int64_t value = found.isInteger() ? found.integer() : static_cast<std::int64_t>(number);
  if (value < least || value > most) return wrong(key, fmt::format("is {}, outside {} to {}", value, least, most));
  return value;
}

Result<std::int64_t> JsonFields::integerOr(std::string_view key, std::int64_t fallback, std::int64_t least,
                                           std::int64_t most) const {
  if (!has(key)) return fallback;
  return integer(key, least, most);
}

Result<double> JsonFields::real(std::string_view key, double least, double most) const {
  NIBBLE_TRY(const JsonValue found, required(key, m_object[key].isNumber(), "a number"));
  const double value = found.number();
  if (!(value >= least && value <= most)) return wrong(key, fmt::format("is {}, outside {} to {}", value, least, most));
  return value;
}

Result<double> JsonFields::realOr(std::string_view key, double fallback, double least, double most) const {
  if (!has(key)) return fallback;
  return real(key, least, most);
}

Result<bool> JsonFields::boolean(std::string_view key) const {
  NIBBLE_TRY(const JsonValue found, required(key, m_object[key].isBoolean(), "true or false"));
  return found.boolean();
}

Result<bool> JsonFields::booleanOr(std::string_view key, bool fallback) const {
  if (!has(key)) return fallback;
  return boolean(key);
}

Result<std::string> JsonFields::string(std::string_view key) const {
  NIBBLE_TRY(const JsonValue found, required(key, m_object[key].isString(), "a string"));
  return std::string(found.string());
}

Result<std::string> JsonFields::stringOr(std::string_view key, std::string fallback) const {
  if (!has(key)) return fallback;
  return string(key);
}

Result<JsonFields> JsonFields::object(std::string_view key) const {
  NIBBLE_TRY(const JsonValue found, required(key, m_object[key].isObject(), "an object"));
  return JsonFields(found, m_file, pathOf(key));
}

Result<JsonValue> JsonFields::array(std::string_view key) const {
  return required(key, m_object[key].isArray(), "a list");
}

}  // namespace nibble

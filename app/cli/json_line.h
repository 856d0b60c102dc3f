// Builds one JSON object on one line: keys in the order they are added, UTF-8, numbers that read back, never NaN.
#pragma once
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace nibble {

/// Shortest text that reads back; null for NaN and infinities.
std::string jsonNumber(double number);

class JsonLine {
 public:
  JsonLine& add(std::string_view key, std::string_view text);
  JsonLine& add(std::string_view key, const char* text) { return add(key, std::string_view(text)); }
  JsonLine& add(std::string_view key, const std::string& text) { return add(key, std::string_view(text)); }
  JsonLine& add(std::string_view key, bool flag) { return addRaw(key, flag ? "true" : "false"); }
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  JsonLine& add(std::string_view key, Number number) { return addRaw(key, std::to_string(number)); }
  JsonLine& add(std::string_view key, std::floating_point auto number) { return addRaw(key, jsonNumber(static_cast<double>(number))); }
  JsonLine& add(std::string_view key, const JsonLine& object) { return addRaw(key, object.text()); }
  /// Text that is JSON already.
  JsonLine& addRaw(std::string_view key, std::string_view json);
  std::string text() const { return m_text.empty() ? "{}" : m_text + "}"; }

 private:
  std::string m_text;
};

std::string jsonArray(const std::vector<JsonLine>& items);
std::string jsonArray(const std::vector<std::string>& texts);
template <std::integral Number>
std::string jsonArray(const std::vector<Number>& numbers) {
  std::string out = "[";
  for (const Number number : numbers) (out += out.size() > 1 ? ", " : "") += std::to_string(number);
  return out + "]";
}

}  // namespace nibble

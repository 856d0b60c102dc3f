#include "app/cli/json_line.h"

#include <charconv>
#include <cmath>

#include "core/base/json.h"

namespace nibble {

std::string jsonNumber(double number) {
  if (!std::isfinite(number)) return "null";
  char buffer[40];
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

JsonLine& JsonLine::add(std::string_view key, std::string_view text) { return addRaw(key, jsonQuoted(text)); }

JsonLine& JsonLine::addRaw(std::string_view key, std::string_view json) {
  m_text += m_text.empty() ? "{" : ", ";
  m_text += jsonQuoted(key);
  m_text += ": ";
  m_text += json;
  return *this;
}

namespace {
template <typename Item, typename Write>
std::string array(const std::vector<Item>& items, Write write) {
  std::string out = "[";
  for (const Item& item : items) {
    if (out.size() > 1) out += ", ";
    out += write(item);
  }
  return out + "]";
}
}  // namespace

std::string jsonArray(const std::vector<JsonLine>& items) {
  return array(items, [](const JsonLine& item) { return item.text(); });
}

std::string jsonArray(const std::vector<std::string>& texts) {
  return array(texts, [](const std::string& text) { return jsonQuoted(text); });
}

}  // namespace nibble

// JSON in (the rendering's context) and out (tojson, as Python's json.dumps writes it).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "core/text/template/python_text.h"
#include "core/text/template/runtime.h"

namespace nibble::jinja {

namespace {

/// Builds values from SAX events, so that depth and repeated keys are seen while reading.
class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Reader(Budget& budget) : m_budget(budget) {}
  Value take() { return std::move(m_result); }
  const std::string& problem() const { return m_problem; }

  bool null() override { return add(Value(None{})); }
  bool boolean(bool flag) override { return add(Value(flag)); }
  bool number_integer(std::int64_t number) override { return add(Value(number)); }
  bool number_unsigned(std::uint64_t number) override {
    return add(number <= INT64_MAX ? Value(static_cast<std::int64_t>(number)) : Value(static_cast<double>(number)));
  }
  bool number_float(double number, const std::string&) override { return add(Value(number)); }
  bool string(std::string& text) override { return add(Value(std::move(text))); }
  bool binary(nlohmann::json::binary_t&) override { return refuse("binary data"); }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool key(std::string& name) override {
    if (!m_open.back().keys.insert(name).second) return refuse("the key '" + name.substr(0, 80) + "' is repeated");
    m_open.back().key = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("malformed JSON at byte " + std::to_string(position));
  }

 private:
  struct Open {
    bool object = false;
    std::string key;
    std::set<std::string> keys;
    std::vector<Value> items;
    std::vector<std::pair<Value, Value>> pairs;
  };
  bool refuse(std::string problem) {
    if (m_problem.empty()) m_problem = std::move(problem);
    return false;
  }
  bool open(bool object) {
    if (m_open.size() >= kMaxNesting) return refuse("nested deeper than 100");
    m_open.emplace_back();
    m_open.back().object = object;
    return true;
  }
  bool add(Value value) {
    if (m_open.empty()) m_result = std::move(value);
    else if (m_open.back().object) m_open.back().pairs.emplace_back(Value(std::move(m_open.back().key)), std::move(value));
    else m_open.back().items.push_back(std::move(value));
    return true;
  }
  bool close() {
    Open done = std::move(m_open.back());
    m_open.pop_back();
    return add(done.object ? makeDict(m_budget, std::move(done.pairs)) : makeList(m_budget, std::move(done.items)));
  }

  Budget& m_budget;
  std::vector<Open> m_open;
  Value m_result;
  std::string m_problem;
};

class Writer {
 public:
  Writer(Runtime& runtime, const JsonStyle& style) : m_runtime(runtime), m_style(style), m_out(runtime.budget()) {
    if (m_style.itemSeparator.empty()) m_style.itemSeparator = style.indent >= 0 ? "," : ", ";
    if (m_style.keySeparator.empty()) m_style.keySeparator = ": ";
  }
  std::string run(const Value& value) {
    write(value, 0);
    return m_out.take();
  }

 private:
  void write(const Value& value, int level) {
    m_runtime.budget().spend();
    if (value.isString()) quote(value.string());
    else if (value.list()) writeList(*value.list(), level);
    else if (value.dict()) writeDict(*value.dict(), level);
    else if (value.isNone() || value.isNumber()) m_out.append(scalar(value));
    else throw TemplateError{"Object of type " + typeName(value) + " is not JSON serializable", 0};
  }

  static std::string scalar(const Value& value) {
    if (value.isNone()) return "null";
    if (const bool* flag = value.as<bool>()) return *flag ? "true" : "false";
    if (value.isInteger()) return std::to_string(value.integer());
    const double number = value.number();
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
    return floatText(number);
  }

  void newline(int level) {
    if (m_style.indent < 0) return;
    m_out.append('\n');
    m_out.repeat(" ", std::int64_t{m_style.indent} * level);
  }

  void writeList(const List& list, int level) {
    m_out.append('[');
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      if (i > 0) m_out.append(m_style.itemSeparator);
      newline(level + 1);
      write(list.items[i], level + 1);
    }
    if (!list.items.empty()) newline(level);
    m_out.append(']');
  }

  void writeDict(const Dict& dict, int level) {
    std::vector<const std::pair<Value, Value>*> items;
    for (const auto& item : dict.items) items.push_back(&item);
    if (m_style.sortKeys) std::stable_sort(items.begin(), items.end(), [this](const auto* a, const auto* b) { return less(m_runtime.budget(), a->first, b->first); });
    m_out.append('{');
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) m_out.append(m_style.itemSeparator);
      newline(level + 1);
      const Value& key = items[i]->first;
      if (key.list()) throw TemplateError{"keys must be str, int, float, bool or None, not tuple", 0};
      quote(key.isString() ? key.string() : scalar(key));
      m_out.append(m_style.keySeparator);
      write(items[i]->second, level + 1);
    }
    if (!items.empty()) newline(level);
    m_out.append('}');
  }

  void escape(char32_t c) {
    char buffer[16];
    if (c >= 0x10000) {
      std::snprintf(buffer, sizeof buffer, "\\u%04x\\u%04x", static_cast<unsigned>(0xD800 + ((c - 0x10000) >> 10)), static_cast<unsigned>(0xDC00 + ((c - 0x10000) & 0x3FF)));
    } else {
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(c));
    }
    m_out.append(buffer);
  }

  void quote(const std::string& text) {
    m_out.append('"');
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t bytes = characterBytes(rest);
      static constexpr std::string_view kFrom = "\"\\\n\r\t\b\f";
      static constexpr std::string_view kTo[] = {"\\\"", "\\\\", "\\n", "\\r", "\\t", "\\b", "\\f"};
      const std::size_t found = kFrom.find(rest[0]);
      const char32_t c = firstCharacter(rest);
      if (found != kFrom.npos) m_out.append(kTo[found]);
      else if (c < 0x20 || (c >= 0x80 && m_style.asciiOnly)) escape(c);
      else m_out.append(rest.substr(0, bytes));
      rest.remove_prefix(bytes);
    }
    m_out.append('"');
  }

  Runtime& m_runtime;
  JsonStyle m_style;
  TextBuilder m_out;
};

}  // namespace

std::string toJson(Runtime& runtime, const Value& value, const JsonStyle& style) { return Writer(runtime, style).run(value); }

Value parseJson(Budget& budget, const std::string& json) {
  Reader reader(budget);
  if (!nlohmann::json::sax_parse(json, &reader)) throw TemplateError{reader.problem().empty() ? "malformed JSON" : reader.problem(), 0};
  return reader.take();
}

}  // namespace nibble::jinja

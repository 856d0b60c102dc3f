// JSON in (the rendering's context) and out (tojson, as Python's json.dumps writes it).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "core/base/json_events.h"
#include "core/text/template/python_text.h"
#include "core/text/template/runtime.h"

namespace nibble::jinja {

namespace {

/// Builds values from the reader's events; repeated keys are refused.
class Reader : public JsonEvents {
 public:
  explicit Reader(Budget& budget) : m_budget(budget) {}
  Value take() { return std::move(m_result); }

  bool onNull() override { return add(Value(None{})); }
  bool onBoolean(bool flag) override { return add(Value(flag)); }
  bool onInteger(std::int64_t number) override { return add(Value(number)); }
  bool onReal(double number) override { return add(Value(number)); }
  bool onString(std::string_view text) override { return add(Value(text)); }
  bool onStartObject() override { return open(true); }
  bool onStartArray() override { return open(false); }
  bool onEndObject() override { return close(); }
  bool onEndArray() override { return close(); }
  bool onKey(std::string_view name) override {
    if (!m_open.back().keys.emplace(name).second) return refuse("a key is repeated");
    m_open.back().key = name;
    return true;
  }

 private:
  struct Open {
    bool object = false;
    std::string key;
    std::set<std::string, std::less<>> keys;
    std::vector<Value> items;
    std::vector<std::pair<Value, Value>> pairs;
  };
  bool open(bool object) {
    m_open.emplace_back();
    m_open.back().object = object;
    return true;
  }
  bool add(Value value) {
    if (m_open.empty()) m_result = std::move(value);
    else if (m_open.back().object) m_open.back().pairs.emplace_back(Value(m_open.back().key), std::move(value));
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

Value readJson(Budget& budget, const std::string& json) {
  Reader reader(budget);
  if (const Result<void> read = parseJson(json, reader, {}); !read)
    throw TemplateError{(read.error().field.empty() ? "" : read.error().field + ": ") + read.error().detail, 0};
  return reader.take();
}

}  // namespace nibble::jinja

// What filters, tests, methods and functions get beside their operands: the budget, the clock, and a way to call back.
#pragma once
#include <ctime>
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text/template/value.h"

namespace nibble::jinja {

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

class Runtime {
 public:
  explicit Runtime(const std::tm& now) : m_now(now) {}
  virtual ~Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  virtual Value call(const Value& callee, const Arguments& arguments) = 0;

  Budget& budget() { return m_budget; }
  const std::tm& now() const { return m_now; }
  /// Live until the rendering ends, so that values may point at them without owning them.
  Namespace* newNamespace() { return &m_namespaces.emplace_back(); }
  Cycler* newCycler() { return &m_cyclers.emplace_back(); }

 private:
  Budget m_budget;
  std::tm m_now;
  std::deque<Namespace> m_namespaces;
  std::deque<Cycler> m_cyclers;
};

/// Arguments by parameter name: positional ones first, then named ones. Throws where one is unknown, given twice or too much.
class BoundArguments {
 public:
  BoundArguments(std::string_view callee, const Arguments& arguments, std::initializer_list<std::string_view> names);
  const Value* find(std::size_t index) const { return m_values[index]; }
  const Value& get(std::size_t index) const;  ///< throws where it is missing
  Value get(std::size_t index, Value fallback) const { return m_values[index] ? *m_values[index] : std::move(fallback); }
  std::int64_t integer(std::size_t index, std::int64_t fallback) const;
  bool flag(std::size_t index, bool fallback) const { return m_values[index] ? isTrue(*m_values[index]) : fallback; }
  const std::string& string(std::size_t index) const;
  std::string string(std::size_t index, std::string fallback) const { return m_values[index] ? string(index) : std::move(fallback); }

 private:
  std::string m_callee;
  std::vector<std::string_view> m_names;
  std::vector<const Value*> m_values;
};

// ---- filters*.cpp, value_tests.cpp
Value applyFilter(Runtime& runtime, const std::string& name, const Value& input, const Arguments& arguments);
bool applyTest(Runtime& runtime, const std::string& name, const Value& input, const Arguments& arguments);
bool isFilter(const std::string& name);
bool isTest(const std::string& name);

// ---- attributes.cpp
/// object.name: methods first, then items (as in Jinja). Undefined where there is none.
Value attributeOf(Runtime& runtime, const Value& object, const std::string& name);
/// object[key]: items first, then methods.
Value itemOf(Runtime& runtime, const Value& object, const Value& key);
Value sliceOf(Runtime& runtime, const Value& object, const Value& from, const Value& to, const Value& step);
/// A dotted path as map(attribute="a.b") takes it; numbers index. `fallback` replaces what is undefined on the way.
Value pathOf(Runtime& runtime, const Value& object, const Value& path, const Value* fallback = nullptr);

// ---- string_methods.cpp, container_methods.cpp: calls of bound methods
Value callStringMethod(Runtime& runtime, const std::string& self, std::string_view name, const Arguments& arguments);
Value callDictMethod(Runtime& runtime, const Value& self, std::string_view name, const Arguments& arguments);
Value callListMethod(Runtime& runtime, const Value& self, std::string_view name, const Arguments& arguments);
/// The static spelling of a method of a type, nothing if there is none.
std::optional<std::string_view> stringMethod(std::string_view name);
std::optional<std::string_view> dictMethod(std::string_view name);
std::optional<std::string_view> listMethod(std::string_view name);

// ---- functions.cpp
Value callFunction(Runtime& runtime, Function function, const Arguments& arguments);
Value callCycler(Cycler& cycler, std::string_view name);  ///< "" is the call of a joiner itself
std::optional<Function> functionByName(std::string_view name);
std::string formatTime(const std::tm& time, const std::string& format);

// ---- operators.cpp
Value arithmetic(Runtime& runtime, char op, const Value& left, const Value& right);  ///< + - * / f (floor division) % ^ (power)
bool contains(Runtime& runtime, const Value& container, const Value& item);
Value negated(const Value& value);
/// Python's % on a string: %s %d %i %f %g %x %r %%, with flags, width and precision.
std::string formatPercent(Runtime& runtime, const std::string& format, const Value& values);

// ---- json_value.cpp
struct JsonStyle {
  int indent = -1;              ///< −1: one line
  bool sortKeys = false;
  bool asciiOnly = false;
  std::string itemSeparator, keySeparator;  ///< empty: Python's defaults
};
std::string toJson(Runtime& runtime, const Value& value, const JsonStyle& style);
/// Reads JSON. Throws TemplateError where it is malformed, repeats a key or is nested deeper than 100.
Value readJson(Budget& budget, const std::string& json);

}  // namespace nibble::jinja

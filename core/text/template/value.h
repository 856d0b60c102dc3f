// The values a template computes with, after Python's: immutable strings, lists, tuples and dicts, shared by pointer.
// Only a namespace changes, and it is owned by the rendering, so values never form a cycle.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/text/template/budget.h"

namespace nibble::jinja {

class Value;
struct List;
struct Dict;
struct BoundMethod;
struct LoopState;
struct Namespace;
struct Macro;
struct Cycler;
using StringPtr = std::shared_ptr<const std::string>;
using ListPtr = std::shared_ptr<const List>;
using DictPtr = std::shared_ptr<const Dict>;
using MethodPtr = std::shared_ptr<const BoundMethod>;
using LoopPtr = std::shared_ptr<LoopState>;

struct Undefined {
  StringPtr why;  ///< "'x' is undefined": said when it is used
};
struct None {};
enum class Function : std::uint8_t { range, dict, makeNamespace, cycler, joiner, raiseException, strftimeNow };

class Value {
 public:
  using Data = std::variant<Undefined, None, bool, std::int64_t, double, StringPtr, ListPtr, DictPtr, MethodPtr, LoopPtr, Namespace*, const Macro*,
                            Cycler*, Function>;
  Value() = default;
  Value(None none) : m_data(none) {}
  Value(Undefined undefined) : m_data(std::move(undefined)) {}
  Value(bool flag) : m_data(flag) {}
  Value(std::int64_t number) : m_data(number) {}
  Value(int number) : m_data(std::int64_t{number}) {}
  Value(double number) : m_data(number) {}
  Value(std::string text) : m_data(std::make_shared<const std::string>(std::move(text))) {}
  Value(std::string_view text) : Value(std::string(text)) {}
  Value(const char* text) : Value(std::string(text)) {}
  Value(ListPtr list) : m_data(std::move(list)) {}
  Value(DictPtr dict) : m_data(std::move(dict)) {}
  Value(MethodPtr method) : m_data(std::move(method)) {}
  Value(LoopPtr loop) : m_data(std::move(loop)) {}
  Value(Namespace* space) : m_data(space) {}
  Value(const Macro* macro) : m_data(macro) {}
  Value(Cycler* cycler) : m_data(cycler) {}
  Value(Function function) : m_data(function) {}

  template <typename T>
  const T* as() const { return std::get_if<T>(&m_data); }
  bool isUndefined() const { return as<Undefined>() != nullptr; }
  bool isNone() const { return as<None>() != nullptr; }
  bool isString() const { return as<StringPtr>() != nullptr; }
  bool isDict() const { return as<DictPtr>() != nullptr; }
  /// Bool, integer or float; Python counts a bool as an integer.
  bool isNumber() const { return as<bool>() || as<std::int64_t>() || as<double>(); }
  bool isInteger() const { return as<bool>() || as<std::int64_t>(); }
  std::int64_t integer() const { return as<bool>() ? *as<bool>() : *as<std::int64_t>(); }
  double number() const { return as<double>() ? *as<double>() : static_cast<double>(integer()); }
  const std::string& string() const { return **as<StringPtr>(); }
  const List* list() const { return as<ListPtr>() ? as<ListPtr>()->get() : nullptr; }
  const Dict* dict() const { return as<DictPtr>() ? as<DictPtr>()->get() : nullptr; }
  bool isCallable() const { return as<MethodPtr>() || as<LoopPtr>() || as<const Macro*>() || as<Cycler*>() || as<Function>(); }

 private:
  Data m_data;
};

struct List {
  std::vector<Value> items;
  bool tuple = false;
  bool group = false;  ///< of groupby: its items are also called grouper and list
  int depth = 1;  ///< lists inside lists; bounded by makeList
};

struct Dict {
  std::vector<std::pair<Value, Value>> items;  ///< in order of insertion
  std::unordered_map<std::string_view, std::size_t> index;  ///< of the string keys, once there are more than a few
  int depth = 1;
  const Value* find(std::string_view key) const;
};

/// A method not yet called: "…".strip, {…}.items, loop.cycle.
struct BoundMethod {
  Value self;
  std::string_view name;  ///< into a static table
};

struct Namespace {
  std::vector<std::pair<std::string, Value>> fields;
};

/// cycler(…) and joiner(…).
struct Cycler {
  std::vector<Value> items;
  std::size_t position = 0;
  bool joiner = false;
};

/// Makes a container and pays for it. Throws TemplateError where containers are nested too deep.
Value makeList(Budget& budget, std::vector<Value> items, bool tuple = false);
/// groupby's (key, members).
Value makeGroup(Budget& budget, Value key, Value members);
/// Later pairs with an equal key replace the value of the first. Throws where a key cannot be one.
Value makeDict(Budget& budget, std::vector<std::pair<Value, Value>> items);

/// Python's name of the type: "str", "int", "NoneType", "dict" …
std::string typeName(const Value& value);

bool isTrue(const Value& value);

/// Python's ==; costs steps, because shared containers can be exponentially large.
bool equal(Budget& budget, const Value& a, const Value& b);
/// Python's <. Throws for types without an order.
bool less(Budget& budget, const Value& a, const Value& b);

/// str(value), as {{ }} prints it.
void print(TextBuilder& out, Budget& budget, const Value& value);
std::string toText(Budget& budget, const Value& value);
/// repr(value), as inside a printed list.
void represent(TextBuilder& out, Budget& budget, const Value& value);

/// What a for loop goes through: list items, dict keys, characters. Throws for what is not iterable.
ListPtr iterate(Budget& budget, const Value& value);

/// The error of using something undefined.
[[noreturn]] void throwUndefined(const Value& value);

}  // namespace nibble::jinja

// The tests behind `is`.
#include <functional>
#include <unordered_map>

#include "core/text/template/python_text.h"
#include "core/text/template/runtime.h"

namespace nibble::jinja {

namespace {

using Test = std::function<bool(Runtime&, const Value&, const Arguments&)>;

const Value& operand(const Arguments& arguments) {
  if (arguments.positional.size() != 1) throw TemplateError{"the test needs one argument", 0};
  return arguments.positional[0];
}

template <typename Check>
Test simple(Check check) {
  return [check](Runtime&, const Value& value, const Arguments&) { return check(value); };
}

bool isIterable(const Value& value) { return value.isString() || value.list() || value.isDict() || value.isUndefined() || value.as<LoopPtr>(); }

bool isSame(const Value& a, const Value& b) {
  if (const bool* flag = a.as<bool>()) return b.as<bool>() && *b.as<bool>() == *flag;
  if (a.isNone()) return b.isNone();
  if (a.as<std::int64_t>() && b.as<std::int64_t>()) return a.integer() == b.integer();
  if (a.isString() && b.isString()) return a.string() == b.string();
  if (a.list() && b.list()) return a.list() == b.list();
  if (a.dict() && b.dict()) return a.dict() == b.dict();
  return false;
}

bool isDivisible(const Value& value, const Value& by) {
  if (!value.isInteger() || !by.isInteger()) throw TemplateError{"divisibleby needs integers", 0};
  if (by.integer() == 0) throw TemplateError{"division by zero", 0};
  return by.integer() == -1 || value.integer() % by.integer() == 0;
}

Test comparing(bool swapped, bool negated) {
  return [=](Runtime& runtime, const Value& value, const Arguments& arguments) {
    const Value& other = operand(arguments);
    return less(runtime.budget(), swapped ? other : value, swapped ? value : other) != negated;
  };
}

Test equality(bool negated) {
  return [=](Runtime& runtime, const Value& value, const Arguments& arguments) { return equal(runtime.budget(), value, operand(arguments)) != negated; };
}

const std::unordered_map<std::string, Test>& tests() {
  static const std::unordered_map<std::string, Test> kTests = {
      {"defined", simple([](const Value& v) { return !v.isUndefined(); })},
      {"undefined", simple([](const Value& v) { return v.isUndefined(); })},
      {"none", simple([](const Value& v) { return v.isNone(); })},
      {"string", simple([](const Value& v) { return v.isString(); })},
      {"mapping", simple([](const Value& v) { return v.isDict(); })},
      {"number", simple([](const Value& v) { return v.isNumber(); })},
      {"integer", simple([](const Value& v) { return v.as<std::int64_t>() != nullptr; })},
      {"float", simple([](const Value& v) { return v.as<double>() != nullptr; })},
      {"boolean", simple([](const Value& v) { return v.as<bool>() != nullptr; })},
      {"true", simple([](const Value& v) { return v.as<bool>() && *v.as<bool>(); })},
      {"false", simple([](const Value& v) { return v.as<bool>() && !*v.as<bool>(); })},
      {"iterable", simple(isIterable)},
      {"sequence", simple([](const Value& v) { return v.isString() || v.list() || v.isDict() || v.isUndefined(); })},
      {"callable", simple([](const Value& v) { return v.isCallable(); })},
      {"escaped", simple([](const Value&) { return false; })},
      {"odd", simple([](const Value& v) { return isDivisible(v, Value(2)) == false; })},
      {"even", simple([](const Value& v) { return isDivisible(v, Value(2)); })},
      {"lower", [](Runtime& r, const Value& v, const Arguments&) { const std::string t = toText(r.budget(), v); return lower(t) == t && upper(t) != t; }},
      {"upper", [](Runtime& r, const Value& v, const Arguments&) { const std::string t = toText(r.budget(), v); return upper(t) == t && lower(t) != t; }},
      {"divisibleby", [](Runtime&, const Value& v, const Arguments& a) { return isDivisible(v, operand(a)); }},
      {"sameas", [](Runtime&, const Value& v, const Arguments& a) { return isSame(v, operand(a)); }},
      {"in", [](Runtime& r, const Value& v, const Arguments& a) { return contains(r, operand(a), v); }},
      {"filter", [](Runtime& r, const Value& v, const Arguments&) { return isFilter(toText(r.budget(), v)); }},
      {"test", [](Runtime& r, const Value& v, const Arguments&) { return isTest(toText(r.budget(), v)); }},
      {"eq", equality(false)}, {"equalto", equality(false)}, {"==", equality(false)}, {"ne", equality(true)}, {"!=", equality(true)},
      {"lt", comparing(false, false)}, {"lessthan", comparing(false, false)}, {"<", comparing(false, false)}, {"ge", comparing(false, true)}, {">=", comparing(false, true)},
      {"gt", comparing(true, false)}, {"greaterthan", comparing(true, false)}, {">", comparing(true, false)}, {"le", comparing(true, true)}, {"<=", comparing(true, true)},
  };
  return kTests;
}

}  // namespace

bool isTest(const std::string& name) { return tests().count(name) > 0; }

bool applyTest(Runtime& runtime, const std::string& name, const Value& input, const Arguments& arguments) {
  const auto found = tests().find(name);
  if (found == tests().end()) throw TemplateError{"no test named '" + name + "'", 0};
  return found->second(runtime, input, arguments);
}

}  // namespace nibble::jinja

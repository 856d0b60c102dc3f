// + − * / // % ** and `in`, after Python; integers are 64 bits, and leaving them is an error.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/text/template/python_text.h"
#include "core/text/template/runtime.h"

namespace nibble::jinja {

namespace {

[[noreturn]] void unsupported(char op, const Value& left, const Value& right) {
  if (left.isUndefined()) throwUndefined(left);
  if (right.isUndefined()) throwUndefined(right);
  if (op == '+' && left.isString()) throw TemplateError{"can only concatenate str (not \"" + typeName(right) + "\") to str", 0};
  const std::string symbol = op == 'f' ? "//" : op == '^' ? "**" : std::string(1, op);
  throw TemplateError{"unsupported operand type(s) for " + symbol + ": '" + typeName(left) + "' and '" + typeName(right) + "'", 0};
}

[[noreturn]] void overflow() { throw TemplateError{"an integer leaves the 64 bits it has here", 0}; }
[[noreturn]] void divisionByZero() { throw TemplateError{"division by zero", 0}; }

std::int64_t integerPower(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  for (; exponent > 0; --exponent) {
    if (__builtin_mul_overflow(result, base, &result)) overflow();
    if (base == 0 || base == 1) break;
    if (base == -1) return exponent % 2 ? -1 : 1;
  }
  return result;
}

std::int64_t floorDivided(std::int64_t a, std::int64_t b) {
  if (b == 0) divisionByZero();
  if (b == -1) {
    if (a == std::numeric_limits<std::int64_t>::min()) overflow();
    return -a;
  }
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::int64_t moduloOf(std::int64_t a, std::int64_t b) {
  if (b == 0) divisionByZero();
  if (b == -1) return 0;
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Value integerArithmetic(char op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case '+': if (__builtin_add_overflow(a, b, &result)) overflow(); return Value(result);
    case '-': if (__builtin_sub_overflow(a, b, &result)) overflow(); return Value(result);
    case '*': if (__builtin_mul_overflow(a, b, &result)) overflow(); return Value(result);
    case 'f': return Value(floorDivided(a, b));
    case '%': return Value(moduloOf(a, b));
    case '^': return b >= 0 ? Value(integerPower(a, b)) : Value(std::pow(static_cast<double>(a), static_cast<double>(b)));
    default:
      if (b == 0) divisionByZero();
      return Value(static_cast<double>(a) / static_cast<double>(b));
  }
}

Value realArithmetic(char op, double a, double b) {
  if ((op == '/' || op == 'f' || op == '%') && b == 0) divisionByZero();
  switch (op) {
    case '+': return Value(a + b);
    case '-': return Value(a - b);
    case '*': return Value(a * b);
    case '/': return Value(a / b);
    case 'f': return Value(std::floor(a / b));
    case '^': return Value(std::pow(a, b));
    default: {
      const double rest = std::fmod(a, b);
      return Value(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
    }
  }
}

Value repeated(Runtime& runtime, const Value& sequence, std::int64_t times) {
  times = std::max<std::int64_t>(times, 0);
  if (sequence.isString()) {
    TextBuilder out(runtime.budget());
    out.repeat(sequence.string(), times);
    return Value(out.take());
  }
  const List& list = *sequence.list();
  std::vector<Value> items;
  for (std::int64_t i = 0; i < times && !list.items.empty(); ++i) {
    runtime.budget().spend(list.items.size());
    items.insert(items.end(), list.items.begin(), list.items.end());
  }
  return makeList(runtime.budget(), std::move(items), list.tuple);
}

Value joined(Runtime& runtime, const Value& left, const Value& right) {
  if (left.isString()) {
    TextBuilder out(runtime.budget());
    out.append(left.string());
    out.append(right.string());
    return Value(out.take());
  }
  std::vector<Value> items = left.list()->items;
  runtime.budget().spend(items.size());
  items.insert(items.end(), right.list()->items.begin(), right.list()->items.end());
  return makeList(runtime.budget(), std::move(items), left.list()->tuple);
}

}  // namespace

Value arithmetic(Runtime& runtime, char op, const Value& left, const Value& right) {
  if (left.isNumber() && right.isNumber())
    return left.isInteger() && right.isInteger() ? integerArithmetic(op, left.integer(), right.integer()) : realArithmetic(op, left.number(), right.number());
  const bool strings = left.isString() && right.isString();
  const bool lists = left.list() && right.list() && left.list()->tuple == right.list()->tuple;
  if (op == '+' && (strings || lists)) return joined(runtime, left, right);
  if (op == '*' && (left.isString() || left.list()) && right.isInteger()) return repeated(runtime, left, right.integer());
  if (op == '*' && left.isInteger() && (right.isString() || right.list())) return repeated(runtime, right, left.integer());
  if (op == '%' && left.isString() && !right.isUndefined()) return Value(formatPercent(runtime, left.string(), right));
  unsupported(op, left, right);
}

Value negated(const Value& value) {
  if (value.isUndefined()) throwUndefined(value);
  if (!value.isNumber()) throw TemplateError{"bad operand type for unary -: '" + typeName(value) + "'", 0};
  return value.isInteger() ? integerArithmetic('-', 0, value.integer()) : Value(-value.number());
}

bool contains(Runtime& runtime, const Value& container, const Value& item) {
  if (container.isString()) {
    if (item.isUndefined()) throwUndefined(item);
    if (!item.isString()) throw TemplateError{"'in <string>' requires string as left operand, not " + typeName(item), 0};
    runtime.budget().spendScan(container.string().size());
    return container.string().find(item.string()) != std::string::npos;
  }
  if (const Dict* dict = container.dict(); dict && item.isString()) return dict->find(item.string()) != nullptr;
  const ListPtr items = iterate(runtime.budget(), container);
  return std::any_of(items->items.begin(), items->items.end(), [&](const Value& other) { return equal(runtime.budget(), other, item); });
}

}  // namespace nibble::jinja

// object.name, object[key], object[from:to:step].
#include <algorithm>

#include "core/text/template/evaluator.h"
#include "core/text/template/python_text.h"

namespace nibble::jinja {

namespace {

Value undefined(std::string why) { return Value(Undefined{std::make_shared<const std::string>(std::move(why))}); }

std::string objectName(const Value& object) { return "'" + typeName(object) + " object'"; }

std::optional<Value> methodOf(const Value& object, std::string_view name) {
  std::optional<std::string_view> method;
  if (object.isString()) method = stringMethod(name);
  else if (object.isDict()) method = dictMethod(name);
  else if (object.list()) method = listMethod(name);
  if (!method) return std::nullopt;
  return Value(std::make_shared<const BoundMethod>(BoundMethod{object, *method}));
}

std::optional<Value> macroField(const Macro& macro, std::string_view name) {
  if (name == "name") return Value(macro.definition->text);
  return std::nullopt;
}

std::optional<Value> cyclerField(Cycler* cycler, std::string_view name) {
  const auto method = [cycler](std::string_view spelled) { return Value(std::make_shared<const BoundMethod>(BoundMethod{Value(cycler), spelled})); };
  if (name == "current") return cycler->items[cycler->position % cycler->items.size()];
  if (name == "next") return method("next");
  if (name == "reset") return method("reset");
  return std::nullopt;
}

/// Fields that are neither items nor methods of Python's types.
std::optional<Value> fieldOf(Runtime& runtime, const Value& object, const std::string& name) {
  if (const auto* space = object.as<Namespace*>()) {
    runtime.budget().spend((*space)->fields.size() / 16);
    for (const auto& [field, value] : (*space)->fields)
      if (field == name) return value;
  }
  if (const auto* loop = object.as<LoopPtr>()) return loopField(*loop, name);
  if (const List* list = object.list(); list && list->group && (name == "grouper" || name == "list")) return list->items[name == "list" ? 1 : 0];
  if (const auto* cycler = object.as<Cycler*>()) return cyclerField(*cycler, name);
  if (const auto* macro = object.as<const Macro*>()) return macroField(**macro, name);
  return std::nullopt;
}

std::optional<Value> elementOf(Runtime& runtime, const Value& object, const Value& key) {
  if (const Dict* dict = object.dict()) {
    if (key.isString()) {
      const Value* found = dict->find(key.string());
      return found ? std::optional<Value>(*found) : std::nullopt;
    }
    for (const auto& [k, value] : dict->items)
      if (equal(runtime.budget(), k, key)) return value;
    return std::nullopt;
  }
  if (!key.isInteger() || (!object.list() && !object.isString())) return std::nullopt;
  const std::int64_t count = object.list() ? static_cast<std::int64_t>(object.list()->items.size()) : characterCount(object.string());
  const std::int64_t index = key.integer() < 0 ? key.integer() + count : key.integer();
  if (index < 0 || index >= count) return std::nullopt;
  if (object.list()) return object.list()->items[static_cast<std::size_t>(index)];
  runtime.budget().spendScan(object.string().size());
  const std::string_view rest = std::string_view(object.string()).substr(byteOffset(object.string(), index));
  return Value(rest.substr(0, characterBytes(rest)));
}

void refusePrivate(const std::string& name) {
  if (name.size() > 1 && name[0] == '_' && name[1] == '_') throw TemplateError{"access to attribute '" + name + "' is unsafe", 0};
}

}  // namespace

Value attributeOf(Runtime& runtime, const Value& object, const std::string& name) {
  if (object.isUndefined()) throwUndefined(object);
  if (auto method = methodOf(object, name)) return *method;
  if (auto field = fieldOf(runtime, object, name)) return *field;
  if (auto element = elementOf(runtime, object, Value(name))) return *element;
  refusePrivate(name);
  return undefined(objectName(object) + " has no attribute '" + name + "'");
}

Value itemOf(Runtime& runtime, const Value& object, const Value& key) {
  if (object.isUndefined()) throwUndefined(object);
  if (auto element = elementOf(runtime, object, key)) return *element;
  if (!key.isString()) return undefined(objectName(object) + " has no element " + toText(runtime.budget(), key));
  if (auto method = methodOf(object, key.string())) return *method;
  if (auto field = fieldOf(runtime, object, key.string())) return *field;
  refusePrivate(key.string());
  return undefined(objectName(object) + " has no attribute '" + key.string() + "'");
}

Value pathOf(Runtime& runtime, const Value& object, const Value& path, const Value* fallback) {
  const auto settled = [fallback](Value value) { return fallback && value.isUndefined() ? *fallback : value; };
  if (!path.isString()) return settled(itemOf(runtime, object, path));
  Value value = object;
  for (std::string_view rest = path.string();; ) {
    const std::size_t dot = rest.find('.');
    const std::string part(rest.substr(0, dot));
    const bool number = !part.empty() && part.size() < 10 && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    value = settled(itemOf(runtime, value, number ? Value(std::int64_t{std::stol(part)}) : Value(part)));
    if (dot == rest.npos) return value;
    rest.remove_prefix(dot + 1);
  }
}

namespace {

struct Range {
  std::int64_t from, to, step;
};

std::int64_t bound(const Value& value, std::int64_t fallback, std::int64_t count, bool forward) {
  if (value.isNone()) return fallback;
  if (!value.isInteger()) throw TemplateError{"slice indices must be integers or None", 0};
  std::int64_t index = value.integer();
  if (index < 0) index = std::max<std::int64_t>(index, -count - 1) + count;
  return std::clamp<std::int64_t>(index, forward ? 0 : -1, forward ? count : count - 1);
}

Range rangeOf(const Value& from, const Value& to, const Value& step, std::int64_t count) {
  if (!step.isNone() && !step.isInteger()) throw TemplateError{"slice indices must be integers or None", 0};
  const std::int64_t stride = std::clamp<std::int64_t>(step.isNone() ? 1 : step.integer(), -count - 1, count + 1);
  if (!step.isNone() && step.integer() == 0) throw TemplateError{"slice step cannot be zero", 0};
  const bool forward = stride > 0;
  return {bound(from, forward ? 0 : count - 1, count, forward), bound(to, forward ? count : -1, count, forward), stride};
}

Value slicedString(Runtime& runtime, const std::string& text, const Value& from, const Value& to, const Value& step) {
  runtime.budget().spendScan(text.size());
  const Range range = rangeOf(from, to, step, characterCount(text));
  TextBuilder out(runtime.budget());
  if (range.step == 1) {
    const std::size_t begin = byteOffset(text, range.from);
    if (range.to > range.from) out.append(std::string_view(text).substr(begin, byteOffset(std::string_view(text).substr(begin), range.to - range.from)));
    return Value(out.take());
  }
  const ListPtr characters = iterate(runtime.budget(), Value(text));
  for (std::int64_t i = range.from; range.step > 0 ? i < range.to : i > range.to; i += range.step)
    out.append(characters->items[static_cast<std::size_t>(i)].string());
  return Value(out.take());
}

}  // namespace

Value sliceOf(Runtime& runtime, const Value& object, const Value& from, const Value& to, const Value& step) {
  if (object.isUndefined()) throwUndefined(object);
  if (object.isString()) return slicedString(runtime, object.string(), from, to, step);
  if (!object.list()) return undefined(objectName(object) + " cannot be sliced");
  const auto& items = object.list()->items;
  const Range range = rangeOf(from, to, step, static_cast<std::int64_t>(items.size()));
  std::vector<Value> out;
  for (std::int64_t i = range.from; range.step > 0 ? i < range.to : i > range.to; i += range.step) out.push_back(items[static_cast<std::size_t>(i)]);
  return makeList(runtime.budget(), std::move(out), object.list()->tuple);
}

}  // namespace nibble::jinja

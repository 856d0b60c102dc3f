// The methods of dict and list. Those that would change one are refused, as the sandbox of transformers refuses them.
#include <algorithm>
#include <array>

#include "core/text/template/runtime.h"

namespace nibble::jinja {

namespace {

constexpr std::array<std::string_view, 10> kDictMethods = {"items", "keys", "values", "get", "copy", "update", "pop", "popitem", "setdefault", "clear"};
constexpr std::array<std::string_view, 10> kListMethods = {"index", "count", "copy", "append", "extend", "insert", "pop", "remove", "reverse", "sort"};

template <std::size_t N>
std::optional<std::string_view> spelled(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::optional<std::string_view> dictMethod(std::string_view name) { return spelled(kDictMethods, name); }
std::optional<std::string_view> listMethod(std::string_view name) { return spelled(kListMethods, name); }

Value callDictMethod(Runtime& runtime, const Value& self, std::string_view name, const Arguments& arguments) {
  const Dict& dict = *self.dict();
  if (name == "get") {
    const BoundArguments bound(name, arguments, {"key", "default"});
    if (bound.get(0).isString()) {
      const Value* found = dict.find(bound.get(0).string());
      return found ? *found : bound.get(1, Value(None{}));
    }
    for (const auto& [key, value] : dict.items)
      if (equal(runtime.budget(), key, bound.get(0))) return value;
    return bound.get(1, Value(None{}));
  }
  const BoundArguments none(name, name == "items" || name == "keys" || name == "values" || name == "copy" ? arguments : Arguments{}, {});
  std::vector<Value> items;
  if (name == "copy") return self;
  if (name == "keys") {
    for (const auto& item : dict.items) items.push_back(item.first);
  } else if (name == "values") {
    for (const auto& item : dict.items) items.push_back(item.second);
  } else if (name == "items") {
    for (const auto& [key, value] : dict.items) items.push_back(makeList(runtime.budget(), {key, value}, true));
  } else {
    throw TemplateError{"a template may not change a dict (" + std::string(name) + ")", 0};
  }
  return makeList(runtime.budget(), std::move(items));
}

Value callListMethod(Runtime& runtime, const Value& self, std::string_view name, const Arguments& arguments) {
  if (name == "copy") return self;
  if (name != "index" && name != "count") throw TemplateError{"a template may not change a list (" + std::string(name) + ")", 0};
  const BoundArguments bound(name, arguments, {"value"});
  const auto& items = self.list()->items;
  const auto matches = [&](const Value& item) { return equal(runtime.budget(), item, bound.get(0)); };
  if (name == "count") return Value(static_cast<std::int64_t>(std::count_if(items.begin(), items.end(), matches)));
  const auto found = std::find_if(items.begin(), items.end(), matches);
  if (found == items.end()) throw TemplateError{"the value is not in the list", 0};
  return Value(static_cast<std::int64_t>(found - items.begin()));
}

}  // namespace nibble::jinja

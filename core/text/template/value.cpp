#include "core/text/template/value.h"

#include <algorithm>

#include "core/text/template/python_text.h"

namespace nibble::jinja {

namespace {

constexpr std::size_t kIndexFrom = 8;

int depthOf(const Value& value) {
  if (const List* list = value.list()) return list->depth;
  if (const Dict* dict = value.dict()) return dict->depth;
  if (const auto* method = value.as<MethodPtr>()) return 1 + depthOf((*method)->self);
  return 0;
}

void checkDepth(int depth) {
  if (depth > kMaxNesting) throw TemplateError{"lists are nested deeper than 100", 0};
}

bool equalLists(Budget& budget, const List& a, const List& b) {
  if (a.tuple != b.tuple || a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!equal(budget, a.items[i], b.items[i])) return false;
  return true;
}

const Value* findKey(Budget& budget, const Dict& dict, const Value& key) {
  if (key.isString()) return dict.find(key.string());
  for (const auto& [k, v] : dict.items)
    if (equal(budget, k, key)) return &v;
  return nullptr;
}

bool equalDicts(Budget& budget, const Dict& a, const Dict& b) {
  if (a.items.size() != b.items.size()) return false;
  for (const auto& [key, value] : a.items) {
    const Value* other = findKey(budget, b, key);
    if (!other || !equal(budget, value, *other)) return false;
  }
  return true;
}

}  // namespace

const Value* Dict::find(std::string_view key) const {
  if (!index.empty()) {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : &items[found->second].second;
  }
  for (const auto& [k, v] : items)
    if (k.isString() && k.string() == key) return &v;
  return nullptr;
}

namespace {

std::shared_ptr<List> newList(Budget& budget, std::vector<Value> items, bool tuple) {
  budget.spend(2 + items.size());
  auto list = std::make_shared<List>();
  for (const Value& item : items) list->depth = std::max(list->depth, 1 + depthOf(item));
  checkDepth(list->depth);
  list->items = std::move(items);
  list->tuple = tuple;
  return list;
}

}  // namespace

Value makeList(Budget& budget, std::vector<Value> items, bool tuple) { return Value(ListPtr(newList(budget, std::move(items), tuple))); }

Value makeGroup(Budget& budget, Value key, Value members) {
  std::shared_ptr<List> group = newList(budget, {std::move(key), std::move(members)}, true);
  group->group = true;
  return Value(ListPtr(std::move(group)));
}

Value makeDict(Budget& budget, std::vector<std::pair<Value, Value>> items) {
  budget.spend(3 + 2 * items.size());
  auto dict = std::make_shared<Dict>();
  std::unordered_map<std::string_view, std::size_t> seen;
  const bool indexed = items.size() > kIndexFrom;
  dict->items.reserve(items.size());
  for (auto& [key, value] : items) {
    const bool hashable = key.isString() || key.isNumber() || key.isNone() || (key.list() && key.list()->tuple);
    if (!hashable) throw TemplateError{"unhashable type: '" + typeName(key) + "'", 0};
    std::size_t place = dict->items.size();
    if (indexed && key.isString()) {
      const auto found = seen.find(key.string());
      if (found != seen.end()) place = found->second;
    } else {
      budget.spend(dict->items.size() / 8);
      for (place = 0; place < dict->items.size() && !equal(budget, dict->items[place].first, key);) ++place;
    }
    dict->depth = std::max({dict->depth, 1 + depthOf(value), 1 + depthOf(key)});
    if (place < dict->items.size()) {
      dict->items[place].second = std::move(value);
      continue;
    }
    dict->items.emplace_back(std::move(key), std::move(value));
    if (indexed && dict->items.back().first.isString()) seen.emplace(dict->items.back().first.string(), dict->items.size() - 1);
  }
  checkDepth(dict->depth);
  dict->index = std::move(seen);  // the views point into the keys' shared strings
  return Value(DictPtr(std::move(dict)));
}

std::string typeName(const Value& value) {
  if (value.isUndefined()) return "Undefined";
  if (value.isNone()) return "NoneType";
  if (value.as<bool>()) return "bool";
  if (value.as<std::int64_t>()) return "int";
  if (value.as<double>()) return "float";
  if (value.isString()) return "str";
  if (const List* list = value.list()) return list->tuple ? "tuple" : "list";
  if (value.isDict()) return "dict";
  if (value.as<LoopPtr>()) return "LoopContext";
  if (value.as<Namespace*>()) return "Namespace";
  if (value.as<const Macro*>()) return "Macro";
  return "function";
}

bool isTrue(const Value& value) {
  if (value.isUndefined() || value.isNone()) return false;
  if (value.isNumber()) return value.number() != 0;
  if (value.isString()) return !value.string().empty();
  if (const List* list = value.list()) return !list->items.empty();
  if (const Dict* dict = value.dict()) return !dict->items.empty();
  return true;
}

bool equal(Budget& budget, const Value& a, const Value& b) {
  budget.spend();
  if (a.isNumber() && b.isNumber())
    return a.isInteger() && b.isInteger() ? a.integer() == b.integer() : a.number() == b.number();
  if (a.isString() && b.isString()) {
    budget.spendScan(std::min(a.string().size(), b.string().size()));
    return a.string() == b.string();
  }
  if (a.list() && b.list()) return equalLists(budget, *a.list(), *b.list());
  if (a.dict() && b.dict()) return equalDicts(budget, *a.dict(), *b.dict());
  if (a.isUndefined() || a.isNone()) return a.isUndefined() ? b.isUndefined() : b.isNone();
  if (a.as<Namespace*>() && b.as<Namespace*>()) return *a.as<Namespace*>() == *b.as<Namespace*>();
  if (a.as<const Macro*>() && b.as<const Macro*>()) return *a.as<const Macro*>() == *b.as<const Macro*>();
  return false;
}

bool less(Budget& budget, const Value& a, const Value& b) {
  budget.spend();
  if (a.isUndefined()) throwUndefined(a);
  if (b.isUndefined()) throwUndefined(b);
  if (a.isNumber() && b.isNumber())
    return a.isInteger() && b.isInteger() ? a.integer() < b.integer() : a.number() < b.number();
  if (a.isString() && b.isString()) {
    budget.spendScan(std::min(a.string().size(), b.string().size()));
    return a.string() < b.string();  // UTF-8 orders as code points do
  }
  if (a.list() && b.list() && a.list()->tuple == b.list()->tuple) {
    const auto& left = a.list()->items;
    const auto& right = b.list()->items;
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i)
      if (!equal(budget, left[i], right[i])) return less(budget, left[i], right[i]);
    return left.size() < right.size();
  }
  throw TemplateError{"'<' not supported between instances of '" + typeName(a) + "' and '" + typeName(b) + "'", 0};
}

ListPtr iterate(Budget& budget, const Value& value) {
  if (const auto* list = value.as<ListPtr>()) return *list;
  std::vector<Value> items;
  if (const Dict* dict = value.dict()) {
    for (const auto& item : dict->items) items.push_back(item.first);
  } else if (value.isString()) {
    for (std::string_view rest = value.string(); !rest.empty();) {
      const std::size_t length = characterBytes(rest);
      budget.spend(2);
      items.emplace_back(rest.substr(0, length));
      rest.remove_prefix(length);
    }
  } else if (!value.isUndefined()) {
    throw TemplateError{"'" + typeName(value) + "' object is not iterable", 0};
  }
  return *makeList(budget, std::move(items)).as<ListPtr>();
}

void throwUndefined(const Value& value) {
  const auto* undefined = value.as<Undefined>();
  throw TemplateError{undefined && undefined->why ? *undefined->why : std::string("a value is undefined"), 0};
}

}  // namespace nibble::jinja

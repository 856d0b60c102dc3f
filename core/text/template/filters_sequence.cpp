// Filters on sequences: length, join, list, first, last, sort, unique, reverse, sum, min, max, batch, slice.
#include <algorithm>

#include "core/text/template/filters.h"
#include "core/text/template/python_text.h"

namespace nibble::jinja {

namespace {

Value length(Runtime& runtime, const Value& input, const Arguments&) {
  if (input.isString()) {
    runtime.budget().spendScan(input.string().size());
    return Value(characterCount(input.string()));
  }
  if (input.list()) return Value(static_cast<std::int64_t>(input.list()->items.size()));
  if (input.dict()) return Value(static_cast<std::int64_t>(input.dict()->items.size()));
  if (input.isUndefined()) return Value(0);
  throw TemplateError{"object of type '" + typeName(input) + "' has no len()", 0};
}

Value joined(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("join", arguments, {"d", "attribute"});
  const std::string separator = bound.find(0) ? toText(runtime.budget(), bound.get(0)) : "";
  const ListPtr items = iterate(runtime.budget(), input);
  TextBuilder out(runtime.budget());
  for (std::size_t i = 0; i < items->items.size(); ++i) {
    if (i > 0) out.append(separator);
    const bool byAttribute = bound.find(1) && !bound.find(1)->isNone();
    print(out, runtime.budget(), byAttribute ? pathOf(runtime, items->items[i], bound.get(1)) : items->items[i]);
    runtime.budget().spend();
  }
  return Value(out.take());
}

Value toList(Runtime& runtime, const Value& input, const Arguments&) { return makeList(runtime.budget(), iterate(runtime.budget(), input)->items); }

Value edge(Runtime& runtime, const Value& input, bool last) {
  const ListPtr items = iterate(runtime.budget(), input);
  if (items->items.empty()) return Value(Undefined{std::make_shared<const std::string>("No first or last item, sequence was empty.")});
  return last ? items->items.back() : items->items.front();
}

Value reversed(Runtime& runtime, const Value& input, const Arguments&) {
  std::vector<Value> items = iterate(runtime.budget(), input)->items;
  std::reverse(items.begin(), items.end());
  if (!input.isString()) return makeList(runtime.budget(), std::move(items));
  TextBuilder out(runtime.budget());
  for (const Value& item : items) out.append(item.string());
  return Value(out.take());
}

/// What sort, unique, min and max compare: an attribute or the value itself, strings without case unless asked.
Value sortKey(Runtime& runtime, const Value& item, const Value* attribute, bool exact) {
  Value key = attribute && !attribute->isNone() ? pathOf(runtime, item, *attribute) : item;
  if (key.isString()) runtime.budget().spendBytes(key.string().size());
  return !exact && key.isString() ? Value(lower(key.string())) : key;
}

struct Keyed {
  Value key, item;
};

std::vector<Keyed> keyed(Runtime& runtime, const Value& input, const Value* attribute, bool exact) {
  std::vector<Keyed> out;
  const ListPtr all = iterate(runtime.budget(), input);  // held: a range-for would let a temporary go
  for (const Value& item : all->items) {
    runtime.budget().spend();
    out.push_back({sortKey(runtime, item, attribute, exact), item});
  }
  return out;
}

Value fromKeyed(Runtime& runtime, const std::vector<Keyed>& items) {
  std::vector<Value> out;
  for (const Keyed& item : items) out.push_back(item.item);
  return makeList(runtime.budget(), std::move(out));
}

Value sorted(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("sort", arguments, {"reverse", "case_sensitive", "attribute"});
  std::vector<Keyed> items = keyed(runtime, input, bound.find(2), bound.flag(1, false));
  const bool reverse = bound.flag(0, false);
  std::stable_sort(items.begin(), items.end(), [&](const Keyed& a, const Keyed& b) { return reverse ? less(runtime.budget(), b.key, a.key) : less(runtime.budget(), a.key, b.key); });
  return fromKeyed(runtime, items);
}

Value unique(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("unique", arguments, {"case_sensitive", "attribute"});
  std::vector<Keyed> kept;
  for (Keyed& item : keyed(runtime, input, bound.find(1), bound.flag(0, false)))
    if (std::none_of(kept.begin(), kept.end(), [&](const Keyed& other) { return equal(runtime.budget(), other.key, item.key); })) kept.push_back(std::move(item));
  return fromKeyed(runtime, kept);
}

Value extreme(Runtime& runtime, const Value& input, const Arguments& arguments, bool greatest) {
  const BoundArguments bound("min or max", arguments, {"case_sensitive", "attribute"});
  const std::vector<Keyed> items = keyed(runtime, input, bound.find(1), bound.flag(0, false));
  if (items.empty()) return Value(Undefined{std::make_shared<const std::string>("No aggregated item, sequence was empty.")});
  const Keyed* best = &items[0];
  for (const Keyed& item : items)
    if (greatest ? less(runtime.budget(), best->key, item.key) : less(runtime.budget(), item.key, best->key)) best = &item;
  return best->item;
}

Value sum(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("sum", arguments, {"attribute", "start"});
  Value total = bound.get(1, Value(0));
  for (const Keyed& item : keyed(runtime, input, bound.find(0), true)) total = arithmetic(runtime, '+', total, item.key);
  return total;
}

Value batch(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("batch", arguments, {"linecount", "fill_with"});
  const std::int64_t size = bound.integer(0, 0);
  if (size < 1 || size > 100'000) throw TemplateError{"batch needs a size from 1 to 100,000", 0};
  std::vector<Value> rows, row;
  const ListPtr all = iterate(runtime.budget(), input);  // held: a range-for would let a temporary go
  for (const Value& item : all->items) {
    row.push_back(item);
    if (static_cast<std::int64_t>(row.size()) == size) rows.push_back(makeList(runtime.budget(), std::exchange(row, {})));
  }
  while (bound.find(1) && !row.empty() && static_cast<std::int64_t>(row.size()) < size) row.push_back(bound.get(1));
  if (!row.empty()) rows.push_back(makeList(runtime.budget(), std::move(row)));
  return makeList(runtime.budget(), std::move(rows));
}

Value slices(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("slice", arguments, {"slices", "fill_with"});
  const std::int64_t count = bound.integer(0, 0);
  if (count < 1 || count > 100'000) throw TemplateError{"slice needs a number from 1 to 100,000", 0};
  const ListPtr items = iterate(runtime.budget(), input);
  const std::size_t parts = static_cast<std::size_t>(count), each = items->items.size() / parts, more = items->items.size() % parts;
  std::vector<Value> rows;
  for (std::size_t i = 0, next = 0; i < parts; ++i) {
    std::vector<Value> row;
    for (std::size_t end = next + each + (i < more ? 1 : 0); next < end; ++next) row.push_back(items->items[next]);
    if (bound.find(1) && i >= more && more > 0) row.push_back(bound.get(1));
    rows.push_back(makeList(runtime.budget(), std::move(row)));
  }
  return makeList(runtime.budget(), std::move(rows));
}

}  // namespace

void addSequenceFilters(FilterTable& table) {
  table["length"] = table["count"] = length;
  table["join"] = joined;
  table["list"] = toList;
  table["first"] = [](Runtime& runtime, const Value& input, const Arguments&) { return edge(runtime, input, false); };
  table["last"] = [](Runtime& runtime, const Value& input, const Arguments&) { return edge(runtime, input, true); };
  table["reverse"] = reversed;
  table["sort"] = sorted;
  table["unique"] = unique;
  table["min"] = [](Runtime& runtime, const Value& input, const Arguments& arguments) { return extreme(runtime, input, arguments, false); };
  table["max"] = [](Runtime& runtime, const Value& input, const Arguments& arguments) { return extreme(runtime, input, arguments, true); };
  table["sum"] = sum;
  table["batch"] = batch;
  table["slice"] = slices;
}

}  // namespace nibble::jinja

// Filters on single values: default, tojson, int, float, round, abs, attr, items, dictsort … and the table of all filters.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/text/template/filters.h"
#include "core/text/template/python_text.h"

namespace nibble::jinja {

namespace {

Value orDefault(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("default", arguments, {"default_value", "boolean"});
  const bool replace = input.isUndefined() || (bound.flag(1, false) && !isTrue(input));
  return replace ? bound.get(0, Value("")) : input;
}

Value json(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.asciiOnly = bound.flag(0, false);
  style.indent = static_cast<int>(std::clamp<std::int64_t>(bound.integer(1, -1), -1, 1000));
  style.sortKeys = bound.flag(3, false);
  if (bound.find(2) && !bound.find(2)->isNone()) {
    const ListPtr both = iterate(runtime.budget(), bound.get(2));
    if (both->items.size() != 2 || !both->items[0].isString() || !both->items[1].isString()) throw TemplateError{"separators must be two strings", 0};
    style.itemSeparator = both->items[0].string();
    style.keySeparator = both->items[1].string();
  }
  return Value(toJson(runtime, input, style));
}

template <typename Number>
std::optional<Number> parsed(std::string_view text) {
  text = strip(text, nullptr, true, true);
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end.ec != std::errc{} || end.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

Value fromReal(double number, const Value& fallback) {
  return std::fabs(number) < 9.2e18 ? Value(static_cast<std::int64_t>(number)) : fallback;
}

Value toInteger(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("int", arguments, {"default", "base"});
  const Value fallback = bound.get(0, Value(0));
  if (input.isInteger()) return Value(input.integer());
  if (input.isNumber()) return fromReal(input.number(), fallback);
  if (!input.isString()) return fallback;
  const std::int64_t base = bound.integer(1, 10);
  if (base != 10) {
    std::string_view text = strip(input.string(), nullptr, true, true);
    if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) text.remove_prefix(2);
    std::int64_t number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number, static_cast<int>(std::clamp<std::int64_t>(base, 2, 36)));
    return end.ec == std::errc{} && end.ptr == text.data() + text.size() && !text.empty() ? Value(number) : fallback;
  }
  if (const auto number = parsed<std::int64_t>(input.string())) return Value(*number);
  if (const auto number = parsed<double>(input.string())) return fromReal(*number, fallback);
  return fallback;
}

Value toReal(Runtime&, const Value& input, const Arguments& arguments) {
  const Value fallback = BoundArguments("float", arguments, {"default"}).get(0, Value(0.0));
  if (input.isNumber()) return Value(input.number());
  if (!input.isString()) return fallback;
  const auto number = parsed<double>(input.string());
  return number ? Value(*number) : fallback;
}

Value rounded(Runtime&, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("round", arguments, {"precision", "method"});
  if (!input.isNumber()) throw TemplateError{"round needs a number", 0};
  if (input.isInteger() && bound.integer(0, 0) >= 0 && bound.string(1, "common") == "common") return input;
  const double scale = std::pow(10.0, static_cast<double>(std::clamp<std::int64_t>(bound.integer(0, 0), -300, 300)));
  const std::string method = bound.string(1, "common");
  const double scaled = input.number() * scale;
  const double whole = method == "ceil" ? std::ceil(scaled) : method == "floor" ? std::floor(scaled) : std::nearbyint(scaled);
  return Value(std::isfinite(whole) ? whole / scale : input.number());
}

Value absolute(Runtime& runtime, const Value& input, const Arguments&) {
  if (!input.isNumber()) throw TemplateError{"abs needs a number", 0};
  return input.number() < 0 ? negated(input) : arithmetic(runtime, '+', Value(0), input);
}

Value pairsOf(Runtime& runtime, const Value& input, const Arguments&) {
  if (input.isUndefined()) return makeList(runtime.budget(), {});
  if (!input.isDict()) throw TemplateError{"Can only get item pairs from a mapping.", 0};
  return callDictMethod(runtime, input, "items", {});
}

Value sortedPairs(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("dictsort", arguments, {"case_sensitive", "by", "reverse"});
  const bool exact = bound.flag(0, false), reverse = bound.flag(2, false);
  const std::size_t by = bound.string(1, "key") == "value" ? 1 : 0;
  std::vector<Value> items = pairsOf(runtime, input, {}).list()->items;
  const auto key = [&](const Value& pair) {
    const Value& value = pair.list()->items[by];
    if (value.isString()) runtime.budget().spendBytes(value.string().size());
    return !exact && value.isString() ? Value(lower(value.string())) : value;
  };
  std::stable_sort(items.begin(), items.end(), [&](const Value& a, const Value& b) { return reverse ? less(runtime.budget(), key(b), key(a)) : less(runtime.budget(), key(a), key(b)); });
  return makeList(runtime.budget(), std::move(items));
}

Value attribute(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return attributeOf(runtime, input, BoundArguments("attr", arguments, {"name"}).string(0));
}

const FilterTable& filters() {
  static const FilterTable kFilters = [] {
    FilterTable table;
    addValueFilters(table);
    addTextFilters(table);
    addSequenceFilters(table);
    addSelectionFilters(table);
    return table;
  }();
  return kFilters;
}

}  // namespace

void addValueFilters(FilterTable& table) {
  table["default"] = table["d"] = orDefault;
  table["tojson"] = json;
  table["int"] = toInteger;
  table["float"] = toReal;
  table["round"] = rounded;
  table["abs"] = absolute;
  table["items"] = pairsOf;
  table["dictsort"] = sortedPairs;
  table["attr"] = attribute;
}

bool isFilter(const std::string& name) { return filters().count(name) > 0; }

Value applyFilter(Runtime& runtime, const std::string& name, const Value& input, const Arguments& arguments) {
  const auto found = filters().find(name);
  if (found == filters().end()) throw TemplateError{"no filter named '" + name + "'", 0};
  return found->second(runtime, input, arguments);
}

}  // namespace nibble::jinja

// Filters that apply other filters and tests to every item: map, select, reject, selectattr, rejectattr, groupby.
#include <algorithm>

#include "core/text/template/filters.h"

namespace nibble::jinja {

namespace {

/// The arguments after the first `count` ones.
Arguments rest(const Arguments& arguments, std::size_t count) {
  Arguments out;
  out.positional.assign(arguments.positional.begin() + static_cast<std::ptrdiff_t>(std::min(count, arguments.positional.size())), arguments.positional.end());
  out.named = arguments.named;
  return out;
}

const std::string& nameAt(const Arguments& arguments, std::size_t index, const char* what) {
  if (index >= arguments.positional.size() || !arguments.positional[index].isString()) throw TemplateError{std::string(what) + " needs a name", 0};
  return arguments.positional[index].string();
}

const Value* named(const Arguments& arguments, std::string_view name) {
  const auto found = std::find_if(arguments.named.begin(), arguments.named.end(), [name](const auto& argument) { return argument.first == name; });
  return found == arguments.named.end() ? nullptr : &found->second;
}

Value mapped(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Value* attribute = arguments.positional.empty() ? named(arguments, "attribute") : nullptr;
  const Value* fallback = named(arguments, "default");
  std::vector<Value> out;
  const ListPtr all = iterate(runtime.budget(), input);  // held: a range-for would let a temporary go
  for (const Value& item : all->items) {
    runtime.budget().spend();
    if (attribute) {
      out.push_back(pathOf(runtime, item, *attribute, fallback));
    } else {
      out.push_back(applyFilter(runtime, nameAt(arguments, 0, "map"), item, rest(arguments, 1)));
    }
  }
  return makeList(runtime.budget(), std::move(out));
}

Value selected(Runtime& runtime, const Value& input, const Arguments& arguments, bool byAttribute, bool wanted) {
  const std::size_t skip = byAttribute ? 1 : 0;
  if (byAttribute && arguments.positional.empty()) throw TemplateError{"selectattr and rejectattr need an attribute", 0};
  const bool plain = arguments.positional.size() <= skip;
  const Arguments operands = rest(arguments, skip + 1);
  std::vector<Value> out;
  const ListPtr all = iterate(runtime.budget(), input);  // held: a range-for would let a temporary go
  for (const Value& item : all->items) {
    runtime.budget().spend();
    const Value subject = byAttribute ? pathOf(runtime, item, arguments.positional[0]) : item;
    const bool passes = plain ? isTrue(subject) : applyTest(runtime, nameAt(arguments, skip, "select"), subject, operands);
    if (passes == wanted) out.push_back(item);
  }
  return makeList(runtime.budget(), std::move(out));
}

Value grouped(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("groupby", arguments, {"attribute", "default", "case_sensitive"});
  Arguments byAttribute;
  byAttribute.named = {{"attribute", bound.get(0)}};
  const ListPtr sorted = iterate(runtime.budget(), applyFilter(runtime, "sort", input, byAttribute));
  std::vector<Value> groups, members;
  Value key;
  const auto close = [&] {
    if (members.empty()) return;
    Value list = makeList(runtime.budget(), std::exchange(members, {}));
    groups.push_back(makeGroup(runtime.budget(), key, std::move(list)));
  };
  for (const Value& item : sorted->items) {
    Value next = pathOf(runtime, item, bound.get(0), bound.find(1));
    if (members.empty() || !equal(runtime.budget(), key, next)) {
      close();
      key = next;
    }
    members.push_back(item);
  }
  close();
  return makeList(runtime.budget(), std::move(groups));
}

Filter selecting(bool byAttribute, bool wanted) {
  return [=](Runtime& runtime, const Value& input, const Arguments& arguments) { return selected(runtime, input, arguments, byAttribute, wanted); };
}

}  // namespace

void addSelectionFilters(FilterTable& table) {
  table["map"] = mapped;
  table["select"] = selecting(false, true);
  table["reject"] = selecting(false, false);
  table["selectattr"] = selecting(true, true);
  table["rejectattr"] = selecting(true, false);
  table["groupby"] = grouped;
}

}  // namespace nibble::jinja

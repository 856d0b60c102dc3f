// The functions a template may call: range, dict, namespace, cycler, joiner, raise_exception, strftime_now.
#include <array>

#include "core/text/template/runtime.h"

namespace nibble::jinja {

namespace {

constexpr std::int64_t kMaxRange = 100'000;  // as Jinja's sandbox

Value range(Runtime& runtime, const Arguments& arguments) {
  const BoundArguments bound("range", arguments, {"start", "stop", "step"});
  const bool one = !bound.find(1);
  if (!bound.get(0).isInteger()) throw TemplateError{"range needs integers", 0};
  const std::int64_t from = one ? 0 : bound.integer(0, 0), to = one ? bound.integer(0, 0) : bound.integer(1, 0), step = bound.integer(2, 1);
  if (step == 0) throw TemplateError{"range() arg 3 must not be zero", 0};
  std::vector<Value> items;
  for (std::int64_t i = from; step > 0 ? i < to : i > to;) {
    if (static_cast<std::int64_t>(items.size()) >= kMaxRange) throw TemplateError{"range too big: it holds more than 100,000 numbers", 0};
    runtime.budget().spend();
    items.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return makeList(runtime.budget(), std::move(items));
}

std::vector<std::pair<Value, Value>> dictItems(Runtime& runtime, const char* callee, const Arguments& arguments) {
  std::vector<std::pair<Value, Value>> items;
  if (arguments.positional.size() > 1) throw TemplateError{std::string(callee) + " takes one dict at most", 0};
  if (!arguments.positional.empty()) {
    const Value& source = arguments.positional[0];
    if (source.dict()) {
      items = source.dict()->items;
      runtime.budget().spend(items.size());
    } else {
      const ListPtr all = iterate(runtime.budget(), source);  // held: a range-for would let a temporary go
      for (const Value& pair : all->items) {
        const ListPtr both = iterate(runtime.budget(), pair);
        if (both->items.size() != 2) throw TemplateError{std::string(callee) + " needs pairs", 0};
        items.emplace_back(both->items[0], both->items[1]);
      }
    }
  }
  for (const auto& [name, value] : arguments.named) items.emplace_back(Value(name), value);
  return items;
}

Value makeNamespace(Runtime& runtime, const Arguments& arguments) {
  runtime.budget().spend(4);
  Namespace* space = runtime.newNamespace();
  const Value fields = makeDict(runtime.budget(), dictItems(runtime, "namespace", arguments));
  for (const auto& [key, value] : fields.dict()->items) space->fields.emplace_back(toText(runtime.budget(), key), value);
  return Value(space);
}

Value makeCycler(Runtime& runtime, const Arguments& arguments, bool joiner) {
  runtime.budget().spend(4);
  Cycler* cycler = runtime.newCycler();
  cycler->joiner = joiner;
  if (joiner) cycler->items = {BoundArguments("joiner", arguments, {"sep"}).get(0, Value(", "))};
  else cycler->items = arguments.positional;
  if (cycler->items.empty()) throw TemplateError{"at least one item has to be provided", 0};
  return Value(cycler);
}

std::string twoDigits(int number, char fill = '0') {
  return (number < 10 ? std::string(1, fill) : std::string()) + std::to_string(number);
}

std::string field(const std::tm& t, char code) {
  static constexpr std::array<const char*, 7> kDays = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  static constexpr std::array<const char*, 12> kMonths = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};
  const std::string day = kDays[static_cast<std::size_t>(((t.tm_wday % 7) + 7) % 7)], month = kMonths[static_cast<std::size_t>(((t.tm_mon % 12) + 12) % 12)];
  const std::string dayOfYear = std::to_string(t.tm_yday + 1001).substr(1);
  switch (code) {
    case 'a': return day.substr(0, 3);
    case 'A': return day;
    case 'b': case 'h': return month.substr(0, 3);
    case 'B': return month;
    case 'c': return formatTime(t, "%a %b %e %H:%M:%S %Y");
    case 'd': return twoDigits(t.tm_mday);
    case 'D': case 'x': return formatTime(t, "%m/%d/%y");
    case 'e': return twoDigits(t.tm_mday, ' ');
    case 'F': return formatTime(t, "%Y-%m-%d");
    case 'H': return twoDigits(t.tm_hour);
    case 'I': return twoDigits(t.tm_hour % 12 == 0 ? 12 : t.tm_hour % 12);
    case 'j': return dayOfYear;
    case 'm': return twoDigits(t.tm_mon + 1);
    case 'M': return twoDigits(t.tm_min);
    case 'n': return "\n";
    case 'p': return t.tm_hour < 12 ? "AM" : "PM";
    case 'R': return formatTime(t, "%H:%M");
    case 'S': return twoDigits(t.tm_sec);
    case 't': return "\t";
    case 'T': case 'X': return formatTime(t, "%H:%M:%S");
    case 'u': return std::to_string(t.tm_wday == 0 ? 7 : t.tm_wday);
    case 'U': return twoDigits((t.tm_yday + 7 - t.tm_wday) / 7);
    case 'w': return std::to_string(t.tm_wday);
    case 'W': return twoDigits((t.tm_yday + 7 - (t.tm_wday + 6) % 7) / 7);
    case 'y': return twoDigits(t.tm_year % 100);
    case 'Y': return std::to_string(t.tm_year + 1900);
    case '%': return "%";
    case 'f': return "000000";
    default: return std::string("%") + code;
  }
}

}  // namespace

/// strftime in English whatever the locale is, as Python's is by default. %-d and the like drop the padding.
std::string formatTime(const std::tm& time, const std::string& format) {
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 >= format.size()) {
      out += format[i];
      continue;
    }
    const bool bare = format[i + 1] == '-' && i + 2 < format.size();
    i += bare ? 2 : 1;
    std::string text = field(time, format[i]);
    if (bare) text.erase(0, std::min(text.find_first_not_of("0 "), text.size() - 1));
    out += text;
  }
  return out;
}

std::optional<Function> functionByName(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {"range", "dict", "namespace", "cycler", "joiner", "raise_exception", "strftime_now"};
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<Function>(i);
  return std::nullopt;
}

Value callFunction(Runtime& runtime, Function function, const Arguments& arguments) {
  switch (function) {
    case Function::range: return range(runtime, arguments);
    case Function::dict: return makeDict(runtime.budget(), dictItems(runtime, "dict", arguments));
    case Function::makeNamespace: return makeNamespace(runtime, arguments);
    case Function::cycler: return makeCycler(runtime, arguments, false);
    case Function::joiner: return makeCycler(runtime, arguments, true);
    case Function::raiseException: throw TemplateRaised{toText(runtime.budget(), BoundArguments("raise_exception", arguments, {"message"}).get(0))};
    case Function::strftimeNow: {
      const BoundArguments bound("strftime_now", arguments, {"format"});
      runtime.budget().spendBytes(8 * bound.string(0).size());
      return Value(formatTime(runtime.now(), bound.string(0)));
    }
  }
  return Value();
}

Value callCycler(Cycler& cycler, std::string_view name) {
  if (name == "reset") cycler.position = 0;
  if (name == "next") return cycler.items[cycler.position++ % cycler.items.size()];
  if (!name.empty()) return Value(None{});
  if (!cycler.joiner) throw TemplateError{"'Cycler' object is not callable", 0};
  if (cycler.position++ == 0) return Value("");
  return cycler.items[0];
}

}  // namespace nibble::jinja

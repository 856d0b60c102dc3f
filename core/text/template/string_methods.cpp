// The methods of str.
#include <algorithm>
#include <functional>
#include <unordered_map>

#include "core/text/template/python_text.h"
#include "core/text/template/runtime.h"

namespace nibble::jinja {

namespace {

using Self = const std::string&;
using Method = std::function<Value(Runtime&, Self, const Arguments&)>;

Value stripped(Runtime& runtime, Self self, std::string_view name, const Arguments& arguments, bool left, bool right) {
  const BoundArguments bound(name, arguments, {"chars"});
  const bool all = !bound.find(0) || bound.find(0)->isNone();
  runtime.budget().spendBytes(self.size());
  if (!all && bound.string(0).size() > 64) runtime.budget().spend(self.size() * (bound.string(0).size() / 64));
  return Value(strip(self, all ? nullptr : &bound.string(0), left, right));
}

Value pieces(Runtime& runtime, std::vector<std::string_view> parts) {
  std::vector<Value> items;
  for (const std::string_view part : parts) {
    runtime.budget().spendBytes(part.size());
    runtime.budget().spend(1);
    items.emplace_back(part);
  }
  return makeList(runtime.budget(), std::move(items));
}

/// split() at white space; `most` < 0: everywhere.
std::vector<std::string_view> splitSpace(Budget& budget, std::string_view text, std::int64_t most, bool fromRight) {
  std::vector<std::string_view> parts;
  text = strip(text, nullptr, !fromRight || most < 0, fromRight || most < 0);
  while (!text.empty()) {
    budget.spend();
    if (most >= 0 && static_cast<std::int64_t>(parts.size()) == most) {
      parts.push_back(strip(text, nullptr, !fromRight, fromRight));
      break;
    }
    std::size_t end = fromRight ? text.size() : 0;
    if (fromRight) {
      std::size_t start = 0;
      for (std::size_t i = 0; i < text.size(); i += characterBytes(text.substr(i)))
        if (isSpace(firstCharacter(text.substr(i)))) start = i + characterBytes(text.substr(i));
      budget.spendScan(text.size());
      parts.push_back(text.substr(start));
      text = strip(text.substr(0, start), nullptr, false, true);
    } else {
      while (end < text.size() && !isSpace(firstCharacter(text.substr(end)))) end += characterBytes(text.substr(end));
      parts.push_back(text.substr(0, end));
      text = strip(text.substr(end), nullptr, true, false);
    }
  }
  if (fromRight) std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string_view> splitAt(Budget& budget, std::string_view text, std::string_view separator, std::int64_t most, bool fromRight) {
  if (separator.empty()) throw TemplateError{"empty separator", 0};
  std::vector<std::string_view> parts;
  while (most < 0 || static_cast<std::int64_t>(parts.size()) < most) {
    budget.spend();
    const std::size_t found = fromRight ? text.rfind(separator) : text.find(separator);
    if (found == text.npos) break;
    parts.push_back(fromRight ? text.substr(found + separator.size()) : text.substr(0, found));
    text = fromRight ? text.substr(0, found) : text.substr(found + separator.size());
  }
  parts.push_back(text);
  if (fromRight) std::reverse(parts.begin(), parts.end());
  return parts;
}

Value split(Runtime& runtime, Self self, const Arguments& arguments, bool fromRight) {
  const BoundArguments bound(fromRight ? "rsplit" : "split", arguments, {"sep", "maxsplit"});
  runtime.budget().spendScan(self.size());
  const std::int64_t most = bound.integer(1, -1);
  if (!bound.find(0) || bound.find(0)->isNone()) return pieces(runtime, splitSpace(runtime.budget(), self, most, fromRight));
  return pieces(runtime, splitAt(runtime.budget(), self, bound.string(0), most, fromRight));
}

Value splitLines(Runtime& runtime, Self self, const Arguments& arguments) {
  const bool keep = BoundArguments("splitlines", arguments, {"keepends"}).flag(0, false);
  std::vector<std::string_view> parts;
  for (std::string_view rest = self; !rest.empty();) {
    runtime.budget().spend();
    const std::size_t end = std::min(rest.find_first_of("\n\r\v\f\x1c\x1d\x1e"), rest.size());
    const std::size_t mark = end == rest.size() ? 0 : rest.substr(end, 2) == "\r\n" ? 2 : 1;
    parts.push_back(rest.substr(0, keep ? end + mark : end));
    rest.remove_prefix(end + mark);
  }
  return pieces(runtime, std::move(parts));
}

Value partition(Runtime& runtime, Self self, const Arguments& arguments, bool fromRight) {
  const std::string& separator = BoundArguments("partition", arguments, {"sep"}).string(0);
  if (separator.empty()) throw TemplateError{"empty separator", 0};
  runtime.budget().spendBytes(self.size());
  const std::size_t found = fromRight ? self.rfind(separator) : self.find(separator);
  std::vector<Value> parts = found == self.npos ? (fromRight ? std::vector<Value>{Value(""), Value(""), Value(self)} : std::vector<Value>{Value(self), Value(""), Value("")})
                                                : std::vector<Value>{Value(self.substr(0, found)), Value(separator), Value(self.substr(found + separator.size()))};
  return makeList(runtime.budget(), std::move(parts), true);
}

/// The part of the string that the optional start and end (in characters) leave.
std::string_view window(Self self, const BoundArguments& bound) {
  const std::int64_t count = characterCount(self);
  const auto index = [count](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? std::max(i, -count) + count : i, 0, count); };
  const std::int64_t from = index(bound.integer(1, 0)), to = index(bound.integer(2, count));
  const std::size_t begin = byteOffset(self, from);
  return std::string_view(self).substr(begin, to > from ? byteOffset(std::string_view(self).substr(begin), to - from) : 0);
}

Value startsOrEnds(Self self, const Arguments& arguments, bool starts) {
  const BoundArguments bound(starts ? "startswith" : "endswith", arguments, {"prefix", "start", "end"});
  const std::string_view text = bound.find(1) ? window(self, bound) : std::string_view(self);
  const auto matches = [&](const Value& value) {
    if (!value.isString()) throw TemplateError{"startswith and endswith need a string or a tuple of strings, not " + typeName(value), 0};
    return starts ? text.starts_with(value.string()) : text.ends_with(value.string());
  };
  const Value& wanted = bound.get(0);
  if (wanted.isUndefined()) throwUndefined(wanted);
  if (!wanted.list()) return Value(matches(wanted));
  return Value(std::any_of(wanted.list()->items.begin(), wanted.list()->items.end(), matches));
}

Value found(Runtime& runtime, Self self, const Arguments& arguments, bool fromRight, bool mustExist) {
  const BoundArguments bound("find", arguments, {"sub", "start", "end"});
  runtime.budget().spendScan(self.size());
  const std::string_view text = window(self, bound);
  const std::size_t place = fromRight ? text.rfind(bound.string(0)) : text.find(bound.string(0));
  if (place == text.npos && mustExist) throw TemplateError{"substring not found", 0};
  if (place == text.npos) return Value(-1);
  return Value(characterCount(std::string_view(self).substr(0, static_cast<std::size_t>(text.data() - self.data()) + place)));
}

Value counted(Runtime& runtime, Self self, const Arguments& arguments) {
  const BoundArguments bound("count", arguments, {"sub", "start", "end"});
  runtime.budget().spendScan(self.size());
  const std::string_view text = window(self, bound);
  const std::string& sub = bound.string(0);
  if (sub.empty()) return Value(characterCount(text) + 1);
  std::int64_t count = 0;
  for (std::size_t at = text.find(sub); at != text.npos; at = text.find(sub, at + sub.size())) ++count;
  return Value(count);
}

Value replaced(Runtime& runtime, Self self, const Arguments& arguments) {
  const BoundArguments bound("replace", arguments, {"old", "new", "count"});
  const std::string &from = bound.string(0), &to = bound.string(1);
  const std::int64_t most = bound.integer(2, -1);
  TextBuilder out(runtime.budget());
  std::string_view rest = self;
  for (std::int64_t done = 0; most < 0 || done < most; ++done) {
    const std::size_t at = rest.find(from);
    if (at == rest.npos) break;
    runtime.budget().spend();
    const std::size_t keep = from.empty() ? (rest.empty() ? 0 : characterBytes(rest)) : at;
    if (from.empty()) {
      out.append(to);
      out.append(rest.substr(0, keep));
      if (rest.empty()) return Value(out.take());
      rest.remove_prefix(keep);
      continue;
    }
    out.append(rest.substr(0, at));
    out.append(to);
    rest.remove_prefix(at + from.size());
  }
  out.append(rest);
  return Value(out.take());
}

Value padded(Runtime& runtime, Self self, const Arguments& arguments, char side) {
  const BoundArguments bound("center, ljust, rjust, zfill", arguments, {"width", "fillchar"});
  const std::string fill = bound.string(1, side == 'z' ? "0" : " ");
  const std::int64_t missing = std::max<std::int64_t>(bound.integer(0, 0) - characterCount(self), 0);
  const std::int64_t width = bound.integer(0, 0);
  const std::int64_t left = side == 'l' ? 0 : side == 'c' ? missing / 2 + (missing & width & 1) : missing;
  const bool sign = side == 'z' && !self.empty() && (self[0] == '-' || self[0] == '+');
  TextBuilder out(runtime.budget());
  if (sign) out.append(self[0]);
  out.repeat(fill, left);
  out.append(std::string_view(self).substr(sign ? 1 : 0));
  out.repeat(fill, missing - left);
  return Value(out.take());
}

Value joinedItems(Runtime& runtime, Self self, const Arguments& arguments) {
  const ListPtr items = iterate(runtime.budget(), BoundArguments("join", arguments, {"iterable"}).get(0));
  TextBuilder out(runtime.budget());
  for (std::size_t i = 0; i < items->items.size(); ++i) {
    if (i > 0) out.append(self);
    if (!items->items[i].isString()) throw TemplateError{"sequence item " + std::to_string(i) + ": expected str instance, " + typeName(items->items[i]) + " found", 0};
    out.append(items->items[i].string());
  }
  return Value(out.take());
}

Value withoutAffix(Self self, const Arguments& arguments, bool prefix) {
  const std::string& affix = BoundArguments("removeprefix", arguments, {"affix"}).string(0);
  if (prefix) return Value(self.starts_with(affix) ? self.substr(affix.size()) : self);
  return Value(!affix.empty() && self.ends_with(affix) ? self.substr(0, self.size() - affix.size()) : self);
}

/// {} {0} {name} of str.format, without attributes, conversions and format specifications.
Value formatted(Runtime& runtime, Self self, const Arguments& arguments) {
  TextBuilder out(runtime.budget());
  std::size_t next = 0;
  for (std::size_t i = 0; i < self.size(); ++i) {
    if (self[i] != '{' && self[i] != '}') {
      out.append(self[i]);
      continue;
    }
    if (i + 1 < self.size() && self[i + 1] == self[i]) {
      out.append(self[i++]);
      continue;
    }
    const std::size_t end = self.find('}', i);
    if (self[i] == '}' || end == self.npos) throw TemplateError{"single brace in a format string", 0};
    const std::string field = self.substr(i + 1, end - i - 1);
    const bool number = !field.empty() && field.size() < 6 && std::all_of(field.begin(), field.end(), [](char c) { return c >= '0' && c <= '9'; });
    const auto named = std::find_if(arguments.named.begin(), arguments.named.end(), [&field](const auto& argument) { return argument.first == field; });
    const std::size_t position = number ? std::stoul(field) : next;
    if (field.empty() || number) {
      if (position >= arguments.positional.size()) throw TemplateError{"a format string needs more arguments", 0};
      print(out, runtime.budget(), arguments.positional[position]);
      next += field.empty() ? 1 : 0;
    } else if (named != arguments.named.end()) {
      print(out, runtime.budget(), named->second);
    } else {
      throw TemplateError{"unsupported format field '" + field.substr(0, 40) + "'", 0};
    }
    i = end;
  }
  return Value(out.take());
}

template <typename Accepts>
Value everyCharacter(Self self, Accepts accepts) {
  for (std::string_view rest = self; !rest.empty(); rest.remove_prefix(characterBytes(rest)))
    if (!accepts(firstCharacter(rest))) return Value(false);
  return Value(!self.empty());
}

template <typename Map>
Method mapped(Map map) {
  return [map](Runtime& runtime, Self self, const Arguments& arguments) {
    const BoundArguments none("the method", arguments, {});
    runtime.budget().spendBytes(self.size());
    return Value(map(self));
  };
}

Value swappedCase(Self self) {
  std::string out;
  for (std::string_view rest = self; !rest.empty(); rest.remove_prefix(characterBytes(rest))) {
    const std::string_view one = rest.substr(0, characterBytes(rest));
    const std::string up = upper(one);
    out += up == one ? lower(one) : up;
  }
  return Value(std::move(out));
}

const std::unordered_map<std::string_view, Method>& methods() {
  static const std::unordered_map<std::string_view, Method> kMethods = {
      {"strip", [](Runtime& r, Self s, const Arguments& a) { return stripped(r, s, "strip", a, true, true); }},
      {"lstrip", [](Runtime& r, Self s, const Arguments& a) { return stripped(r, s, "lstrip", a, true, false); }},
      {"rstrip", [](Runtime& r, Self s, const Arguments& a) { return stripped(r, s, "rstrip", a, false, true); }},
      {"split", [](Runtime& r, Self s, const Arguments& a) { return split(r, s, a, false); }},
      {"rsplit", [](Runtime& r, Self s, const Arguments& a) { return split(r, s, a, true); }},
      {"splitlines", splitLines},
      {"partition", [](Runtime& r, Self s, const Arguments& a) { return partition(r, s, a, false); }},
      {"rpartition", [](Runtime& r, Self s, const Arguments& a) { return partition(r, s, a, true); }},
      {"startswith", [](Runtime&, Self s, const Arguments& a) { return startsOrEnds(s, a, true); }},
      {"endswith", [](Runtime&, Self s, const Arguments& a) { return startsOrEnds(s, a, false); }},
      {"find", [](Runtime& r, Self s, const Arguments& a) { return found(r, s, a, false, false); }},
      {"rfind", [](Runtime& r, Self s, const Arguments& a) { return found(r, s, a, true, false); }},
      {"index", [](Runtime& r, Self s, const Arguments& a) { return found(r, s, a, false, true); }},
      {"rindex", [](Runtime& r, Self s, const Arguments& a) { return found(r, s, a, true, true); }},
      {"count", counted},
      {"replace", replaced},
      {"join", joinedItems},
      {"format", formatted},
      {"removeprefix", [](Runtime&, Self s, const Arguments& a) { return withoutAffix(s, a, true); }},
      {"removesuffix", [](Runtime&, Self s, const Arguments& a) { return withoutAffix(s, a, false); }},
      {"ljust", [](Runtime& r, Self s, const Arguments& a) { return padded(r, s, a, 'l'); }},
      {"rjust", [](Runtime& r, Self s, const Arguments& a) { return padded(r, s, a, 'r'); }},
      {"center", [](Runtime& r, Self s, const Arguments& a) { return padded(r, s, a, 'c'); }},
      {"zfill", [](Runtime& r, Self s, const Arguments& a) { return padded(r, s, a, 'z'); }},
      {"upper", mapped([](Self s) { return upper(s); })},
      {"lower", mapped([](Self s) { return lower(s); })},
      {"casefold", mapped([](Self s) { return lower(s); })},
      {"title", mapped([](Self s) { return title(s); })},
      {"capitalize", mapped([](Self s) { return capitalize(s); })},
      {"swapcase", mapped(swappedCase)},
      {"isspace", mapped([](Self s) { return everyCharacter(s, isSpace); })},
      {"isdigit", mapped([](Self s) { return everyCharacter(s, isDigit); })},
      {"isdecimal", mapped([](Self s) { return everyCharacter(s, isDigit); })},
      {"isnumeric", mapped([](Self s) { return everyCharacter(s, isDigit); })},
      {"isalpha", mapped([](Self s) { return everyCharacter(s, isAlpha); })},
      {"isalnum", mapped([](Self s) { return everyCharacter(s, [](char32_t c) { return isAlpha(c) || isDigit(c); }); })},
      {"isupper", mapped([](Self s) { return Value(upper(s) == s && lower(s) != s); })},
      {"islower", mapped([](Self s) { return Value(lower(s) == s && upper(s) != s); })},
  };
  return kMethods;
}

}  // namespace

std::optional<std::string_view> stringMethod(std::string_view name) {
  const auto found = methods().find(name);
  return found == methods().end() ? std::nullopt : std::optional(found->first);
}

Value callStringMethod(Runtime& runtime, const std::string& self, std::string_view name, const Arguments& arguments) {
  return methods().at(name)(runtime, self, arguments);
}

}  // namespace nibble::jinja

// Filters on text.
#include <algorithm>

#include "core/text/template/filters.h"
#include "core/text/template/python_text.h"

namespace nibble::jinja {

namespace {

/// Jinja's own idea of a title: a word begins after white space, - ( { [ or <.
std::string titled(const std::string& text) {
  std::string out;
  std::size_t begin = 0;
  const auto separates = [&text](std::size_t i) { return isSpace(firstCharacter(std::string_view(text).substr(i))) || std::string_view("-({[<").find(text[i]) != std::string_view::npos; };
  for (std::size_t i = 0; i <= text.size();) {
    const bool end = i == text.size();
    if (end || separates(i)) {
      const std::string_view word = std::string_view(text).substr(begin, i - begin);
      const std::size_t first = word.empty() ? 0 : characterBytes(word);
      (out += upper(word.substr(0, first))) += lower(word.substr(first));
      if (end) break;
      const std::size_t bytes = characterBytes(std::string_view(text).substr(i));
      out.append(text, i, bytes);
      begin = i += bytes;
    } else {
      i += characterBytes(std::string_view(text).substr(i));
    }
  }
  return out;
}

template <typename Map>
Filter mapped(Map map) {
  return [map](Runtime& runtime, const Value& input, const Arguments& arguments) {
    const BoundArguments none("the filter", arguments, {});
    return Value(map(toText(runtime.budget(), input)));
  };
}

Value trimmed(Runtime& runtime, const Value& input, const Arguments& arguments) {
  return callStringMethod(runtime, toText(runtime.budget(), input), "strip", arguments);
}

Value indented(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("indent", arguments, {"width", "first", "blank"});
  std::string margin;
  if (bound.find(0) && bound.find(0)->isString()) margin = bound.string(0);
  else margin.assign(static_cast<std::size_t>(std::clamp<std::int64_t>(bound.integer(0, 4), 0, 10'000)), ' ');
  const std::string text = toText(runtime.budget(), input);
  const bool blank = bound.flag(2, false);
  TextBuilder out(runtime.budget());
  std::string_view rest = text;
  for (bool first = true; ; first = false) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (first ? bound.flag(1, false) : blank || !line.empty()) out.append(margin);
    out.append(line);
    if (end == rest.npos) return Value(out.take());
    out.append('\n');
    rest.remove_prefix(end + 1);
  }
}

Value escaped(Runtime& runtime, const Value& input, const Arguments&) {
  TextBuilder out(runtime.budget());
  const std::string text = toText(runtime.budget(), input);
  for (const char c : text) {
    static constexpr std::string_view kFrom = "&<>'\"";
    static constexpr std::string_view kTo[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
    const std::size_t found = kFrom.find(c);
    if (found == kFrom.npos) out.append(c);
    else out.append(kTo[found]);
  }
  return Value(out.take());
}

Value formatted(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const Value values = makeList(runtime.budget(), arguments.positional, true);
  return Value(formatPercent(runtime, toText(runtime.budget(), input), values));
}

Value truncated(Runtime& runtime, const Value& input, const Arguments& arguments) {
  const BoundArguments bound("truncate", arguments, {"length", "killwords", "end", "leeway"});
  const std::string text = toText(runtime.budget(), input), end = bound.string(2, "...");
  const std::int64_t length = bound.integer(0, 255), keep = length - characterCount(end);
  if (keep < 0) throw TemplateError{"truncate needs a length of at least that of its end", 0};
  if (characterCount(text) <= length + bound.integer(3, 5)) return Value(text);
  std::string cut = text.substr(0, byteOffset(text, keep));
  if (!bound.flag(1, false)) cut = cut.substr(0, cut.rfind(' '));
  return Value(cut + end);
}

Value wordCount(Runtime& runtime, const Value& input, const Arguments&) {
  const std::string text = toText(runtime.budget(), input);
  std::int64_t words = 0;
  bool inside = false;
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(characterBytes(rest))) {
    const char32_t c = firstCharacter(rest);
    const bool letter = isAlpha(c) || isDigit(c) || c == U'_';
    if (letter && !inside) ++words;
    inside = letter;
  }
  return Value(words);
}

Value urlEncoded(Runtime& runtime, const Value& input, const Arguments&) {
  TextBuilder out(runtime.budget());
  for (const char c : toText(runtime.budget(), input)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("_.-~/").find(c) != std::string_view::npos;
    static constexpr char kDigits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    const char code[] = {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    out.append(plain ? std::string_view(&c, 1) : std::string_view(code, 3));
  }
  return Value(out.take());
}

Value replaced(Runtime& runtime, const Value& input, const Arguments& arguments) {
  Arguments texts = arguments;
  for (std::size_t i = 0; i < std::min<std::size_t>(texts.positional.size(), 2); ++i) texts.positional[i] = Value(toText(runtime.budget(), texts.positional[i]));
  if (texts.positional.size() > 2 && texts.positional[2].isNone()) texts.positional.pop_back();
  return callStringMethod(runtime, toText(runtime.budget(), input), "replace", texts);
}

}  // namespace

void addTextFilters(FilterTable& table) {
  table["upper"] = mapped([](const std::string& text) { return upper(text); });
  table["lower"] = mapped([](const std::string& text) { return lower(text); });
  table["capitalize"] = mapped([](const std::string& text) { return capitalize(text); });
  table["title"] = mapped(titled);
  table["string"] = table["safe"] = mapped([](std::string text) { return text; });
  table["trim"] = trimmed;
  table["replace"] = replaced;
  table["indent"] = indented;
  table["escape"] = table["e"] = table["forceescape"] = escaped;
  table["format"] = formatted;
  table["truncate"] = truncated;
  table["wordcount"] = wordCount;
  table["urlencode"] = urlEncoded;
  table["center"] = [](Runtime& runtime, const Value& input, const Arguments& arguments) {
    Arguments width = arguments;
    if (width.positional.empty() && width.named.empty()) width.positional.emplace_back(80);
    return callStringMethod(runtime, toText(runtime.budget(), input), "center", width);
  };
}

}  // namespace nibble::jinja

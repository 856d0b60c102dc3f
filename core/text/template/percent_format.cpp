// Python's printf-style formatting: "%s is %d" % (name, number).
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/text/template/python_text.h"
#include "core/text/template/runtime.h"

namespace nibble::jinja {

namespace {

struct Specification {
  std::string flags;
  int width = 0;
  int precision = -1;
  char kind = 's';
};

int number(const std::string& format, std::size_t& at) {
  int value = 0;
  for (; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at) value = std::min(value * 10 + (format[at] - '0'), 100'000);
  return value;
}

Specification specification(const std::string& format, std::size_t& at) {
  Specification out;
  while (at < format.size() && std::string_view("-+ 0#").find(format[at]) != std::string_view::npos) out.flags += format[at++];
  out.width = number(format, at);
  if (at < format.size() && format[at] == '.') out.precision = std::min(number(format, ++at), 500);
  if (at >= format.size()) throw TemplateError{"incomplete format", 0};
  out.kind = format[at];
  return out;
}

std::string converted(Runtime& runtime, const Specification& spec, const Value& value) {
  if (spec.kind == 's' || spec.kind == 'r') {
    TextBuilder out(runtime.budget());
    if (spec.kind == 's') print(out, runtime.budget(), value);
    else represent(out, runtime.budget(), value);
    std::string text = out.take();
    return spec.precision >= 0 ? text.substr(0, byteOffset(text, spec.precision)) : text;
  }
  if (std::string_view("diuxXoeEfFgG").find(spec.kind) == std::string_view::npos) throw TemplateError{std::string("unsupported format character '") + spec.kind + "'", 0};
  if (!value.isNumber()) throw TemplateError{std::string("%") + spec.kind + " format: a number is required, not " + typeName(value), 0};
  const bool real = std::string_view("eEfFgG").find(spec.kind) != std::string_view::npos;
  std::string flags;
  for (const char flag : spec.flags)
    if (flag == '+' || flag == ' ' || flag == '#') flags += flag;
  const std::string precision = spec.precision >= 0 ? "." + std::to_string(spec.precision) : "";
  char buffer[1024];
  if (real) {
    std::snprintf(buffer, sizeof buffer, ("%" + flags + precision + spec.kind).c_str(), value.number());
  } else {
    const double size = std::fabs(value.number());
    if (!value.isInteger() && !(size < 9e18)) throw TemplateError{"cannot convert the number to an integer", 0};
    const long long whole = value.isInteger() ? value.integer() : static_cast<long long>(value.number());
    std::snprintf(buffer, sizeof buffer, ("%" + flags + precision + "ll" + (spec.kind == 'u' || spec.kind == 'i' ? 'd' : spec.kind)).c_str(), whole);
  }
  return buffer;
}

void appendPadded(TextBuilder& out, const Specification& spec, const std::string& text) {
  const std::int64_t missing = std::max<std::int64_t>(spec.width - characterCount(text), 0);
  const bool left = spec.flags.find('-') != std::string::npos;
  const bool zeros = !left && spec.flags.find('0') != std::string::npos && spec.kind != 's' && spec.kind != 'r';
  const bool sign = zeros && !text.empty() && (text[0] == '-' || text[0] == '+');
  if (sign) out.append(text[0]);
  if (!left) out.repeat(zeros ? "0" : " ", missing);
  out.append(std::string_view(text).substr(sign ? 1 : 0));
  if (left) out.repeat(" ", missing);
}

}  // namespace

std::string formatPercent(Runtime& runtime, const std::string& format, const Value& values) {
  TextBuilder out(runtime.budget());
  const bool isTuple = values.list() && values.list()->tuple;
  const std::size_t count = isTuple ? values.list()->items.size() : 1;
  std::size_t next = 0;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      out.append(format[at]);
      continue;
    }
    if (++at < format.size() && format[at] == '%') {
      out.append('%');
      continue;
    }
    Value value;
    if (at < format.size() && format[at] == '(') {
      const std::size_t end = std::min(format.find(')', at), format.size());
      if (!values.dict()) throw TemplateError{"format requires a mapping", 0};
      value = itemOf(runtime, values, Value(format.substr(at + 1, end - at - 1)));
      at = std::min(end + 1, format.size());
      next = count;
    } else {
      if (next >= count) throw TemplateError{"not enough arguments for format string", 0};
      value = isTuple ? values.list()->items[next] : values;
      ++next;
    }
    runtime.budget().spend();
    const Specification spec = specification(format, at);
    appendPadded(out, spec, converted(runtime, spec, value));
  }
  if (next < count && !values.dict()) throw TemplateError{"not all arguments converted during string formatting", 0};
  return out.take();
}

}  // namespace nibble::jinja

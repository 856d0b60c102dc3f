// str() and repr() of values, as Python prints them.
#include "core/text/template/python_text.h"
#include "core/text/template/value.h"

namespace nibble::jinja {

namespace {

void representList(TextBuilder& out, Budget& budget, const List& list) {
  out.append(list.tuple ? '(' : '[');
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (i > 0) out.append(", ");
    represent(out, budget, list.items[i]);
  }
  if (list.tuple && list.items.size() == 1) out.append(',');
  out.append(list.tuple ? ')' : ']');
}

void representDict(TextBuilder& out, Budget& budget, const Dict& dict) {
  out.append('{');
  for (std::size_t i = 0; i < dict.items.size(); ++i) {
    if (i > 0) out.append(", ");
    represent(out, budget, dict.items[i].first);
    out.append(": ");
    represent(out, budget, dict.items[i].second);
  }
  out.append('}');
}

}  // namespace

void represent(TextBuilder& out, Budget& budget, const Value& value) {
  budget.spend();
  if (value.isUndefined()) out.append("Undefined");
  else if (value.isNone()) out.append("None");
  else if (const bool* flag = value.as<bool>()) out.append(*flag ? "True" : "False");
  else if (const auto* integer = value.as<std::int64_t>()) out.append(std::to_string(*integer));
  else if (const double* number = value.as<double>()) out.append(floatText(*number));
  else if (value.isString()) out.append(quotedText(value.string()));
  else if (const List* list = value.list()) representList(out, budget, *list);
  else if (const Dict* dict = value.dict()) representDict(out, budget, *dict);
  else out.append("<" + typeName(value) + ">");
}

void print(TextBuilder& out, Budget& budget, const Value& value) {
  if (value.isString()) out.append(value.string());
  else if (!value.isUndefined()) represent(out, budget, value);
}

std::string toText(Budget& budget, const Value& value) {
  TextBuilder out(budget);
  print(out, budget, value);
  return out.take();
}

}  // namespace nibble::jinja

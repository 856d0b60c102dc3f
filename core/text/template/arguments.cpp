#include <algorithm>

#include "core/text/template/runtime.h"

namespace nibble::jinja {

BoundArguments::BoundArguments(std::string_view callee, const Arguments& arguments, std::initializer_list<std::string_view> names)
    : m_callee(callee), m_names(names), m_values(names.size(), nullptr) {
  if (arguments.positional.size() > m_names.size())
    throw TemplateError{m_callee + " takes not more than " + std::to_string(m_names.size()) + " argument(s)", 0};
  for (std::size_t i = 0; i < arguments.positional.size(); ++i) m_values[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    const auto found = std::find(m_names.begin(), m_names.end(), name);
    if (found == m_names.end()) throw TemplateError{m_callee + " has no argument '" + name + "'", 0};
    const Value*& slot = m_values[static_cast<std::size_t>(found - m_names.begin())];
    if (slot) throw TemplateError{m_callee + " got '" + name + "' twice", 0};
    slot = &value;
  }
}

const Value& BoundArguments::get(std::size_t index) const {
  if (!m_values[index]) throw TemplateError{m_callee + " lacks the argument '" + std::string(m_names[index]) + "'", 0};
  return *m_values[index];
}

std::int64_t BoundArguments::integer(std::size_t index, std::int64_t fallback) const {
  if (!m_values[index] || m_values[index]->isNone()) return fallback;
  if (!m_values[index]->isInteger()) throw TemplateError{m_callee + " needs an integer as '" + std::string(m_names[index]) + "'", 0};
  return m_values[index]->integer();
}

const std::string& BoundArguments::string(std::size_t index) const {
  const Value& value = get(index);
  if (value.isUndefined()) throwUndefined(value);
  if (!value.isString()) throw TemplateError{m_callee + " needs a string as '" + std::string(m_names[index]) + "', not " + typeName(value), 0};
  return value.string();
}

}  // namespace nibble::jinja

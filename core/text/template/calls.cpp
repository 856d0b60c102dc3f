// Calls: macros, loops, methods, functions.
#include <algorithm>

#include "core/text/template/evaluator.h"

namespace nibble::jinja {

Value Evaluator::call(const Value& callee, const Arguments& arguments) {
  budget().spend();
  if (const auto* macro = callee.as<const Macro*>()) return callMacro(**macro, arguments);
  if (const auto* function = callee.as<Function>()) return callFunction(*this, *function, arguments);
  if (const auto* method = callee.as<MethodPtr>()) return callMethod(**method, arguments);
  if (const auto* cycler = callee.as<Cycler*>()) return callCycler(**cycler, "");
  if (const auto* loop = callee.as<LoopPtr>()) return callLoopMethod(*loop, "", arguments);
  if (callee.isUndefined()) throwUndefined(callee);
  throw TemplateError{"'" + typeName(callee) + "' object is not callable", 0};
}

Value Evaluator::callMacro(const Macro& macro, const Arguments& arguments) {
  const DepthGuard guard(m_callDepth, kMaxCallDepth);
  budget().spend(2);
  auto scope = std::make_shared<Scope>();
  scope->parent = macro.scope;
  bindParameters(macro, arguments, scope);
  TextBuilder out(budget());
  execute(macro.definition->body, scope, out);
  return Value(out.take());
}

void Evaluator::bindParameters(const Macro& macro, const Arguments& arguments, const ScopePtr& scope) {
  const auto& parameters = macro.definition->parameters;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& [symbol, fallback] = parameters[i];
    const std::string& name = m_tree.symbols[static_cast<std::size_t>(symbol)];
    const auto named = std::find_if(arguments.named.begin(), arguments.named.end(), [&name](const auto& argument) { return argument.first == name; });
    if (i < arguments.positional.size()) scope->assign(symbol, arguments.positional[i]);
    else if (named != arguments.named.end()) scope->assign(symbol, named->second);
    else if (fallback) scope->assign(symbol, evaluate(*fallback, scope));
    else scope->assign(symbol, Value(Undefined{std::make_shared<const std::string>("parameter '" + name + "' was not provided")}));
  }
  bindRest(macro, arguments, *scope);
}

/// varargs, kwargs and caller, where the macro speaks of them; what nobody takes is an error.
void Evaluator::bindRest(const Macro& macro, const Arguments& arguments, Scope& scope) {
  const Stmt& definition = *macro.definition;
  const std::size_t count = definition.parameters.size();
  if (arguments.positional.size() > count && !definition.takesMore)
    throw TemplateError{"macro '" + definition.text + "' takes not more than " + std::to_string(count) + " argument(s)", 0};
  if (definition.takesMore) {
    std::vector<Value> rest;
    for (std::size_t i = count; i < arguments.positional.size(); ++i) rest.push_back(arguments.positional[i]);
    scope.assign(m_varargs, makeList(budget(), std::move(rest), true));
  }
  std::vector<std::pair<Value, Value>> rest;
  for (const auto& [name, value] : arguments.named) {
    const auto isParameter = [&, wanted = std::string_view(name)](const auto& parameter) { return m_tree.symbols[static_cast<std::size_t>(parameter.first)] == wanted; };
    if (std::any_of(definition.parameters.begin(), definition.parameters.end(), isParameter)) continue;
    if (name == "caller") {
      if (m_caller >= 0) scope.assign(m_caller, value);
    } else if (definition.takesMoreNamed) {
      rest.emplace_back(Value(name), value);
    } else {
      throw TemplateError{"macro '" + definition.text + "' takes no keyword argument '" + name + "'", 0};
    }
  }
  if (definition.takesMoreNamed) scope.assign(m_kwargs, makeDict(budget(), std::move(rest)));
}

Value Evaluator::callMethod(const BoundMethod& method, const Arguments& arguments) {
  if (method.self.isString()) return callStringMethod(*this, method.self.string(), method.name, arguments);
  if (method.self.isDict()) return callDictMethod(*this, method.self, method.name, arguments);
  if (method.self.list()) return callListMethod(*this, method.self, method.name, arguments);
  if (const auto* cycler = method.self.as<Cycler*>()) return callCycler(**cycler, method.name);
  return callLoopMethod(*method.self.as<LoopPtr>(), method.name, arguments);
}

Value Evaluator::callLoopMethod(const LoopPtr& loop, std::string_view name, const Arguments& arguments) {
  if (name == "cycle") {
    if (arguments.positional.empty()) throw TemplateError{"no items for cycling given", 0};
    return arguments.positional[loop->index % arguments.positional.size()];
  }
  if (name == "changed") {
    const Value now = makeList(budget(), arguments.positional, true);
    const bool first = loop->changedSlot == 0;
    if (first) {
      loop->changedSlot = m_changed.size();
      m_changed.emplace_back();
    }
    Value& before = m_changed[loop->changedSlot];
    const bool changed = first || !equal(budget(), before, now);
    before = now;
    return Value(changed);
  }
  if (!loop->loop || !loop->scope) throw TemplateError{"the loop is not recursive", 0};
  const DepthGuard guard(m_callDepth, kMaxCallDepth);
  const BoundArguments bound("loop", arguments, {"iterable"});
  TextBuilder out(budget());
  runLoop(*loop->loop, loop->scope, iterate(budget(), bound.get(0)), loop->depth + 1, out);
  return Value(out.take());
}

std::optional<Value> loopField(const LoopPtr& loop, std::string_view name) {
  const auto& items = loop->items->items;
  const auto index = static_cast<std::int64_t>(loop->index);
  const auto count = static_cast<std::int64_t>(items.size());
  const auto missing = [](const char* what) { return Value(Undefined{std::make_shared<const std::string>(what)}); };
  if (name == "index") return Value(index + 1);
  if (name == "index0") return Value(index);
  if (name == "revindex") return Value(count - index);
  if (name == "revindex0") return Value(count - index - 1);
  if (name == "first") return Value(index == 0);
  if (name == "last") return Value(index + 1 == count);
  if (name == "length") return Value(count);
  if (name == "depth") return Value(loop->depth);
  if (name == "depth0") return Value(loop->depth - 1);
  if (name == "previtem") return index > 0 ? items[loop->index - 1] : missing("there is no previous item");
  if (name == "nextitem") return index + 1 < count ? items[loop->index + 1] : missing("there is no next item");
  if (name == "cycle") return Value(std::make_shared<const BoundMethod>(BoundMethod{Value(loop), "cycle"}));
  if (name == "changed") return Value(std::make_shared<const BoundMethod>(BoundMethod{Value(loop), "changed"}));
  return std::nullopt;
}

}  // namespace nibble::jinja

// Statements.
#include "core/text/template/evaluator.h"

namespace nibble::jinja {

const Value* Scope::find(int symbol, Budget& budget) const {
  for (const Scope* scope = this; scope; scope = scope->parent.get()) {
    budget.spend(scope->variables.size() / 64);  // a template with thousands of variables pays for the search
    for (const auto& [name, value] : scope->variables)
      if (name == symbol) return &value;
  }
  return nullptr;
}

void Scope::assign(int symbol, Value value) {
  for (auto& variable : variables) {
    if (variable.first != symbol) continue;
    variable.second = std::move(value);
    return;
  }
  variables.emplace_back(symbol, std::move(value));
}

std::string Evaluator::render(const Dict& context) {
  auto globals = std::make_shared<Scope>();
  auto scope = std::make_shared<Scope>();
  scope->parent = globals;
  for (std::size_t i = 0; i < m_tree.symbols.size(); ++i) {
    const int symbol = static_cast<int>(i);
    if (const auto function = functionByName(m_tree.symbols[i])) globals->assign(symbol, Value(*function));
    if (const Value* value = context.find(m_tree.symbols[i])) scope->variables.emplace_back(symbol, *value);
  }
  TextBuilder out(budget());
  execute(m_tree.body, scope, out);
  return out.take();
}

Evaluator::Flow Evaluator::execute(const Body& body, const ScopePtr& scope, TextBuilder& out) {
  const DepthGuard guard(m_depth, kMaxEvaluationDepth);
  for (const Stmt& stmt : body) {
    try {
      budget().spend();
      const Flow flow = execute(stmt, scope, out);
      if (flow != Flow::next) return flow;
    } catch (TemplateError& error) {
      if (error.line == 0) error.line = stmt.line;
      throw;
    }
  }
  return Flow::next;
}

Evaluator::Flow Evaluator::execute(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out) {
  switch (stmt.kind) {
    case StmtKind::text: out.append(stmt.text); break;
    case StmtKind::output: print(out, budget(), evaluate(*stmt.value, scope)); break;
    case StmtKind::ifElse: return executeIf(stmt, scope, out);
    case StmtKind::forLoop: executeFor(stmt, scope, out); break;
    case StmtKind::set: executeSet(stmt, scope); break;
    case StmtKind::setBlock: assign(stmt.target, capturedBlock(stmt, scope), *scope); break;
    case StmtKind::macro: scope->assign(stmt.symbol, Value(newMacro(stmt, scope))); break;
    case StmtKind::callBlock: executeCallBlock(stmt, scope, out); break;
    case StmtKind::filterBlock: print(out, budget(), capturedBlock(stmt, scope)); break;
    case StmtKind::with: executeWith(stmt, scope, out); break;
    case StmtKind::plain: return execute(stmt.body, scope, out);
    case StmtKind::breakLoop: return Flow::breakLoop;
    case StmtKind::continueLoop: return Flow::continueLoop;
  }
  return Flow::next;
}

Evaluator::Flow Evaluator::executeIf(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out) {
  for (const Branch& branch : stmt.branches)
    if (isTrue(evaluate(*branch.condition, scope))) return execute(branch.body, scope, out);
  return execute(stmt.otherwise, scope, out);
}

void Evaluator::executeFor(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out) {
  runLoop(stmt, scope, iterate(budget(), evaluate(*stmt.value, scope)), 1, out);
}

ListPtr Evaluator::filteredItems(const Stmt& stmt, const ScopePtr& scope, const ListPtr& items) {
  std::vector<Value> kept;
  for (const Value& item : items->items) {
    auto inner = std::make_shared<Scope>();
    inner->parent = scope;
    budget().spend();
    assign(stmt.target, item, *inner);
    if (isTrue(evaluate(*stmt.condition, inner))) kept.push_back(item);
  }
  return *makeList(budget(), std::move(kept)).as<ListPtr>();
}

void Evaluator::runLoop(const Stmt& stmt, const ScopePtr& scope, const ListPtr& items, int depth, TextBuilder& out) {
  auto loop = std::make_shared<LoopState>();
  loop->items = stmt.condition ? filteredItems(stmt, scope, items) : items;
  loop->depth = depth;
  if (stmt.recursive) {
    loop->loop = &stmt;
    loop->scope = scope;
  }
  for (loop->index = 0; loop->index < loop->items->items.size(); ++loop->index) {
    budget().spend();
    auto inner = std::make_shared<Scope>();
    inner->parent = scope;
    if (m_loop >= 0) inner->variables.emplace_back(m_loop, Value(loop));
    assign(stmt.target, loop->items->items[loop->index], *inner);
    if (execute(stmt.body, inner, out) == Flow::breakLoop) break;
  }
  loop->scope.reset();
  if (loop->items->items.empty()) execute(stmt.otherwise, scope, out);
}

void Evaluator::executeSet(const Stmt& stmt, const ScopePtr& scope) { assign(stmt.target, evaluate(*stmt.value, scope), *scope); }

void Evaluator::executeWith(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out) {
  auto inner = std::make_shared<Scope>();
  inner->parent = scope;
  for (const auto& [target, value] : stmt.bindings) assign(target, evaluate(*value, scope), *inner);
  execute(stmt.body, inner, out);
}

void Evaluator::executeCallBlock(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out) {
  print(out, budget(), evaluateCall(*stmt.value, scope, newMacro(stmt, scope)));
}

/// The text of a set or filter block, through its filters.
Value Evaluator::capturedBlock(const Stmt& stmt, const ScopePtr& scope) {
  auto inner = std::make_shared<Scope>();
  inner->parent = scope;
  TextBuilder text(budget());
  execute(stmt.body, inner, text);
  Value captured(text.take());
  if (!stmt.value) return captured;
  const Value outer = std::exchange(m_blockText, captured);
  Value filtered = evaluate(*stmt.value, scope);
  m_blockText = outer;
  return filtered;
}

void Evaluator::assign(const Target& target, const Value& value, Scope& scope) {
  budget().spend(scope.variables.size() / 64);
  if (!target.parts.empty()) {
    const ListPtr items = iterate(budget(), value);
    if (items->items.size() != target.parts.size())
      throw TemplateError{"cannot unpack " + std::to_string(items->items.size()) + " values into " + std::to_string(target.parts.size()), 0};
    for (std::size_t i = 0; i < target.parts.size(); ++i) assign(target.parts[i], items->items[i], scope);
    return;
  }
  if (target.field.empty()) {
    scope.assign(target.symbol, value);
    return;
  }
  const Value* object = scope.find(target.symbol, budget());
  if (!object || !object->as<Namespace*>()) throw TemplateError{"cannot assign to a field of what is not a namespace", 0};
  for (auto& [name, old] : (*object->as<Namespace*>())->fields) {
    if (name != target.field) continue;
    old = value;
    return;
  }
  (*object->as<Namespace*>())->fields.emplace_back(target.field, value);
}

const Macro* Evaluator::newMacro(const Stmt& definition, const ScopePtr& scope) {
  budget().spend(4);
  return &m_macros.emplace_back(Macro{&definition, scope});
}

int Evaluator::symbolOf(std::string_view name) const {
  for (std::size_t i = 0; i < m_tree.symbols.size(); ++i)
    if (m_tree.symbols[i] == name) return static_cast<int>(i);
  return -1;
}

}  // namespace nibble::jinja

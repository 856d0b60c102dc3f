// Expressions.
#include "core/text/template/evaluator.h"

namespace nibble::jinja {

Value Evaluator::evaluate(const Expr& expr, const ScopePtr& scope) {
  const DepthGuard guard(m_depth, kMaxEvaluationDepth);
  budget().spend();
  try {
    return evaluateNode(expr, scope);
  } catch (TemplateError& error) {
    if (error.line == 0) error.line = expr.line;
    throw;
  }
}

Value Evaluator::evaluateNode(const Expr& expr, const ScopePtr& scope) {
  const auto child = [&](std::size_t i) { return expr.children[i] ? evaluate(*expr.children[i], scope) : Value(None{}); };
  switch (expr.kind) {
    case ExprKind::literal: return expr.literal;
    case ExprKind::name: return evaluateName(expr, scope);
    case ExprKind::list: return makeList(budget(), evaluateAll(expr.children, scope));
    case ExprKind::tuple: return makeList(budget(), evaluateAll(expr.children, scope), true);
    case ExprKind::dict: return evaluateDict(expr, scope);
    case ExprKind::attribute: return attributeOf(*this, child(0), expr.text);
    case ExprKind::subscript: {
      const Value object = child(0);
      return itemOf(*this, object, child(1));
    }
    case ExprKind::slice: {
      const Value object = child(0), from = child(1), to = child(2);
      return sliceOf(*this, object, from, to, child(3));
    }
    case ExprKind::call: return evaluateCall(expr, scope);
    case ExprKind::filter: return evaluateFilter(expr, scope);
    case ExprKind::test: return evaluateTest(expr, scope);
    case ExprKind::negative: return negated(child(0));
    case ExprKind::positive: return arithmetic(*this, '+', Value(0), child(0));
    case ExprKind::logicalNot: return Value(!isTrue(child(0)));
    case ExprKind::logicalAnd: {
      Value left = child(0);
      return isTrue(left) ? child(1) : left;
    }
    case ExprKind::logicalOr: {
      Value left = child(0);
      return isTrue(left) ? left : child(1);
    }
    case ExprKind::compare: return evaluateCompare(expr, scope);
    case ExprKind::arithmetic: {
      static constexpr char kOperators[] = {'+', '-', '*', '/', 'f', '%', '^'};
      const Value left = child(0);
      return arithmetic(*this, kOperators[static_cast<int>(expr.operators[0])], left, child(1));
    }
    case ExprKind::concat: return evaluateConcat(expr, scope);
    case ExprKind::conditional: return evaluateConditional(expr, scope);
  }
  return Value();
}

Value Evaluator::evaluateName(const Expr& expr, const ScopePtr& scope) {
  if (expr.symbol == kBlockTextSymbol) return m_blockText;
  if (const Value* value = scope->find(expr.symbol, budget())) return *value;
  return Value(Undefined{std::make_shared<const std::string>("'" + m_tree.symbols[static_cast<std::size_t>(expr.symbol)] + "' is undefined")});
}

std::vector<Value> Evaluator::evaluateAll(const std::vector<ExprPtr>& exprs, const ScopePtr& scope) {
  std::vector<Value> out;
  out.reserve(exprs.size());
  for (const ExprPtr& expr : exprs) out.push_back(evaluate(*expr, scope));
  return out;
}

Value Evaluator::evaluateDict(const Expr& expr, const ScopePtr& scope) {
  std::vector<std::pair<Value, Value>> items;
  for (std::size_t i = 0; i + 1 < expr.children.size(); i += 2) {
    Value key = evaluate(*expr.children[i], scope);
    items.emplace_back(std::move(key), evaluate(*expr.children[i + 1], scope));
  }
  return makeDict(budget(), std::move(items));
}

Value Evaluator::evaluateConcat(const Expr& expr, const ScopePtr& scope) {
  TextBuilder out(budget());
  for (const ExprPtr& part : expr.children) print(out, budget(), evaluate(*part, scope));
  return Value(out.take());
}

bool Evaluator::compare(Operator op, const Value& left, const Value& right) {
  switch (op) {
    case Operator::equal: return equal(budget(), left, right);
    case Operator::notEqual: return !equal(budget(), left, right);
    case Operator::less: return less(budget(), left, right);
    case Operator::greater: return less(budget(), right, left);
    case Operator::lessEqual: return less(budget(), left, right) || equal(budget(), left, right);
    case Operator::greaterEqual: return less(budget(), right, left) || equal(budget(), left, right);
    case Operator::in: return contains(*this, right, left);
    default: return !contains(*this, right, left);
  }
}

Value Evaluator::evaluateCompare(const Expr& expr, const ScopePtr& scope) {
  Value left = evaluate(*expr.children[0], scope);
  for (std::size_t i = 0; i < expr.operators.size(); ++i) {
    Value right = evaluate(*expr.children[i + 1], scope);
    if (!compare(expr.operators[i], left, right)) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Arguments Evaluator::evaluateArguments(const CallArguments& arguments, const ScopePtr& scope) {
  Arguments out;
  out.positional = evaluateAll(arguments.positional, scope);
  for (const auto& [name, expr] : arguments.named) out.named.emplace_back(name, evaluate(*expr, scope));
  if (arguments.star) {
    const ListPtr rest = iterate(budget(), evaluate(*arguments.star, scope));
    budget().spend(rest->items.size());
    out.positional.insert(out.positional.end(), rest->items.begin(), rest->items.end());
  }
  if (arguments.doubleStar) {
    const Value rest = evaluate(*arguments.doubleStar, scope);
    if (!rest.dict()) throw TemplateError{"'**' needs a dict", 0};
    budget().spend(rest.dict()->items.size());
    for (const auto& [key, value] : rest.dict()->items) out.named.emplace_back(toText(budget(), key), value);
  }
  return out;
}

Value Evaluator::evaluateFilter(const Expr& expr, const ScopePtr& scope) {
  const Value input = evaluate(*expr.children[0], scope);
  return applyFilter(*this, expr.text, input, evaluateArguments(expr.arguments, scope));
}

Value Evaluator::evaluateTest(const Expr& expr, const ScopePtr& scope) {
  const Value input = evaluate(*expr.children[0], scope);
  return Value(applyTest(*this, expr.text, input, evaluateArguments(expr.arguments, scope)));
}

Value Evaluator::evaluateCall(const Expr& expr, const ScopePtr& scope, const Macro* caller) {
  const Value callee = evaluate(*expr.children[0], scope);
  Arguments arguments = evaluateArguments(expr.arguments, scope);
  if (caller) arguments.named.emplace_back("caller", Value(caller));
  return call(callee, arguments);
}

Value Evaluator::evaluateConditional(const Expr& expr, const ScopePtr& scope) {
  if (isTrue(evaluate(*expr.children[1], scope))) return evaluate(*expr.children[0], scope);
  if (expr.children[2]) return evaluate(*expr.children[2], scope);
  return Value(Undefined{std::make_shared<const std::string>("the inline if-expression evaluated to false and has no else")});
}

}  // namespace nibble::jinja

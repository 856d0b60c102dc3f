// Walks the tree and writes the text. One Evaluator renders once.
#pragma once
#include <deque>
#include <memory>
#include <vector>

#include "core/text/template/ast.h"
#include "core/text/template/runtime.h"

namespace nibble::jinja {

/// Variables of a block. Looking up goes outwards, assigning stays inside.
struct Scope {
  std::shared_ptr<Scope> parent;
  std::vector<std::pair<int, Value>> variables;
  const Value* find(int symbol, Budget& budget) const;
  void assign(int symbol, Value value);
};
using ScopePtr = std::shared_ptr<Scope>;

struct Macro {
  const Stmt* definition = nullptr;
  ScopePtr scope;  ///< where it was defined
};

/// The `loop` of a for.
struct LoopState {
  ListPtr items;
  std::size_t index = 0;
  int depth = 1;
  const Stmt* loop = nullptr;  ///< for loop(…) in a recursive one
  ScopePtr scope;              ///< around the loop
  std::size_t changedSlot = 0; ///< into Evaluator's memory of loop.changed(…); 0: not used yet
};

class Evaluator final : public Runtime {
 public:
  Evaluator(const Tree& tree, const std::tm& now)
      : Runtime(now), m_tree(tree), m_loop(symbolOf("loop")), m_caller(symbolOf("caller")), m_varargs(symbolOf("varargs")), m_kwargs(symbolOf("kwargs")) {}

  /// Renders with the items of a dict as variables. Throws TemplateError, TemplateRaised.
  std::string render(const Dict& context);

  Value call(const Value& callee, const Arguments& arguments) override;

 private:
  enum class Flow { next, breakLoop, continueLoop };

  // ---- statements (evaluator.cpp)
  Flow execute(const Body& body, const ScopePtr& scope, TextBuilder& out);
  Flow execute(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out);
  Flow executeIf(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out);
  void executeFor(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out);
  void runLoop(const Stmt& stmt, const ScopePtr& scope, const ListPtr& items, int depth, TextBuilder& out);
  ListPtr filteredItems(const Stmt& stmt, const ScopePtr& scope, const ListPtr& items);
  void executeSet(const Stmt& stmt, const ScopePtr& scope);
  void executeWith(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out);
  void executeCallBlock(const Stmt& stmt, const ScopePtr& scope, TextBuilder& out);
  Value capturedBlock(const Stmt& stmt, const ScopePtr& scope);
  void assign(const Target& target, const Value& value, Scope& scope);
  const Macro* newMacro(const Stmt& definition, const ScopePtr& scope);

  // ---- expressions (expressions.cpp)
  Value evaluate(const Expr& expr, const ScopePtr& scope);
  Value evaluateNode(const Expr& expr, const ScopePtr& scope);
  Value evaluateName(const Expr& expr, const ScopePtr& scope);
  Value evaluateDict(const Expr& expr, const ScopePtr& scope);
  Value evaluateConcat(const Expr& expr, const ScopePtr& scope);
  Value evaluateCompare(const Expr& expr, const ScopePtr& scope);
  Value evaluateFilter(const Expr& expr, const ScopePtr& scope);
  Value evaluateTest(const Expr& expr, const ScopePtr& scope);
  Value evaluateCall(const Expr& expr, const ScopePtr& scope, const Macro* caller = nullptr);
  Value evaluateConditional(const Expr& expr, const ScopePtr& scope);
  std::vector<Value> evaluateAll(const std::vector<ExprPtr>& exprs, const ScopePtr& scope);
  Arguments evaluateArguments(const CallArguments& arguments, const ScopePtr& scope);
  bool compare(Operator op, const Value& left, const Value& right);

  // ---- calls (calls.cpp)
  Value callMacro(const Macro& macro, const Arguments& arguments);
  void bindParameters(const Macro& macro, const Arguments& arguments, const ScopePtr& scope);
  void bindRest(const Macro& macro, const Arguments& arguments, Scope& scope);
  Value callMethod(const BoundMethod& method, const Arguments& arguments);
  Value callLoopMethod(const LoopPtr& loop, std::string_view name, const Arguments& arguments);
  int symbolOf(std::string_view name) const;

  class DepthGuard;
  const Tree& m_tree;
  const int m_loop, m_caller, m_varargs, m_kwargs;  ///< symbols with a meaning, −1 where the template has none
  std::deque<Macro> m_macros;
  std::deque<Value> m_changed{Value()};
  Value m_blockText;
  int m_depth = 0;
  int m_callDepth = 0;
};

/// loop.index, loop.first …; nothing where there is no such field.
std::optional<Value> loopField(const LoopPtr& loop, std::string_view name);

/// Counts frames of the evaluator, so that no template reaches the end of the stack.
class Evaluator::DepthGuard {
 public:
  DepthGuard(int& depth, int limit) : m_depth(depth) {
    if (m_depth >= limit) throw TemplateError{"macros or expressions are nested too deep", 0};
    ++m_depth;
  }
  ~DepthGuard() { --m_depth; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  int& m_depth;
};

}  // namespace nibble::jinja

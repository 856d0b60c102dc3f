// Tokens → tree: statements here, expressions in expression_parser.cpp. Everything that reads, imports or extends other
// templates is refused by name. Throws TemplateError with the line.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text/template/ast.h"
#include "core/text/template/lexer.h"

namespace nibble::jinja {

Tree parseTemplate(const std::string& source);

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : m_tokens(std::move(tokens)) {}
  Tree parse();

 private:
  // ---- tokens
  const Token& current() const { return m_tokens[m_next]; }
  const Token& following() const { return m_tokens[std::min(m_next + 1, m_tokens.size() - 1)]; }
  const Token& take() { return m_tokens[m_next < m_tokens.size() - 1 ? m_next++ : m_next]; }
  bool isSymbol(std::string_view symbol) const { return current().kind == TokenKind::symbol && current().text == symbol; }
  bool isName(std::string_view name) const { return current().kind == TokenKind::name && current().text == name; }
  bool skipSymbol(std::string_view symbol);
  bool skipName(std::string_view name);
  void expectSymbol(std::string_view symbol);
  std::string expectName(std::string_view what);
  void expectBlockEnd();
  [[noreturn]] void unexpected(std::string_view wanted) const;
  int symbolOf(const std::string& name);

  // ---- statements (parser.cpp)
  /// Statements until a block whose first name is one of `ends`; leaves the cursor on that name.
  Body body(std::initializer_list<std::string_view> ends);
  Stmt statement();
  Stmt ifStatement();
  Stmt forStatement();
  Stmt setStatement();
  Stmt macroStatement();
  Stmt callStatement();
  Stmt filterStatement();
  Stmt withStatement();
  Stmt generationStatement();
  Stmt loopControl(StmtKind kind);
  void parameters(Stmt& stmt);
  Body macroBody(Stmt& stmt, std::string_view end);
  Target target(bool namespaces, bool endsAtIn);
  Target singleTarget(bool namespaces);

  // ---- expressions (expression_parser.cpp)
  ExprPtr make(ExprKind kind, std::vector<ExprPtr> children = {}) const;
  ExprPtr makeOperation(ExprKind kind, Operator op, ExprPtr left, ExprPtr right) const;
  ExprPtr expression(bool withConditional = true);
  ExprPtr tupleOrExpression(bool withConditional = true, bool parenthesized = false);
  ExprPtr conditional();
  ExprPtr logicalOr();
  ExprPtr logicalAnd();
  ExprPtr logicalNot();
  ExprPtr comparison();
  ExprPtr sum();
  ExprPtr concatenation();
  ExprPtr product();
  ExprPtr power();
  ExprPtr unary(bool withFilters);
  ExprPtr primary();
  ExprPtr listLiteral();
  ExprPtr dictLiteral();
  ExprPtr postfix(ExprPtr expr);
  ExprPtr filtersAndTests(ExprPtr expr);
  ExprPtr subscript(ExprPtr object);
  ExprPtr call(ExprPtr callee);
  ExprPtr filters(ExprPtr input, bool startsInline);
  ExprPtr test(ExprPtr input);
  CallArguments callArguments();
  ExprPtr withArguments(ExprPtr expr, CallArguments arguments) const;
  bool endsTuple() const;

  std::vector<Token> m_tokens;
  std::size_t m_next = 0;
  std::vector<std::string> m_symbols;
  std::unordered_map<std::string, int> m_symbolIndex;
  int m_nesting = 0;
  int m_loops = 0;               ///< for loops around the cursor, inside the current macro
  Stmt* m_macro = nullptr;       ///< the macro or call block around the cursor

  friend class NestingGuard;
};

/// Counts one level of the source's nesting while it lives.
class NestingGuard {
 public:
  explicit NestingGuard(Parser& parser);
  ~NestingGuard() { --m_parser.m_nesting; }
  NestingGuard(const NestingGuard&) = delete;
  NestingGuard& operator=(const NestingGuard&) = delete;

 private:
  Parser& m_parser;
};

}  // namespace nibble::jinja

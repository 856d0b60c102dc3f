#include "core/text/template/parser.h"

#include <algorithm>

namespace nibble::jinja {

NestingGuard::NestingGuard(Parser& parser) : m_parser(parser) {
  if (++m_parser.m_nesting > kMaxNesting) {
    --m_parser.m_nesting;
    throw TemplateError{"nested deeper than 100", m_parser.current().line};
  }
}

Tree parseTemplate(const std::string& source) { return Parser(tokenize(source)).parse(); }

Tree Parser::parse() {
  Tree tree;
  tree.body = body({});
  if (current().kind != TokenKind::end) unexpected("text or a tag");
  tree.symbols = std::move(m_symbols);
  return tree;
}

bool Parser::skipSymbol(std::string_view symbol) {
  if (!isSymbol(symbol)) return false;
  take();
  return true;
}

bool Parser::skipName(std::string_view name) {
  if (!isName(name)) return false;
  take();
  return true;
}

void Parser::expectSymbol(std::string_view symbol) {
  if (!skipSymbol(symbol)) unexpected("'" + std::string(symbol) + "'");
}

std::string Parser::expectName(std::string_view what) {
  if (current().kind != TokenKind::name) unexpected(what);
  return take().text;
}

void Parser::expectBlockEnd() {
  if (current().kind != TokenKind::blockEnd) unexpected("the end of the tag");
  take();
}

void Parser::unexpected(std::string_view wanted) const {
  std::string found;
  switch (current().kind) {
    case TokenKind::end: found = "the end of the template"; break;
    case TokenKind::blockEnd: found = "'%}'"; break;
    case TokenKind::variableEnd: found = "'}}'"; break;
    case TokenKind::text: found = "text"; break;
    default: found = "'" + current().text.substr(0, 40) + "'";
  }
  throw TemplateError{"expected " + std::string(wanted) + ", found " + found, current().line};
}

int Parser::symbolOf(const std::string& name) {
  const auto [place, isNew] = m_symbolIndex.emplace(name, static_cast<int>(m_symbols.size()));
  if (isNew) m_symbols.push_back(name);
  return place->second;
}

Body Parser::body(std::initializer_list<std::string_view> ends) {
  const NestingGuard guard(*this);
  const int opened = current().line;
  Body out;
  while (current().kind != TokenKind::end) {
    if (current().kind == TokenKind::text) {
      Stmt stmt;
      stmt.line = current().line;
      stmt.text = take().text;
      out.push_back(std::move(stmt));
    } else if (current().kind == TokenKind::variableBegin) {
      Stmt stmt;
      stmt.kind = StmtKind::output;
      stmt.line = take().line;
      stmt.value = tupleOrExpression();
      if (current().kind != TokenKind::variableEnd) unexpected("'}}'");
      take();
      out.push_back(std::move(stmt));
    } else {
      take();  // the block's begin
      if (current().kind == TokenKind::name && std::find(ends.begin(), ends.end(), current().text) != ends.end()) return out;
      out.push_back(statement());
    }
  }
  if (ends.size() > 0) throw TemplateError{"a block is not closed: no " + std::string(*(ends.end() - 1)), opened};
  return out;
}

Stmt Parser::statement() {
  const int line = current().line;
  const std::string tag = expectName("a tag's name");
  Stmt stmt;
  if (tag == "if") stmt = ifStatement();
  else if (tag == "for") stmt = forStatement();
  else if (tag == "set") stmt = setStatement();
  else if (tag == "macro") stmt = macroStatement();
  else if (tag == "call") stmt = callStatement();
  else if (tag == "filter") stmt = filterStatement();
  else if (tag == "with") stmt = withStatement();
  else if (tag == "generation") stmt = generationStatement();
  else if (tag == "break") stmt = loopControl(StmtKind::breakLoop);
  else if (tag == "continue") stmt = loopControl(StmtKind::continueLoop);
  else throw TemplateError{"the tag '" + tag + "' is not one of a chat template's", line};
  stmt.line = line;
  return stmt;
}

Stmt Parser::ifStatement() {
  Stmt stmt;
  stmt.kind = StmtKind::ifElse;
  while (true) {
    Branch branch;
    branch.condition = tupleOrExpression(false);
    expectBlockEnd();
    branch.body = body({"elif", "else", "endif"});
    stmt.branches.push_back(std::move(branch));
    if (skipName("elif")) continue;
    if (skipName("else")) {
      expectBlockEnd();
      stmt.otherwise = body({"endif"});
    }
    take();  // endif
    expectBlockEnd();
    return stmt;
  }
}

Stmt Parser::forStatement() {
  Stmt stmt;
  stmt.kind = StmtKind::forLoop;
  stmt.target = target(false, true);
  if (!skipName("in")) unexpected("'in'");
  stmt.value = tupleOrExpression(false);
  if (skipName("if")) stmt.condition = expression();
  stmt.recursive = skipName("recursive");
  expectBlockEnd();
  ++m_loops;
  stmt.body = body({"else", "endfor"});
  --m_loops;
  if (skipName("else")) {
    expectBlockEnd();
    stmt.otherwise = body({"endfor"});
  }
  take();  // endfor
  expectBlockEnd();
  return stmt;
}

Stmt Parser::setStatement() {
  Stmt stmt;
  stmt.target = target(true, false);
  if (skipSymbol("=")) {
    stmt.kind = StmtKind::set;
    stmt.value = tupleOrExpression();
    expectBlockEnd();
    return stmt;
  }
  stmt.kind = StmtKind::setBlock;
  if (isSymbol("|")) {
    ExprPtr text = make(ExprKind::name);
    text->symbol = kBlockTextSymbol;
    stmt.value = filters(std::move(text), false);
  }
  expectBlockEnd();
  stmt.body = body({"endset"});
  take();
  expectBlockEnd();
  return stmt;
}

void Parser::parameters(Stmt& stmt) {
  expectSymbol("(");
  while (!isSymbol(")")) {
    if (!stmt.parameters.empty()) expectSymbol(",");
    if (isSymbol(")")) break;
    const int symbol = symbolOf(expectName("a parameter's name"));
    ExprPtr fallback;
    if (skipSymbol("=")) fallback = expression();
    else if (!stmt.parameters.empty() && stmt.parameters.back().second) throw TemplateError{"a parameter without a default follows one with a default", current().line};
    stmt.parameters.emplace_back(symbol, std::move(fallback));
  }
  expectSymbol(")");
}

Body Parser::macroBody(Stmt& stmt, std::string_view end) {
  expectBlockEnd();
  Stmt* const outerMacro = std::exchange(m_macro, &stmt);
  const int outerLoops = std::exchange(m_loops, 0);
  Body out = body({end});
  m_macro = outerMacro;
  m_loops = outerLoops;
  take();
  expectBlockEnd();
  return out;
}

Stmt Parser::macroStatement() {
  Stmt stmt;
  stmt.kind = StmtKind::macro;
  stmt.text = expectName("a macro's name");
  stmt.symbol = symbolOf(stmt.text);
  parameters(stmt);
  stmt.body = macroBody(stmt, "endmacro");
  return stmt;
}

Stmt Parser::callStatement() {
  Stmt stmt;
  stmt.kind = StmtKind::callBlock;
  stmt.text = "caller";
  if (isSymbol("(")) parameters(stmt);
  stmt.value = expression();
  if (stmt.value->kind != ExprKind::call) unexpected("a call");
  stmt.body = macroBody(stmt, "endcall");
  return stmt;
}

Stmt Parser::filterStatement() {
  Stmt stmt;
  stmt.kind = StmtKind::filterBlock;
  ExprPtr text = make(ExprKind::name);
  text->symbol = kBlockTextSymbol;
  stmt.value = filters(std::move(text), true);
  expectBlockEnd();
  stmt.body = body({"endfilter"});
  take();
  expectBlockEnd();
  return stmt;
}

Stmt Parser::withStatement() {
  Stmt stmt;
  stmt.kind = StmtKind::with;
  while (current().kind != TokenKind::blockEnd) {
    if (!stmt.bindings.empty()) expectSymbol(",");
    Target name = singleTarget(false);
    expectSymbol("=");
    stmt.bindings.emplace_back(std::move(name), expression());
  }
  expectBlockEnd();
  stmt.body = body({"endwith"});
  take();
  expectBlockEnd();
  return stmt;
}

/// {% generation %} marks what the assistant said, for training; it changes nothing in the text.
Stmt Parser::generationStatement() {
  Stmt stmt;
  stmt.kind = StmtKind::plain;
  expectBlockEnd();
  stmt.body = body({"endgeneration"});
  take();
  expectBlockEnd();
  return stmt;
}

Stmt Parser::loopControl(StmtKind kind) {
  if (m_loops == 0) throw TemplateError{"break or continue stands outside a loop", current().line};
  Stmt stmt;
  stmt.kind = kind;
  expectBlockEnd();
  return stmt;
}

Target Parser::singleTarget(bool namespaces) {
  if (skipSymbol("(")) {
    Target inner = target(namespaces, false);
    expectSymbol(")");
    return inner;
  }
  Target out;
  static constexpr std::string_view kConstants[] = {"true", "false", "none", "True", "False", "None"};
  const std::string name = expectName("a name to assign to");
  if (std::find(std::begin(kConstants), std::end(kConstants), name) != std::end(kConstants))
    throw TemplateError{"cannot assign to '" + name + "'", current().line};
  out.symbol = symbolOf(name);
  if (namespaces && skipSymbol(".")) out.field = expectName("a field's name");
  return out;
}

Target Parser::target(bool namespaces, bool endsAtIn) {
  const NestingGuard guard(*this);
  Target first = singleTarget(namespaces);
  if (!isSymbol(",")) return first;
  Target out;
  out.parts.push_back(std::move(first));
  while (skipSymbol(",")) {
    if (isSymbol("=") || isSymbol(")") || (endsAtIn && isName("in"))) break;
    out.parts.push_back(singleTarget(namespaces));
  }
  return out;
}

}  // namespace nibble::jinja

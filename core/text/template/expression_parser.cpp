// Expressions, by Jinja's precedence: if-else, or, and, not, comparison, + −, ~, * / // %, **, sign, filters and tests.
#include <algorithm>
#include <charconv>

#include "core/text/template/parser.h"

namespace nibble::jinja {

namespace {
constexpr int kMaxHeight = 1000;  // of an expression's tree: a chain of a thousand + or | is no template's

int heightOf(const ExprPtr& expr) { return expr ? expr->height : 0; }
}  // namespace

ExprPtr Parser::make(ExprKind kind, std::vector<ExprPtr> children) const {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->line = current().line;
  for (const ExprPtr& child : children) expr->height = std::max(expr->height, 1 + heightOf(child));
  if (expr->height > kMaxHeight) throw TemplateError{"an expression is nested deeper than 1,000", expr->line};
  expr->children = std::move(children);
  return expr;
}

namespace {
template <typename... T>
std::vector<ExprPtr> listOf(T... parts) {
  std::vector<ExprPtr> out;
  (out.push_back(std::move(parts)), ...);
  return out;
}
}  // namespace

ExprPtr Parser::makeOperation(ExprKind kind, Operator op, ExprPtr left, ExprPtr right) const {
  ExprPtr expr = make(kind, listOf(std::move(left), std::move(right)));
  expr->operators.push_back(op);
  return expr;
}

ExprPtr Parser::withArguments(ExprPtr expr, CallArguments arguments) const {
  for (const ExprPtr& argument : arguments.positional) expr->height = std::max(expr->height, 1 + heightOf(argument));
  for (const auto& named : arguments.named) expr->height = std::max(expr->height, 1 + heightOf(named.second));
  expr->height = std::max({expr->height, 1 + heightOf(arguments.star), 1 + heightOf(arguments.doubleStar)});
  if (expr->height > kMaxHeight) throw TemplateError{"an expression is nested deeper than 1,000", expr->line};
  expr->arguments = std::move(arguments);
  return expr;
}

ExprPtr Parser::expression(bool withConditional) {
  const NestingGuard guard(*this);
  return withConditional ? conditional() : logicalOr();
}

ExprPtr Parser::conditional() {
  ExprPtr value = logicalOr();
  while (skipName("if")) {
    ExprPtr condition = logicalOr();
    ExprPtr otherwise = skipName("else") ? expression() : nullptr;
    value = make(ExprKind::conditional, listOf(std::move(value), std::move(condition), std::move(otherwise)));
  }
  return value;
}

bool Parser::endsTuple() const {
  return current().kind == TokenKind::variableEnd || current().kind == TokenKind::blockEnd || isSymbol(")") || isName("in") || isName("if") || isName("recursive");
}

ExprPtr Parser::tupleOrExpression(bool withConditional, bool parenthesized) {
  std::vector<ExprPtr> items;
  bool isTuple = false;
  while (!endsTuple()) {
    items.push_back(expression(withConditional));
    if (!skipSymbol(",")) break;
    isTuple = true;
  }
  if (!isTuple && items.size() == 1) return std::move(items.front());
  if (items.empty() && !parenthesized) unexpected("an expression");
  return make(ExprKind::tuple, std::move(items));
}

ExprPtr Parser::logicalOr() {
  ExprPtr left = logicalAnd();
  while (skipName("or")) {
    ExprPtr right = logicalAnd();
    left = make(ExprKind::logicalOr, listOf(std::move(left), std::move(right)));
  }
  return left;
}

ExprPtr Parser::logicalAnd() {
  ExprPtr left = logicalNot();
  while (skipName("and")) {
    ExprPtr right = logicalNot();
    left = make(ExprKind::logicalAnd, listOf(std::move(left), std::move(right)));
  }
  return left;
}

ExprPtr Parser::logicalNot() {
  if (!skipName("not")) return comparison();
  const NestingGuard guard(*this);
  return make(ExprKind::logicalNot, listOf(logicalNot()));
}

ExprPtr Parser::comparison() {
  static const std::unordered_map<std::string_view, Operator> kSymbols = {
      {"==", Operator::equal}, {"!=", Operator::notEqual}, {"<", Operator::less}, {"<=", Operator::lessEqual}, {">", Operator::greater}, {">=", Operator::greaterEqual}};
  std::vector<ExprPtr> operands = listOf(sum());
  std::vector<Operator> operators;
  while (true) {
    const auto found = current().kind == TokenKind::symbol ? kSymbols.find(current().text) : kSymbols.end();
    if (found != kSymbols.end()) {
      operators.push_back(found->second);
      take();
    } else if (skipName("in")) {
      operators.push_back(Operator::in);
    } else if (isName("not") && following().kind == TokenKind::name && following().text == "in") {
      take();
      take();
      operators.push_back(Operator::notIn);
    } else {
      break;
    }
    operands.push_back(sum());
  }
  if (operators.empty()) return std::move(operands.front());
  ExprPtr expr = make(ExprKind::compare, std::move(operands));
  expr->operators = std::move(operators);
  return expr;
}

ExprPtr Parser::sum() {
  ExprPtr left = concatenation();
  while (isSymbol("+") || isSymbol("-")) {
    const Operator op = take().text == "+" ? Operator::add : Operator::subtract;
    ExprPtr right = concatenation();
    left = makeOperation(ExprKind::arithmetic, op, std::move(left), std::move(right));
  }
  return left;
}

ExprPtr Parser::concatenation() {
  std::vector<ExprPtr> parts = listOf(product());
  while (skipSymbol("~")) parts.push_back(product());
  return parts.size() == 1 ? std::move(parts.front()) : make(ExprKind::concat, std::move(parts));
}

ExprPtr Parser::product() {
  ExprPtr left = power();
  while (isSymbol("*") || isSymbol("/") || isSymbol("//") || isSymbol("%")) {
    const std::string symbol = take().text;
    const Operator op = symbol == "*" ? Operator::multiply : symbol == "/" ? Operator::divide : symbol == "//" ? Operator::floorDivide : Operator::modulo;
    ExprPtr right = power();
    left = makeOperation(ExprKind::arithmetic, op, std::move(left), std::move(right));
  }
  return left;
}

ExprPtr Parser::power() {
  ExprPtr left = unary(true);
  while (skipSymbol("**")) {
    ExprPtr right = unary(true);
    left = makeOperation(ExprKind::arithmetic, Operator::power, std::move(left), std::move(right));
  }
  return left;
}

ExprPtr Parser::unary(bool withFilters) {
  const NestingGuard guard(*this);
  ExprPtr expr;
  if (skipSymbol("-")) expr = make(ExprKind::negative, listOf(unary(false)));
  else if (skipSymbol("+")) expr = make(ExprKind::positive, listOf(unary(false)));
  else expr = primary();
  expr = postfix(std::move(expr));
  return withFilters ? filtersAndTests(std::move(expr)) : std::move(expr);
}

namespace {

Value numberOf(const Token& token) {
  const char* end = token.text.data() + token.text.size();
  if (token.kind == TokenKind::real) {
    double number = 0;
    std::from_chars(token.text.data(), end, number);
    return Value(number);
  }
  const bool hex = token.text.size() > 2 && token.text[1] == 'x';
  std::int64_t number = 0;
  if (std::from_chars(token.text.data() + (hex ? 2 : 0), end, number, hex ? 16 : 10).ec != std::errc{})
    throw TemplateError{"the number " + token.text.substr(0, 40) + " is too large", token.line};
  return Value(number);
}

}  // namespace

ExprPtr Parser::primary() {
  ExprPtr expr = make(ExprKind::literal);
  const Token token = current();
  if (token.kind == TokenKind::name) {
    take();
    if (token.text == "true" || token.text == "True") expr->literal = Value(true);
    else if (token.text == "false" || token.text == "False") expr->literal = Value(false);
    else if (token.text == "none" || token.text == "None") expr->literal = Value(None{});
    else {
      expr->kind = ExprKind::name;
      expr->symbol = symbolOf(token.text);
      if (m_macro && token.text == "varargs") m_macro->takesMore = true;
      if (m_macro && token.text == "kwargs") m_macro->takesMoreNamed = true;
      if (m_macro && token.text == "caller") m_macro->takesCaller = true;
    }
  } else if (token.kind == TokenKind::string) {
    std::string text;
    while (current().kind == TokenKind::string) text += take().text;
    expr->literal = Value(std::move(text));
  } else if (token.kind == TokenKind::integer || token.kind == TokenKind::real) {
    expr->literal = numberOf(take());
  } else if (skipSymbol("(")) {
    expr = tupleOrExpression(true, true);
    expectSymbol(")");
  } else if (isSymbol("[")) {
    return listLiteral();
  } else if (isSymbol("{")) {
    return dictLiteral();
  } else {
    unexpected("an expression");
  }
  return expr;
}

ExprPtr Parser::listLiteral() {
  take();
  std::vector<ExprPtr> items;
  while (!isSymbol("]")) {
    if (!items.empty()) expectSymbol(",");
    if (isSymbol("]")) break;
    items.push_back(expression());
  }
  take();
  return make(ExprKind::list, std::move(items));
}

ExprPtr Parser::dictLiteral() {
  take();
  std::vector<ExprPtr> items;
  while (!isSymbol("}")) {
    if (!items.empty()) expectSymbol(",");
    if (isSymbol("}")) break;
    items.push_back(expression());
    expectSymbol(":");
    items.push_back(expression());
  }
  take();
  return make(ExprKind::dict, std::move(items));
}

ExprPtr Parser::postfix(ExprPtr expr) {
  while (true) {
    if (isSymbol(".") || isSymbol("[")) expr = subscript(std::move(expr));
    else if (isSymbol("(")) expr = call(std::move(expr));
    else return expr;
  }
}

ExprPtr Parser::filtersAndTests(ExprPtr expr) {
  while (true) {
    if (isSymbol("|")) expr = filters(std::move(expr), false);
    else if (isName("is")) expr = test(std::move(expr));
    else if (isSymbol("(")) expr = call(std::move(expr));
    else return expr;
  }
}

ExprPtr Parser::subscript(ExprPtr object) {
  if (skipSymbol(".")) {
    if (current().kind == TokenKind::integer) {
      ExprPtr index = primary();
      return make(ExprKind::subscript, listOf(std::move(object), std::move(index)));
    }
    ExprPtr expr = make(ExprKind::attribute, listOf(std::move(object)));
    expr->text = expectName("an attribute's name");
    return expr;
  }
  expectSymbol("[");
  ExprPtr from = isSymbol(":") ? nullptr : expression();
  if (skipSymbol("]")) return make(ExprKind::subscript, listOf(std::move(object), std::move(from)));
  expectSymbol(":");
  ExprPtr to = isSymbol(":") || isSymbol("]") ? nullptr : expression();
  ExprPtr step = skipSymbol(":") && !isSymbol("]") ? expression() : nullptr;
  expectSymbol("]");
  return make(ExprKind::slice, listOf(std::move(object), std::move(from), std::move(to), std::move(step)));
}

CallArguments Parser::callArguments() {
  CallArguments out;
  expectSymbol("(");
  for (bool first = true; !isSymbol(")"); first = false) {
    if (!first) expectSymbol(",");
    if (isSymbol(")")) break;
    if (skipSymbol("*")) {
      out.star = expression();
    } else if (skipSymbol("**")) {
      out.doubleStar = expression();
    } else if (current().kind == TokenKind::name && following().kind == TokenKind::symbol && following().text == "=") {
      std::string name = take().text;
      take();
      out.named.emplace_back(std::move(name), expression());
    } else {
      if (out.star || out.doubleStar || !out.named.empty()) unexpected("a named argument");
      out.positional.push_back(expression());
    }
  }
  take();
  return out;
}

ExprPtr Parser::call(ExprPtr callee) {
  ExprPtr expr = make(ExprKind::call, listOf(std::move(callee)));
  return withArguments(std::move(expr), callArguments());
}

ExprPtr Parser::filters(ExprPtr input, bool startsInline) {
  while (startsInline || skipSymbol("|")) {
    startsInline = false;
    ExprPtr expr = make(ExprKind::filter, listOf(std::move(input)));
    expr->text = expectName("a filter's name");
    input = isSymbol("(") ? withArguments(std::move(expr), callArguments()) : std::move(expr);
  }
  return input;
}

ExprPtr Parser::test(ExprPtr input) {
  take();  // is
  const bool negated = skipName("not");
  ExprPtr expr = make(ExprKind::test, listOf(std::move(input)));
  expr->text = expectName("a test's name");
  const bool operand = current().kind == TokenKind::name || current().kind == TokenKind::string || current().kind == TokenKind::integer ||
                       current().kind == TokenKind::real || isSymbol("[") || isSymbol("{");
  if (isSymbol("(")) {
    expr = withArguments(std::move(expr), callArguments());
  } else if (operand && !isName("else") && !isName("or") && !isName("and") && !isName("if")) {
    if (isName("is")) unexpected("one test only");
    CallArguments arguments;
    arguments.positional.push_back(postfix(primary()));
    expr = withArguments(std::move(expr), std::move(arguments));
  }
  return negated ? make(ExprKind::logicalNot, listOf(std::move(expr))) : std::move(expr);
}

}  // namespace nibble::jinja

// The parsed template. Names are numbers into Tree::symbols, so that looking one up compares integers.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/text/template/value.h"

namespace nibble::jinja {

struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using Body = std::vector<Stmt>;

struct CallArguments {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> named;
  ExprPtr star;        // *args
  ExprPtr doubleStar;  // **kwargs
};

enum class Operator : unsigned char { add, subtract, multiply, divide, floorDivide, modulo, power, equal, notEqual, less, lessEqual, greater, greaterEqual, in, notIn };

enum class ExprKind : unsigned char {
  literal, name, list, tuple, dict /* key, value, key, value … */, attribute, subscript, slice /* object, from, to, step */, call, filter, test,
  negative, positive, logicalNot, logicalAnd, logicalOr, compare, arithmetic, concat, conditional /* value, condition, otherwise */
};

struct Expr {
  ExprKind kind = ExprKind::literal;
  int line = 0;
  int height = 1;       ///< of the tree below; bounded by the parser
  int symbol = -1;      ///< name
  Value literal;
  std::string text;     ///< attribute, filter or test
  std::vector<Operator> operators;  ///< one of arithmetic, all of a compare chain
  std::vector<ExprPtr> children;    ///< a slice's may be null
  CallArguments arguments;          ///< call, filter, test
};

/// What a set or for assigns to: a name, a namespace's field, or a tuple of these.
struct Target {
  int symbol = -1;
  std::string field;
  std::vector<Target> parts;
};

struct Branch {
  ExprPtr condition;
  Body body;
};

enum class StmtKind : unsigned char { text, output, ifElse, forLoop, set, setBlock, macro, callBlock, filterBlock, with, plain, breakLoop, continueLoop };

struct Stmt {
  StmtKind kind = StmtKind::text;
  int line = 0;
  std::string text;                  ///< text; a macro's name
  ExprPtr value;                     ///< output, set, for's iterable, the call of a callBlock, the filter of a filterBlock or setBlock
  ExprPtr condition;                 ///< for … if
  Target target;                     ///< set, setBlock, for
  std::vector<Branch> branches;      ///< if, elif …
  Body body, otherwise;              ///< otherwise: else of if and for
  std::vector<std::pair<Target, ExprPtr>> bindings;  ///< with
  std::vector<std::pair<int, ExprPtr>> parameters;   ///< macro, callBlock: symbol and default (may be null)
  int symbol = -1;                   ///< macro's name
  bool recursive = false;            ///< for … recursive
  bool takesMore = false, takesMoreNamed = false, takesCaller = false;  ///< the macro speaks of varargs, kwargs, caller
};

struct Tree {
  Body body;
  std::vector<std::string> symbols;
};

/// Stands in a filter block for the text that the filter is applied to.
constexpr int kBlockTextSymbol = -2;

}  // namespace nibble::jinja

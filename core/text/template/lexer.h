// Template source → tokens, with the white-space rules of trim_blocks, lstrip_blocks and the signs in {%- -%} {%+ +%}
// already applied to the text between tags.
#pragma once
#include <string>
#include <vector>

#include "core/text/template/budget.h"

namespace nibble::jinja {

enum class TokenKind { text, variableBegin, variableEnd, blockBegin, blockEnd, name, string, integer, real, symbol, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  ///< what it says: text unescaped, a name, a symbol such as "==" or "|", digits without underscores
  int line = 1;
};

/// Throws TemplateError with the line.
std::vector<Token> tokenize(const std::string& source);

}  // namespace nibble::jinja

#include "core/text/template/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text/template/python_text.h"

namespace nibble::jinja {

namespace {

constexpr std::size_t kMaxSourceBytes = std::size_t{1} << 20;  // the largest published templates have some 30 kB
constexpr std::size_t kMaxTokens = 100'000;

bool isNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool isDecimal(char c) { return c >= '0' && c <= '9'; }
bool isNamePart(char c) { return isNameStart(c) || isDecimal(c); }

/// Newlines as \n, and without the one at the very end.
std::string normalized(const std::string& source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
      continue;
    }
    out += '\n';
    if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(const std::string& source) : m_source(normalized(source)) {}

  std::vector<Token> run() {
    if (m_source.size() > kMaxSourceBytes) error("the template is larger than 1 MiB");
    while (m_position < m_source.size()) text();
    add(TokenKind::end, {});
    return std::move(m_tokens);
  }

 private:
  std::string_view rest(std::size_t offset = 0) const { return std::string_view(m_source).substr(std::min(m_position + offset, m_source.size())); }
  bool at(std::string_view what) const { return rest().substr(0, what.size()) == what; }
  [[noreturn]] void error(std::string message) const { throw TemplateError{std::move(message), m_line}; }
  void add(TokenKind kind, std::string value) {
    if (m_tokens.size() >= kMaxTokens) error("the template is too large: more than 100,000 tokens");
    m_tokens.push_back({kind, std::move(value), m_line});
  }
  void advance(std::size_t bytes) {
    const auto begin = m_source.begin() + static_cast<std::ptrdiff_t>(m_position);
    m_line += static_cast<int>(std::count(begin, begin + static_cast<std::ptrdiff_t>(bytes), '\n'));
    m_position += bytes;
  }
  void skipSpace() {
    const std::string_view all = rest();
    advance(all.size() - strip(all, nullptr, true, false).size());
  }

  /// Text up to the next tag, then the tag.
  void text() {
    std::size_t tag = m_position;
    const auto isTag = [this](std::size_t i) {
      return m_source[i] == '{' && i + 1 < m_source.size() && (m_source[i + 1] == '{' || m_source[i + 1] == '%' || m_source[i + 1] == '#');
    };
    while (tag < m_source.size() && !isTag(tag)) ++tag;
    std::string_view data = rest().substr(0, tag - m_position);
    if (tag == m_source.size()) {
      add(TokenKind::text, std::string(data));
      advance(data.size());
      return;
    }
    const char kind = m_source[tag + 1];
    const char sign = tag + 2 < m_source.size() ? m_source[tag + 2] : '\0';
    const std::size_t whole = data.size();
    if (sign == '-') data = strip(data, nullptr, false, true);
    else if (sign != '+' && kind != '{') data = withoutIndent(data);
    if (!data.empty()) add(TokenKind::text, std::string(data));
    advance(whole + 2 + (sign == '-' || sign == '+' ? 1 : 0));
    if (kind == '#') comment();
    else if (kind == '{') expression(TokenKind::variableBegin, TokenKind::variableEnd, "}}");
    else if (!rawBlock()) expression(TokenKind::blockBegin, TokenKind::blockEnd, "%}");
  }

  /// lstrip_blocks: white space between the start of the line and a tag goes.
  std::string_view withoutIndent(std::string_view data) const {
    const std::size_t newline = data.rfind('\n');
    const std::size_t start = newline == data.npos ? 0 : newline + 1;
    const bool lineStarts = newline != data.npos || m_position == 0 || m_source[m_position - 1] == '\n';
    return lineStarts && strip(data.substr(start), nullptr, true, false).empty() ? data.substr(0, start) : data;
  }

  /// The end of a tag at the current position: "-%}" eats white space, "%}" a newline if `trim`, "+%}" nothing.
  bool closes(std::string_view tag, bool trim) {
    if (at("-" + std::string(tag))) {
      advance(1 + tag.size());
      skipSpace();
    } else if (trim && at("+" + std::string(tag))) {
      advance(1 + tag.size());
    } else if (at(tag)) {
      advance(tag.size());
      if (trim && at("\n")) advance(1);
    } else {
      return false;
    }
    return true;
  }

  void comment() {
    const std::size_t end = m_source.find("#}", m_position);
    if (end == std::string::npos) error("a comment has no #}");
    const bool sign = end > m_position && (m_source[end - 1] == '-' || m_source[end - 1] == '+');
    advance(end - m_position - (sign ? 1 : 0));
    closes("#}", true);
  }

  /// {% raw %} … {% endraw %}, the only tags that lexing itself must know.
  bool rawBlock() {
    const std::size_t begin = m_position;
    const int line = m_line;
    if (!rawTag("raw", false)) {
      m_position = begin;
      m_line = line;
      return false;
    }
    rawText();
    return true;
  }

  void rawText() {
    for (std::size_t tag = m_source.find("{%", m_position); tag != std::string::npos; tag = m_source.find("{%", tag + 2)) {
      const char sign = tag + 2 < m_source.size() ? m_source[tag + 2] : '\0';
      const std::size_t inside = tag + 2 + (sign == '-' || sign == '+' ? 1 : 0);
      const std::string_view after = strip(std::string_view(m_source).substr(std::min(inside, m_source.size())), nullptr, true, false);
      if (after.substr(0, 6) != "endraw") continue;
      std::string_view data = rest().substr(0, tag - m_position);
      if (sign == '-') data = strip(data, nullptr, false, true);
      else if (sign != '+') data = withoutIndent(data);
      if (!data.empty()) add(TokenKind::text, std::string(data));
      advance(inside - m_position);
      if (!rawTag("endraw", true)) error("an endraw tag has no %}");
      return;
    }
    error("a raw block has no endraw");
  }

  bool rawTag(std::string_view word, bool trim) {
    skipSpace();
    if (!at(word)) return false;
    advance(word.size());
    skipSpace();
    return closes("%}", trim);
  }

  /// Everything between {{ and }}, or {% and %}. The closing tag counts only outside brackets.
  void expression(TokenKind begin, TokenKind end, std::string_view tag) {
    const int opened = m_line;
    add(begin, {});
    std::string brackets;
    while (true) {
      if (brackets.empty() && closes(tag, end == TokenKind::blockEnd)) break;
      if (m_position >= m_source.size()) throw TemplateError{"a tag has no " + std::string(tag), opened};
      token(brackets);
    }
    add(end, {});
  }

  void token(std::string& brackets) {
    const char c = m_source[m_position];
    if (isSpace(firstCharacter(rest()))) skipSpace();
    else if (isDecimal(c)) number();
    else if (isNameStart(c)) name();
    else if (c == '"' || c == '\'') quoted(c);
    else symbol(brackets);
  }

  void name() {
    std::size_t length = 0;
    for (const std::string_view all = rest(); length < all.size() && isNamePart(all[length]);) ++length;
    add(TokenKind::name, std::string(rest().substr(0, length)));
    advance(length);
  }

  void number() {
    std::string digits;
    std::size_t i = 0;
    const std::string_view all = rest();
    const auto take = [&](auto accepts) {
      while (i < all.size() && (accepts(all[i]) || (all[i] == '_' && i + 1 < all.size() && accepts(all[i + 1])))) {
        if (all[i] != '_') digits += all[i];
        ++i;
      }
    };
    bool real = false;
    if (all[0] == '0' && all.size() > 2 && (all[1] == 'x' || all[1] == 'X')) {
      digits = "0x";
      i = 2;
      take([](char c) { return isDecimal(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
    } else {
      take(isDecimal);
      if (i + 1 < all.size() && all[i] == '.' && isDecimal(all[i + 1])) {
        real = true;
        digits += all[i++];
        take(isDecimal);
      }
      const std::size_t sign = i + 1 < all.size() && (all[i + 1] == '+' || all[i + 1] == '-') ? 1 : 0;
      if (i + 1 + sign < all.size() && (all[i] == 'e' || all[i] == 'E') && isDecimal(all[i + 1 + sign])) {
        real = true;
        digits.append(all.substr(i, 1 + sign));
        i += 1 + sign;
        take(isDecimal);
      }
    }
    add(real ? TokenKind::real : TokenKind::integer, digits);
    advance(i);
  }

  void quoted(char quote) {
    const std::size_t begin = m_position + 1;
    std::size_t end = begin;
    while (end < m_source.size() && m_source[end] != quote) end += m_source[end] == '\\' ? 2 : 1;
    if (end >= m_source.size()) error("a string has no end");
    add(TokenKind::string, unescaped(std::string_view(m_source).substr(begin, end - begin)));
    advance(end + 1 - m_position);
  }

  /// Python's escapes; an unknown one stays as it is written.
  std::string unescaped(std::string_view raw) const {
    std::string out;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\' || i + 1 >= raw.size()) {
        out += raw[i];
        continue;
      }
      const char c = raw[++i];
      static constexpr std::string_view kFrom = "ntrbfav\\'\"", kTo = "\n\t\r\b\f\a\v\\'\"";
      if (const std::size_t found = kFrom.find(c); found != kFrom.npos) out += kTo[found];
      else if (c == 'x' || c == 'u' || c == 'U') i += hexEscape(raw.substr(i + 1), c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
      else if (c >= '0' && c <= '7') i += octalEscape(raw.substr(i), out) - 1;
      else if (c != '\n') (out += '\\') += c;
    }
    return out;
  }

  std::size_t hexEscape(std::string_view digits, std::size_t count, std::string& out) const {
    std::uint32_t point = 0;
    const char* end = digits.data() + std::min(count, digits.size());
    if (digits.size() < count || std::from_chars(digits.data(), end, point, 16).ptr != end || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
      error("a string holds a broken escape");
    appendCharacter(out, point);
    return count;
  }

  static std::size_t octalEscape(std::string_view digits, std::string& out) {
    std::size_t length = 0;
    char32_t point = 0;
    while (length < 3 && length < digits.size() && digits[length] >= '0' && digits[length] <= '7') point = point * 8 + static_cast<char32_t>(digits[length++] - '0');
    appendCharacter(out, point);
    return length;
  }

  void symbol(std::string& brackets) {
    static constexpr std::array<std::string_view, 6> kTwo = {"//", "**", "==", "!=", ">=", "<="};
    static constexpr std::string_view kOne = "+-*/%~[](){}.:,;=<>|";
    for (const std::string_view two : kTwo)
      if (at(two)) return addSymbol(2);
    const char c = m_source[m_position];
    if (kOne.find(c) == kOne.npos) error(std::string("unexpected character '") + c + "'");
    if (c == '(' || c == '[' || c == '{') {
      if (brackets.size() >= kMaxNesting) error("brackets are nested deeper than 100");
      brackets += c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (c == ')' || c == ']' || c == '}') {
      if (brackets.empty() || brackets.back() != c) error(std::string("unexpected '") + c + "'");
      brackets.pop_back();
    }
    addSymbol(1);
  }

  void addSymbol(std::size_t bytes) {
    add(TokenKind::symbol, std::string(rest().substr(0, bytes)));
    advance(bytes);
  }

  std::string m_source;
  std::size_t m_position = 0;
  int m_line = 1;
  std::vector<Token> m_tokens;
};

}  // namespace

std::vector<Token> tokenize(const std::string& source) { return Lexer(source).run(); }

}  // namespace nibble::jinja

#include "core/base/json_events.h"

#include <charconv>
#include <cmath>
#include <vector>

namespace nibble {

int utf8CharacterLength(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (at(i) & 0xC0u) == 0x80u; };
  const unsigned first = at(0);
  if (bytes.empty()) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && at(1) < 0x90;
    const bool tooHigh = first == 0xF4 && at(1) > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !tooHigh ? 4 : 0;
  }
  return 0;
}

namespace {

constexpr std::size_t kShownKeyBytes = 200;  // a hostile key must not fill a message

void appendUtf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class Parser {
 public:
  Parser(std::string_view text, JsonEvents& events) : m_text(text), m_events(events) {}

  Result<void> parse(const std::string& file) {
    skipSpace();
    bool good = value();
    if (good) {
      skipSpace();
      if (m_at != m_text.size()) good = wrong("more after the JSON value");
    }
    if (good) return {};
    return fail(ErrorCode::fileMalformed, m_problem + " (at byte " + std::to_string(m_at) + ")", file, path());
  }

 private:
  struct Level {
    bool isArray = false;
    std::size_t index = 0;
    std::string key;
  };

  bool wrong(std::string problem) {
    if (m_problem.empty()) m_problem = std::move(problem);
    return false;
  }
  bool tell(bool accepted) {
    return accepted || wrong(m_events.problem().empty() ? "not accepted" : m_events.problem());
  }
  char peek() const { return m_at < m_text.size() ? m_text[m_at] : '\0'; }
  bool take(char c) {
    if (m_at >= m_text.size() || m_text[m_at] != c) return false;
    ++m_at;
    return true;
  }
  void skipSpace() {
    while (m_at < m_text.size() &&
           (m_text[m_at] == ' ' || m_text[m_at] == '\n' || m_text[m_at] == '\t' || m_text[m_at] == '\r'))
      ++m_at;
  }

  bool value() {
    if (m_at >= m_text.size()) return wrong("the JSON ends early");
    switch (m_text[m_at]) {
      case '{':
        return object();
      case '[':
        return array();
      case '"': {
        std::string_view text;
        return string(text) && tell(m_events.onString(text));
      }
      case 't':
        return word("true") && tell(m_events.onBoolean(true));
      case 'f':
        return word("false") && tell(m_events.onBoolean(false));
      case 'n':
        return word("null") && tell(m_events.onNull());
      default:
        return number();
    }
  }

  bool word(std::string_view expected) {
    if (m_text.substr(m_at, expected.size()) != expected) return wrong("not a JSON value");
    m_at += expected.size();
    return true;
  }

  bool enter(bool isArray) {
    if (m_depth >= static_cast<std::size_t>(kJsonMaxDepth))
      return wrong("nested deeper than " + std::to_string(kJsonMaxDepth));
    if (!tell(isArray ? m_events.onStartArray() : m_events.onStartObject())) return false;
    ++m_at;
    if (m_levels.size() <= m_depth) m_levels.emplace_back();
    m_levels[m_depth].isArray = isArray;
    m_levels[m_depth].index = 0;
    m_levels[m_depth].key.clear();
    ++m_depth;
    return true;
  }

  bool object() {
    if (!enter(false)) return false;
    skipSpace();
    if (!take('}')) {
      do {
        skipSpace();
        if (!member()) return false;
        skipSpace();
      } while (take(','));
      if (!take('}')) return wrong(m_at < m_text.size() ? "expected , or }" : "the JSON ends early");
    }
    --m_depth;
    return tell(m_events.onEndObject());
  }

  bool member() {
    if (peek() != '"') return wrong(m_at < m_text.size() ? "expected a key" : "the JSON ends early");
    std::string_view key;
    if (!string(key)) return false;
    m_levels[m_depth - 1].key.assign(key.substr(0, kShownKeyBytes));
    if (!tell(m_events.onKey(key))) return false;
    skipSpace();
    if (!take(':')) return wrong("expected :");
    skipSpace();
    return value();
  }

  bool array() {
    if (!enter(true)) return false;
    skipSpace();
    if (!take(']')) {
      do {
        skipSpace();
        if (!value()) return false;
        skipSpace();
      } while (take(',') && ++m_levels[m_depth - 1].index > 0);
      if (!take(']')) return wrong(m_at < m_text.size() ? "expected , or ]" : "the JSON ends early");
    }
    --m_depth;
    return tell(m_events.onEndArray());
  }

  std::size_t digits() {
    const std::size_t start = m_at;
    while (m_at < m_text.size() && m_text[m_at] >= '0' && m_text[m_at] <= '9') ++m_at;
    return m_at - start;
  }

  bool number() {
    const std::size_t start = m_at;
    bool isInteger = true;
    bool tiny = false;
    take('-');
    if (!take('0') && digits() == 0) {
      m_at = start;
      return wrong("not a JSON value");
    }
    if (take('.')) {
      isInteger = false;
      if (digits() == 0) return wrong("digits missing after the point");
    }
    if (peek() == 'e' || peek() == 'E') {
      isInteger = false;
      ++m_at;
      tiny = take('-');
      if (!tiny) take('+');
      if (digits() == 0) return wrong("digits missing in the exponent");
    }
    return convert(m_text.substr(start, m_at - start), isInteger, tiny);
  }

  bool convert(std::string_view text, bool isInteger, bool tiny) {
    std::int64_t whole = 0;
    if (isInteger && std::from_chars(text.data(), text.data() + text.size(), whole).ec == std::errc()) {
      return tell(m_events.onInteger(whole));
    }
    double real = 0;
    const auto status = std::from_chars(text.data(), text.data() + text.size(), real).ec;
    if (status == std::errc::result_out_of_range && !tiny) return wrong("number out of range");
    return tell(m_events.onReal(status == std::errc() && std::isfinite(real) ? real : 0.0));
  }

  // Gives a view of the text itself where nothing is escaped, else of m_unescaped.
  bool string(std::string_view& result) {
    const std::size_t start = ++m_at;
    if (!plainRun()) return false;
    if (peek() == '"') {
      result = m_text.substr(start, m_at - start);
      ++m_at;
      return true;
    }
    m_unescaped.assign(m_text.substr(start, m_at - start));
    while (take('\\')) {
      const std::size_t runStart = escape() ? m_at : std::string_view::npos;
      if (runStart == std::string_view::npos || !plainRun()) return false;
      m_unescaped += m_text.substr(runStart, m_at - runStart);
    }
    ++m_at;  // plainRun stops only at a quote or a backslash
    result = m_unescaped;
    return true;
  }

  bool plainRun() {
    while (m_at < m_text.size()) {
      const auto c = static_cast<unsigned char>(m_text[m_at]);
      if (c == '"' || c == '\\') return true;
      if (c < 0x20) return wrong("a control character in a string");
      const int length = c < 0x80 ? 1 : utf8CharacterLength(m_text.substr(m_at, 4));
      if (length == 0) return wrong("not UTF-8");
      m_at += static_cast<std::size_t>(length);
    }
    return wrong("a string without end");
  }

  bool escape() {
    const char c = peek();
    ++m_at;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        m_unescaped += c;
        return true;
      case 'b':
        m_unescaped += '\b';
        return true;
      case 'f':
        m_unescaped += '\f';
        return true;
      case 'n':
        m_unescaped += '\n';
        return true;
      case 'r':
        m_unescaped += '\r';
        return true;
      case 't':
        m_unescaped += '\t';
        return true;
      case 'u':
        return unicodeEscape();
      default:
        --m_at;
        return wrong("unknown escape in a string");
    }
  }

  bool hexQuad(unsigned& code) {
    const std::string_view quad = m_text.substr(std::min(m_at, m_text.size()), 4);
    const auto read = std::from_chars(quad.data(), quad.data() + quad.size(), code, 16);
    if (quad.size() != 4 || read.ec != std::errc() || read.ptr != quad.data() + 4)
      return wrong("\\u needs four hex digits");
    m_at += 4;
    return true;
  }

  bool unicodeEscape() {
    unsigned code = 0;
    if (!hexQuad(code)) return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
      unsigned low = 0;
      if (!take('\\') || !take('u')) return wrong("half a surrogate pair in a string");
      if (!hexQuad(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return wrong("half a surrogate pair in a string");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return wrong("half a surrogate pair in a string");
    }
    appendUtf8(m_unescaped, code);
    return true;
  }

  std::string path() const {
    constexpr std::size_t kShownLevels = 12;
    std::string result;
    for (std::size_t i = 0; i < m_depth && i < kShownLevels; ++i) {
      const Level& level = m_levels[i];
      if (level.isArray) {
        result += "[" + std::to_string(level.index) + "]";
      } else if (!level.key.empty()) {
        result += (result.empty() ? "" : ".") + level.key;
      }
    }
    return result;
  }

  std::string_view m_text;
  JsonEvents& m_events;
  std::size_t m_at = 0;
  std::size_t m_depth = 0;
  std::vector<Level> m_levels;  // grows to the deepest level seen, at most kJsonMaxDepth
  std::string m_unescaped;
  std::string m_problem;
};

}  // namespace

Result<void> parseJson(std::string_view text, JsonEvents& events, const std::string& file) {
  return Parser(text, events).parse(file);
}

}  // namespace nibble

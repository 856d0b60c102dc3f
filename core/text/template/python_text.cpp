#include "core/text/template/python_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace nibble::jinja {

namespace {

struct Decoded {
  char32_t character;
  std::size_t bytes;
};

Decoded decode(std::string_view text) {
  if (static_cast<unsigned char>(text[0]) < 0x80) return {static_cast<unsigned char>(text[0]), 1};
  utf8proc_int32_t point = 0;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(std::min<std::size_t>(text.size(), 4)), &point);
  if (length <= 0) return {static_cast<unsigned char>(text[0]), 1};
  return {static_cast<char32_t>(point), static_cast<std::size_t>(length)};
}

template <typename Map>
std::string mapCharacters(std::string_view text, Map map) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.bytes == 1 && next.character >= 0x80) out.push_back(text[0]);  // an invalid byte stays what it is
    else map(out, next.character);
    text.remove_prefix(next.bytes);
  }
  return out;
}

void appendUpper(std::string& out, char32_t c) {
  if (c == U'ß') out += "SS";
  else appendCharacter(out, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
}

void appendLower(std::string& out, char32_t c) {
  appendCharacter(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
}

bool inSet(std::string_view set, char32_t wanted) {
  while (!set.empty()) {
    const Decoded next = decode(set);
    if (next.character == wanted) return true;
    set.remove_prefix(next.bytes);
  }
  return false;
}

std::size_t lastCharacterStart(std::string_view text) {
  std::size_t start = text.size() - 1;
  while (start > 0 && text.size() - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
  return start + decode(text.substr(start)).bytes == text.size() ? start : text.size() - 1;
}

bool isPrintable(char32_t c) {
  if (c == U' ') return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_CC: case UTF8PROC_CATEGORY_CF: case UTF8PROC_CATEGORY_CS: case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN: case UTF8PROC_CATEGORY_ZL: case UTF8PROC_CATEGORY_ZP: case UTF8PROC_CATEGORY_ZS: return false;
    default: return true;
  }
}

void appendEscaped(std::string& out, char32_t c) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", static_cast<unsigned>(c));
  out += buffer;
}

}  // namespace

std::size_t characterBytes(std::string_view text) { return decode(text).bytes; }
char32_t firstCharacter(std::string_view text) { return decode(text).character; }

std::int64_t characterCount(std::string_view text) {
  std::int64_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(decode(text).bytes);
  return count;
}

std::size_t byteOffset(std::string_view text, std::int64_t character) {
  std::size_t offset = 0;
  for (; character > 0 && offset < text.size(); --character) offset += decode(text.substr(offset)).bytes;
  return offset;
}

void appendCharacter(std::string& out, char32_t character) {
  utf8proc_uint8_t buffer[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), buffer);
  out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(std::max<utf8proc_ssize_t>(length, 0)));
}

bool isSpace(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::string_view strip(std::string_view text, const std::string* set, bool left, bool right) {
  const auto drop = [set](const Decoded& c) {
    if (c.bytes == 1 && c.character >= 0x80) return false;
    return set ? inSet(*set, c.character) : isSpace(c.character);
  };
  while (left && !text.empty()) {
    const Decoded first = decode(text);
    if (!drop(first)) break;
    text.remove_prefix(first.bytes);
  }
  while (right && !text.empty()) {
    const std::size_t start = lastCharacterStart(text);
    if (!drop(decode(text.substr(start)))) break;
    text = text.substr(0, start);
  }
  return text;
}

std::string upper(std::string_view text) { return mapCharacters(text, appendUpper); }
std::string lower(std::string_view text) { return mapCharacters(text, appendLower); }

std::string title(std::string_view text) {
  bool inWord = false;
  return mapCharacters(text, [&inWord](std::string& out, char32_t c) {
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
    const bool cased = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LT;
    if (inWord) appendLower(out, c);
    else if (cased) appendCharacter(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
    else appendCharacter(out, c);
    inWord = cased;
  });
}

std::string capitalize(std::string_view text) {
  bool first = true;
  return mapCharacters(text, [&first](std::string& out, char32_t c) {
    if (first) appendCharacter(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
    else appendLower(out, c);
    first = false;
  });
}

bool isAlpha(char32_t c) {
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool isDigit(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ND; }

std::string floatText(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[64];
  const double size = std::fabs(number);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer, end.ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

std::string quotedText(std::string_view text) {
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  std::string out(1, quote);
  while (!text.empty()) {
    const Decoded next = decode(text);
    const char32_t c = next.character;
    if (c == U'\\' || c == static_cast<char32_t>(quote)) (out += '\\') += static_cast<char>(c);
    else if (c == U'\n') out += "\\n";
    else if (c == U'\r') out += "\\r";
    else if (c == U'\t') out += "\\t";
    else if (!isPrintable(c)) appendEscaped(out, c);
    else out.append(text.substr(0, next.bytes));
    text.remove_prefix(next.bytes);
  }
  return out += quote;
}

}  // namespace nibble::jinja

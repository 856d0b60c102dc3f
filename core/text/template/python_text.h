// Python's view of text over UTF-8: characters, white space, case, float and string literals. No values here.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace nibble::jinja {

/// Bytes of the first character (1 for an invalid byte). `text` is not empty.
std::size_t characterBytes(std::string_view text);
/// The first character's code point, or the byte itself where it is invalid.
char32_t firstCharacter(std::string_view text);
std::int64_t characterCount(std::string_view text);
/// The byte offset of a character index in [0, count].
std::size_t byteOffset(std::string_view text, std::int64_t character);
void appendCharacter(std::string& out, char32_t character);

/// str.isspace of one character.
bool isSpace(char32_t character);

/// str.strip: white space, or any of the characters of `set` if it is not null.
std::string_view strip(std::string_view text, const std::string* set, bool left, bool right);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string title(std::string_view text);
std::string capitalize(std::string_view text);
bool isAlpha(char32_t character);
bool isDigit(char32_t character);

/// repr of a float: the shortest that reads back, 1.0, 1e-05, 1e+16, inf, nan.
std::string floatText(double number);
/// repr of a string: single quotes unless only those occur inside.
std::string quotedText(std::string_view text);

}  // namespace nibble::jinja

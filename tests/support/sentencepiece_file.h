// Writes tiny SentencePiece models byte by byte, well formed or not.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace nibble::test {

std::string protobufVarint(std::uint64_t value);
std::string protobufBytes(int number, std::string_view bytes);
std::string protobufNumber(int number, std::uint64_t value);
std::string protobufFloat(int number, float value);

/// One `pieces` entry. Kinds: 1 normal, 2 unknown, 3 control, 4 user-defined, 6 byte.
std::string sentencePiece(std::string_view text, float score, int kind = 1);

/// <unk>, <s>, </s>, a, b, ab with BPE and no byte fallback; `more` is put behind the pieces.
std::string smallSentencePieceModel(std::string_view more = {});

}  // namespace nibble::test

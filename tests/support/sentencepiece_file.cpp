// The writing half of the protocol buffers wire format, as far as the tests need it.
#include "tests/support/sentencepiece_file.h"

#include <cstring>

namespace nibble::test {

std::string protobufVarint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

std::string protobufBytes(int number, std::string_view bytes) {
  return protobufVarint(static_cast<std::uint64_t>(number) << 3 | 2) + protobufVarint(bytes.size()) + std::string(bytes);
}

std::string protobufNumber(int number, std::uint64_t value) {
  return protobufVarint(static_cast<std::uint64_t>(number) << 3) + protobufVarint(value);
}

std::string protobufFloat(int number, float value) {
  std::string out = protobufVarint(static_cast<std::uint64_t>(number) << 3 | 5);
  char raw[4];
  std::memcpy(raw, &value, 4);
  return out.append(raw, 4);
}

std::string sentencePiece(std::string_view text, float score, int kind) {
  return protobufBytes(1, protobufBytes(1, text) + protobufFloat(2, score) + protobufNumber(3, static_cast<std::uint64_t>(kind)));
}

std::string smallSentencePieceModel(std::string_view more) {
  return sentencePiece("<unk>", 0, 2) + sentencePiece("<s>", 0, 3) + sentencePiece("</s>", 0, 3) + sentencePiece("a", -1) +
         sentencePiece("b", -2) + sentencePiece("ab", -3) + std::string(more) + protobufBytes(2, protobufNumber(3, 2)) +
         protobufBytes(3, protobufNumber(3, 0) + protobufNumber(4, 0));
}

}  // namespace nibble::test

// A SentencePiece `tokenizer.model` as it stands in the file: pieces with score and kind, and the settings that matter for
// encoding. Read by our own small protobuf reader; source of the layout: sentencepiece_model.proto (Google, Apache-2.0).
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/text/vocabulary.h"

namespace nibble {

enum class PieceKind : std::uint8_t { normal = 1, unknown = 2, control = 3, userDefined = 4, unused = 5, byte = 6 };

/// 0–255 for "<0x00>" to "<0xFF>"; −1: not a byte piece.
int byteOfPiece(std::string_view piece);

struct SentencePieceModel {
  enum class Type : std::uint8_t { unigram = 1, bpe = 2 };

  Type type = Type::unigram;
  Vocabulary vocabulary;  // indexed
  std::vector<float> scores;      // by id, all finite
  std::vector<PieceKind> kinds;   // by id
  std::int32_t unknownId = -1;    ///< always there
  std::int32_t bosId = -1;        ///< −1: none
  std::int32_t eosId = -1;        ///< −1: none
  std::string unknownSurface = " \xE2\x81\x87 ";  ///< what an unknown id reads as

  bool byteFallback = false;
  bool addDummyPrefix = true;
  bool removeExtraWhitespaces = true;
  bool escapeWhitespaces = true;
  bool whitespaceAsSuffix = false;
  std::string charsmap;  ///< precompiled normalization rules; empty: none

  /// Errors: fileMalformed with file and field, fileUnsupported (word and char models, too large).
  static Result<SentencePieceModel> parse(std::string_view bytes, const std::string& file);
  static Result<SentencePieceModel> open(const std::filesystem::path& path);
};

}  // namespace nibble

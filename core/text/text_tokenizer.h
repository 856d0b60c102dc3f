// A tokenizer put together from its parts; both kinds of files (SentencePiece and tokenizers' JSON) end up as one of these.
// Made by the loaders only.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/text/added_tokens.h"
#include "core/text/piece_encoder.h"
#include "core/text/pre_tokenizer.h"
#include "core/text/text_normalizer.h"
#include "core/text/tokenizer.h"
#include "core/text/vocabulary.h"

namespace nibble {

/// What an id of the vocabulary stands for.
enum class TokenKind : std::uint8_t { text, byte, control, unknown };

/// How pieces are written: with U+2581 for a space (SentencePiece), or as bytes in GPT-2's alphabet (the vocabulary then holds the
/// bytes themselves).
enum class PieceSpelling : std::uint8_t { spaceMark, bytes };

struct TokenizerParts {
  std::shared_ptr<const Vocabulary> vocabulary;  // never null
  std::vector<TokenKind> kinds;                  // by id of the vocabulary
  PieceSpelling spelling = PieceSpelling::spaceMark;
  AddedTokens added;
  std::unique_ptr<TextNormalizer> normalizer;    // may be null
  std::unique_ptr<PreTokenizer> preTokenizer;    // may be null
  std::unique_ptr<PieceEncoder> encoder;         // never null
  std::vector<std::int32_t> before, after;       // what addSpecial puts around the text
  std::int32_t bosId = -1, eosId = -1;
  bool stripFirstSpace = false;                  // a dummy prefix was added: decoding drops it
  std::string unknownSurface;                    // what the unknown id reads as
};

class TextTokenizer final : public Tokenizer {
 public:
  explicit TextTokenizer(TokenizerParts parts);

  std::vector<std::int32_t> encode(std::string_view text, const EncodeOptions& options) const override;
  std::string bytesOf(std::int32_t id, bool first, bool withSpecial) const override;
  std::string pieceOf(std::int32_t id) const override;
  int vocabularySize() const override;
  bool isSpecial(std::int32_t id) const override;
  std::int32_t bosId() const override { return m_parts.bosId; }
  std::int32_t eosId() const override { return m_parts.eosId; }

 private:
  void encodeText(std::string_view text, bool first, bool parseSpecial, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const;
  void encodeNormalized(std::string_view text, bool first, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const;
  void encodeWord(std::string_view word, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const;
  TokenKind kindOf(std::int32_t id) const;

  TokenizerParts m_parts;
};

}  // namespace nibble

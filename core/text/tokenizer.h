// Text to token ids and back, for every kind of tokenizer file: SentencePiece models (user-defined pieces, BPE, unigram),
// byte-level BPE (tokenizer.json, vocab.json + merges.txt) and the SentencePiece kind of tokenizer.json.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace nibble {

struct EncodeOptions {
  bool addSpecial = true;    ///< bos (and eos) where the tokenizer's files say so
  bool parseSpecial = true;  ///< special tokens spelled in the text become their ids; false: they stay plain text
  bool atStart = true;       ///< false: text or tokens come before, so no dummy prefix is put in front
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  virtual std::vector<std::int32_t> encode(std::string_view text, const EncodeOptions& options) const = 0;

  /// The bytes an id stands for; may be part of a UTF-8 character. Special tokens give their spelling only if `withSpecial`.
  /// `first`: nothing came before it (SentencePiece drops the space of a first piece where a dummy prefix was added).
  virtual std::string bytesOf(std::int32_t id, bool first, bool withSpecial) const = 0;

  /// The piece as stored, for people ("▁Hello", "<0x0A>", "<|im_end|>"). Empty for an id that does not exist.
  virtual std::string pieceOf(std::int32_t id) const = 0;

  virtual int vocabularySize() const = 0;
  virtual bool isSpecial(std::int32_t id) const = 0;
  virtual std::int32_t bosId() const = 0;  ///< −1: none
  virtual std::int32_t eosId() const = 0;  ///< −1: none

  /// All ids' bytes joined; invalid UTF-8 (a character cut by the last id) is replaced by U+FFFD.
  std::string decode(std::span<const std::int32_t> ids, bool withSpecial = false) const;
};

/// Opens the tokenizer files of a folder (weights are not needed). `.model` wins over JSON where both are there.
/// Errors: fileMissing, fileMalformed, fileUnsupported with file and field.
Result<std::shared_ptr<const Tokenizer>> openTokenizer(const std::filesystem::path& folder);

}  // namespace nibble

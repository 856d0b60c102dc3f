// Decoding whole lists of ids, and choosing the loader by the files that a folder has.
#include "core/text/tokenizer.h"

#include "core/text/tokenizer_loaders.h"
#include "core/text/utf8.h"

namespace nibble {

std::string Tokenizer::decode(std::span<const std::int32_t> ids, bool withSpecial) const {
  std::string bytes;
  bool first = true;
  for (const std::int32_t id : ids) {
    bytes += bytesOf(id, first, withSpecial);
    first = first && bytes.empty() && isSpecial(id);
  }
  return validUtf8(bytes);
}

Result<std::shared_ptr<const Tokenizer>> openTokenizer(const std::filesystem::path& folder) {
  const auto has = [&](const char* name) {
    std::error_code failure;
    return std::filesystem::exists(folder / name, failure);
  };
  NIBBLE_TRY(const TokenizerConfig config, TokenizerConfig::open(folder));
  if (has("tokenizer.model")) return loadSentencePiece(folder / "tokenizer.model", config);
  if (has("tokenizer.json")) return loadTokenizerJson(folder / "tokenizer.json", config);
  if (has("vocab.json") && has("merges.txt")) return loadVocabularyAndMerges(folder, config);
  return fail(ErrorCode::fileMissing, "no tokenizer.model, tokenizer.json, or vocab.json with merges.txt", folder.string());
}

}  // namespace nibble

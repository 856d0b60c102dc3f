// What tokenizer_config.json, added_tokens.json and special_tokens_map.json say about a tokenizer, whichever of them are there.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/text/added_tokens.h"

namespace nibble {

struct TokenizerConfig {
  std::string tokenizerClass;             ///< "Qwen2Tokenizer"; empty: not said
  std::optional<bool> addBos, addEos;     ///< not said: the tokenizer's own files decide
  std::optional<bool> addPrefixSpace;
  bool legacy = true;                     ///< transformers' default: the dummy prefix comes after special tokens too
  std::optional<std::string> bosToken, eosToken, unknownToken;
  bool bosIsNull = false;                 ///< the file says that there is none
  std::vector<AddedToken> addedTokens;    ///< ids are ≥ 0, below Vocabulary::kMaxIds and distinct

  /// Errors: fileMalformed with file and field. Missing files are no error.
  static Result<TokenizerConfig> open(const std::filesystem::path& folder);
};

}  // namespace nibble

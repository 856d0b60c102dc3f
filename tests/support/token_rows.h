// Rows of a tokens_expected.jsonl: a text, the ids it must become, and what the ids read as.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace nibble::test {

struct TokenRow {
  std::string text;
  std::vector<std::int32_t> ids;
  std::vector<std::string> pieces;  ///< empty where the file has none
  std::string decoded;              ///< the text itself where the file says nothing
  bool checkDecoded = true;         ///< false where the file has null
  std::string flags;                ///< of `nibble-cli tokenize`; "--no-special" where the file has none
};

/// What the flags ask for.
EncodeOptions encodeOptions(const std::string& flags);

/// Empty if the file cannot be read or parsed.
std::vector<TokenRow> readTokenRows(const std::filesystem::path& file);

}  // namespace nibble::test

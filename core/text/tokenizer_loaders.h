// The three kinds of tokenizer files, each turned into a Tokenizer. Called by openTokenizer.
#pragma once
#include <filesystem>
#include <memory>

#include "core/base/result.h"
#include "core/text/tokenizer.h"
#include "core/text/tokenizer_config.h"

namespace nibble {

/// `tokenizer.model`.
Result<std::shared_ptr<const Tokenizer>> loadSentencePiece(const std::filesystem::path& file, const TokenizerConfig& config);

/// `tokenizer.json` of Hugging Face's tokenizers: BPE (of bytes, or of the SentencePiece kind) and unigram.
Result<std::shared_ptr<const Tokenizer>> loadTokenizerJson(const std::filesystem::path& file, const TokenizerConfig& config);

/// `vocab.json` and `merges.txt`, the older way; the config's tokenizer_class tells the pre-tokenizer.
Result<std::shared_ptr<const Tokenizer>> loadVocabularyAndMerges(const std::filesystem::path& folder, const TokenizerConfig& config);

}  // namespace nibble

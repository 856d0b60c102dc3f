// vocab.json with merges.txt: byte-level BPE whose pre-tokenizer no file names, so the tokenizer's class tells it.
#include "core/base/json.h"
#include "core/base/text_file.h"
#include "core/text/merge_bpe_builder.h"
#include "core/text/normalizer_steps.h"
#include "core/text/text_tokenizer.h"
#include "core/text/tokenizer_loaders.h"
#include "core/text/word_steps.h"

namespace nibble {
namespace {

constexpr std::uint64_t kMaxMergeBytes = std::uint64_t{64} << 20;

/// Qwen2Tokenizer normalizes to NFC and cuts its own way; all others that come in this form cut like GPT-2.
void addTextSteps(TokenizerParts& parts, const TokenizerConfig& config) {
  const bool qwen = config.tokenizerClass.starts_with("Qwen2Tokenizer");
  std::vector<std::unique_ptr<WordStep>> words;
  if (config.addPrefixSpace.value_or(false)) words.push_back(std::make_unique<PrefixSpaceStep>());
  words.push_back(std::make_unique<ScannerStep>(qwen ? kQwen2Rules : kGpt2Rules));
  parts.preTokenizer = std::make_unique<StepPreTokenizer>(std::move(words));
  if (!qwen) return;
  std::vector<std::unique_ptr<NormalizerStep>> forms;
  forms.push_back(std::make_unique<UnicodeFormStep>(UnicodeForm::nfc));
  parts.normalizer = std::make_unique<StepNormalizer>(std::move(forms));
}

std::int32_t idOf(const TokenizerParts& parts, const std::vector<AddedToken>& added, const std::optional<std::string>& name) {
  if (!name) return -1;
  for (const AddedToken& token : added) {
    if (token.content == *name) return token.id;
  }
  return parts.vocabulary->find(*name);
}

/// bos, eos and unknown may stand in the vocabulary alone (GPT-2's <|endoftext|>): they are special tokens all the same.
void addNamedSpecials(const TokenizerParts& parts, const TokenizerConfig& config, std::vector<AddedToken>& added) {
  for (const auto& name : {config.bosToken, config.eosToken, config.unknownToken}) {
    const std::int32_t id = idOf(parts, added, name);
    bool known = id < 0;
    for (const AddedToken& token : added) known = known || token.id == id;
    if (known) continue;
    AddedToken token;
    token.id = id;
    token.content = *name;
    token.special = true;
    added.push_back(std::move(token));
  }
}

}  // namespace

Result<std::shared_ptr<const Tokenizer>> loadVocabularyAndMerges(const std::filesystem::path& folder, const TokenizerConfig& config) {
  const std::filesystem::path vocabularyFile = folder / "vocab.json", mergesFile = folder / "merges.txt";
  MergeBpeBuilder builder(true);
  {
    NIBBLE_TRY(const JsonDocument document, JsonDocument::open(vocabularyFile));
    NIBBLE_CHECK(builder.readVocabulary(document.root(), vocabularyFile.string(), ""));
  }
  NIBBLE_TRY(const std::string merges, readTextFile(mergesFile, kMaxMergeBytes));
  NIBBLE_CHECK(builder.readMergeLines(merges, mergesFile.string()));

  TokenizerParts parts;
  parts.vocabulary = builder.vocabulary();
  parts.spelling = PieceSpelling::bytes;
  parts.kinds.assign(parts.vocabulary->size(), TokenKind::text);
  addTextSteps(parts, config);
  std::vector<AddedToken> added = config.addedTokens;
  addNamedSpecials(parts, config, added);
  std::vector<bool> special(static_cast<std::size_t>(parts.vocabulary->size()));
  for (const AddedToken& token : added) {
    if (token.special && token.id < parts.vocabulary->size()) special[token.id] = true;
  }
  MergeBpeSettings settings;
  settings.overBytes = true;
  settings.unknownId = idOf(parts, added, config.unknownToken);
  parts.encoder = builder.build(std::move(special), settings);
  parts.bosId = config.bosIsNull ? -1 : idOf(parts, added, config.bosToken);
  parts.eosId = idOf(parts, added, config.eosToken);
  if (config.addBos.value_or(false) && parts.bosId >= 0) parts.before.push_back(parts.bosId);
  if (config.addEos.value_or(false) && parts.eosId >= 0) parts.after.push_back(parts.eosId);
  parts.added = AddedTokens(std::move(added));
  return std::make_shared<const TextTokenizer>(std::move(parts));
}

}  // namespace nibble

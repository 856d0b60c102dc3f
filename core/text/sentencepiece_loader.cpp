// A .model and what the config beside it adds: names of special tokens, added tokens, whether bos goes in front. About how text is
// normalized the .model alone decides, because it is what the model was trained with.
#include "core/text/sentencepiece_encoder.h"
#include "core/text/sentencepiece_normalizer.h"
#include "core/text/text_tokenizer.h"
#include "core/text/tokenizer_loaders.h"

namespace nibble {
namespace {

class SentencePieceLoader {
 public:
  SentencePieceLoader(std::shared_ptr<const SentencePieceModel> model, const std::filesystem::path& file, const TokenizerConfig& config)
      : m_model(std::move(model)), m_file(file), m_config(config) {}

  Result<std::shared_ptr<const Tokenizer>> load() {
    collectAdded();
    TokenizerParts parts;
    parts.vocabulary = std::shared_ptr<const Vocabulary>(m_model, &m_model->vocabulary);
    parts.kinds = kinds();
    const auto userDefined = std::make_shared<const ByteTrie>(userDefinedPieces());
    std::optional<Charsmap> charsmap;
    if (!m_model->charsmap.empty()) {
      NIBBLE_TRY(charsmap, Charsmap::parse(m_model->charsmap, m_file.string(), "normalizer_spec.precompiled_charsmap"));
    }
    parts.normalizer = std::make_unique<SentencePieceNormalizer>(*m_model, std::move(charsmap), userDefined, m_config.legacy);
    if (m_model->type == SentencePieceModel::Type::bpe) {
      parts.encoder = std::make_unique<ScoreBpeEncoder>(m_model, userDefined);
    } else {
      parts.encoder = std::make_unique<UnigramEncoder>(m_model, m_excluded);
    }
    parts.bosId = m_config.bosIsNull ? -1 : idOf(m_config.bosToken, m_model->bosId);
    parts.eosId = idOf(m_config.eosToken, m_model->eosId);
    if (m_config.addBos.value_or(true) && parts.bosId >= 0) parts.before.push_back(parts.bosId);
    if (m_config.addEos.value_or(false) && parts.eosId >= 0) parts.after.push_back(parts.eosId);
    parts.stripFirstSpace = m_model->addDummyPrefix || m_model->removeExtraWhitespaces;
    parts.unknownSurface = m_model->unknownSurface;
    parts.added = AddedTokens(std::move(m_added));
    return std::make_shared<const TextTokenizer>(std::move(parts));
  }

 private:
  /// The config's added tokens, then the .model's own control pieces and its user-defined ones of the form <|…|>: these are special too.
  void collectAdded() {
    m_excluded.assign(m_model->vocabulary.size(), false);
    for (const AddedToken& token : m_config.addedTokens) {
      m_added.push_back(token);
      if (token.id < m_model->vocabulary.size() && token.special) m_excluded[token.id] = true;
    }
    for (std::int32_t id = 0; id < m_model->vocabulary.size(); ++id) {
      const std::string_view piece = m_model->vocabulary.piece(id);
      const PieceKind kind = m_model->kinds[id];
      const bool steers = kind == PieceKind::userDefined && piece.starts_with("<|") && piece.ends_with("|>");
      if (m_excluded[id] || !(kind == PieceKind::control || kind == PieceKind::unknown || steers)) continue;
      m_excluded[id] = true;
      AddedToken token;
      token.id = id;
      token.content = piece;
      token.special = true;
      if (kind != PieceKind::unknown) m_added.push_back(std::move(token));
    }
  }

  std::vector<TokenKind> kinds() const {
    std::vector<TokenKind> kinds;
    for (const PieceKind kind : m_model->kinds) {
      kinds.push_back(kind == PieceKind::byte      ? TokenKind::byte
                      : kind == PieceKind::control ? TokenKind::control
                      : kind == PieceKind::unknown ? TokenKind::unknown
                                                   : TokenKind::text);
    }
    return kinds;
  }

  std::vector<std::pair<std::string_view, std::int32_t>> userDefinedPieces() const {
    std::vector<std::pair<std::string_view, std::int32_t>> pieces;
    for (std::int32_t id = 0; id < m_model->vocabulary.size(); ++id) {
      if (m_model->kinds[id] == PieceKind::userDefined && !m_excluded[id]) pieces.emplace_back(m_model->vocabulary.piece(id), id);
    }
    return pieces;
  }

  /// The id of a token that the config names, if there is one; else the .model's.
  std::int32_t idOf(const std::optional<std::string>& name, std::int32_t fallback) const {
    if (!name) return fallback;
    for (const AddedToken& token : m_added) {
      if (token.content == *name) return token.id;
    }
    const std::int32_t id = m_model->vocabulary.find(*name);
    return id >= 0 ? id : fallback;
  }

  std::shared_ptr<const SentencePieceModel> m_model;
  const std::filesystem::path& m_file;
  const TokenizerConfig& m_config;
  std::vector<AddedToken> m_added;
  std::vector<bool> m_excluded;  // by id: special, never made from plain text
};

}  // namespace

Result<std::shared_ptr<const Tokenizer>> loadSentencePiece(const std::filesystem::path& file, const TokenizerConfig& config) {
  NIBBLE_TRY(SentencePieceModel model, SentencePieceModel::open(file));
  return SentencePieceLoader(std::make_shared<const SentencePieceModel>(std::move(model)), file, config).load();
}

}  // namespace nibble

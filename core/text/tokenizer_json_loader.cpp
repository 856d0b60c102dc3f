// tokenizer.json: model, added tokens, normalizer, pre-tokenizer, post-processor and decoder, put together as the file says. The
// config beside it adds names of special tokens and, where it says so, whether bos and eos are added.
#include <cmath>
#include <map>

#include "core/base/json.h"
#include "core/base/json_fields.h"
#include "core/text/byte_alphabet.h"
#include "core/text/merge_bpe_builder.h"
#include "core/text/post_processor.h"
#include "core/text/sentencepiece_encoder.h"
#include "core/text/text_tokenizer.h"
#include "core/text/tokenizer_json_steps.h"
#include "core/text/tokenizer_loaders.h"

namespace nibble {
namespace {

class TokenizerJsonLoader {
 public:
  TokenizerJsonLoader(JsonValue root, std::string file, const TokenizerConfig& config)
      : m_root(root), m_file(std::move(file)), m_config(config) {}

  Result<std::shared_ptr<const Tokenizer>> load() {
    const JsonFields root(m_root, m_file);
    NIBBLE_TRY(const JsonFields model, root.object("model"));
    NIBBLE_TRY(auto normalizer, readNormalizer(m_root["normalizer"], m_file, "normalizer"));
    if (!normalizer.empty()) m_parts.normalizer = std::make_unique<StepNormalizer>(std::move(normalizer));
    NIBBLE_TRY(PreTokenizerSteps words, readPreTokenizer(m_root["pre_tokenizer"], m_file, "pre_tokenizer"));
    if (!words.steps.empty()) m_parts.preTokenizer = std::make_unique<StepPreTokenizer>(std::move(words.steps));
    NIBBLE_CHECK(readDecoder(root));
    m_overBytes = m_overBytes || words.overBytes;
    NIBBLE_CHECK(readAdded(root));
    NIBBLE_TRY(const std::string type, modelType(model));
    if (type != "BPE" && type != "Unigram") {
      return fail(ErrorCode::fileUnsupported, "a model of the kind " + type, m_file, "model.type");
    }
    NIBBLE_CHECK(type == "BPE" ? readBpe(model) : readUnigram(model));
    NIBBLE_CHECK(checkAdded());
    NIBBLE_CHECK(readEnds());
    m_parts.spelling = m_overBytes ? PieceSpelling::bytes : PieceSpelling::spaceMark;
    m_parts.added = AddedTokens(std::move(m_added));
    return std::make_shared<const TextTokenizer>(std::move(m_parts));
  }

 private:
  tl::unexpected<Error> malformed(std::string what, std::string field) const {
    return fail(ErrorCode::fileMalformed, std::move(what), m_file, std::move(field));
  }

  /// Old files have no type; then the merges or the pairs with scores tell.
  Result<std::string> modelType(const JsonFields& model) const {
    return model.stringOr("type", model.value("merges").isArray() ? "BPE" : model.value("vocab").isArray() ? "Unigram" : "WordLevel");
  }

  /// Only what matters for reading ids back: bytes or space marks, and whether the first space is dropped.
  Result<bool> readDecoder(const JsonFields& root, int depth = 0) {
    if (!root.has("decoder")) return true;
    NIBBLE_TRY(const JsonFields decoder, root.object("decoder"));
    return readDecoderStep(decoder, depth);
  }

  Result<bool> readDecoderStep(const JsonFields& decoder, int depth) {
    NIBBLE_TRY(const std::string type, decoder.string("type"));
    if (type == "ByteLevel") m_overBytes = true;
    if (type == "Strip") {
      NIBBLE_TRY(const std::int64_t start, decoder.integerOr("start", 0, 0, 1 << 20));
      m_parts.stripFirstSpace = start > 0;
    }
    if (type == "Metaspace") {
      NIBBLE_TRY(const std::string scheme, decoder.stringOr("prepend_scheme", "always"));
      NIBBLE_TRY(const bool prefix, decoder.booleanOr("add_prefix_space", true));
      m_parts.stripFirstSpace = prefix && scheme != "never";
    }
    if (type == "WordPiece" || type == "CTC" || type == "BPEDecoder") {
      return fail(ErrorCode::fileUnsupported, "a decoder of the kind " + type, m_file, decoder.pathOf("type"));
    }
    if (type != "Sequence") return true;
    if (depth >= 8) return decoder.wrong("decoders", "sequences nested too deep");
    NIBBLE_TRY(const JsonValue list, decoder.array("decoders"));
    for (const auto& item : list.items()) {
      NIBBLE_CHECK(readDecoderStep(JsonFields(item.value(), m_file, decoder.pathOf("decoders")), depth + 1));
    }
    return true;
  }

  Result<bool> readAdded(const JsonFields& root) {
    std::map<std::int32_t, AddedToken> tokens;
    int index = 0;
    for (const auto& item : m_root["added_tokens"].items()) {
      const std::string path = "added_tokens[" + std::to_string(index++) + "]";
      const JsonFields fields(item.value(), root.file(), path);
      AddedToken token;
      NIBBLE_TRY(const std::int64_t id, fields.integer("id", 0, Vocabulary::kMaxIds - 1));
      token.id = static_cast<std::int32_t>(id);
      NIBBLE_TRY(token.content, fields.string("content"));
      if (token.content.size() > AddedTokens::kMaxContentBytes) return fields.wrong("content", "longer than 1,024 bytes");
      NIBBLE_TRY(token.special, fields.booleanOr("special", false));
      NIBBLE_TRY(token.leftStrip, fields.booleanOr("lstrip", false));
      NIBBLE_TRY(token.rightStrip, fields.booleanOr("rstrip", false));
      NIBBLE_TRY(token.singleWord, fields.booleanOr("single_word", false));
      NIBBLE_TRY(token.normalized, fields.booleanOr("normalized", !token.special));
      if (!tokens.try_emplace(token.id, token).second) return fields.wrong("id", "already belongs to another token");
    }
    for (const AddedToken& token : m_config.addedTokens) tokens.try_emplace(token.id, token);
    for (auto& [id, token] : tokens) m_added.push_back(std::move(token));
    return true;
  }

  /// An added token may stand in the vocabulary too, then under the same text.
  Result<bool> checkAdded() const {
    for (const AddedToken& token : m_added) {
      const std::string_view piece = m_parts.vocabulary->piece(token.id);
      const bool same = piece == token.content || (m_overBytes && spelledInByteAlphabet(piece) == token.content);
      if (m_parts.vocabulary->contains(token.id) && !same) {
        return malformed("the id " + std::to_string(token.id) + " belongs to another token in the vocabulary", "added_tokens");
      }
    }
    return true;
  }

  std::vector<bool> specialIds(std::int32_t size) const {
    std::vector<bool> special(static_cast<std::size_t>(size));
    for (const AddedToken& token : m_added) {
      if (token.id < size && token.special) special[token.id] = true;
    }
    return special;
  }

  Result<bool> readBpe(const JsonFields& model) {
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      NIBBLE_TRY(const std::string text, model.stringOr(key, ""));
      if (!text.empty()) return fail(ErrorCode::fileUnsupported, "a piece prefix or suffix", m_file, model.pathOf(key));
    }
    MergeBpeBuilder builder(m_overBytes);
    NIBBLE_CHECK(builder.readVocabulary(model.value("vocab"), m_file, "model.vocab"));
    NIBBLE_CHECK(builder.readMerges(model.value("merges"), m_file, "model.merges"));
    MergeBpeSettings settings;
    settings.overBytes = m_overBytes;
    NIBBLE_TRY(settings.byteFallback, model.booleanOr("byte_fallback", false));
    NIBBLE_TRY(settings.ignoreMerges, model.booleanOr("ignore_merges", false));
    NIBBLE_TRY(settings.fuseUnknown, model.booleanOr("fuse_unk", false));
    NIBBLE_TRY(const std::string unknown, model.stringOr("unk_token", ""));
    if (!unknown.empty()) settings.unknownId = builder.find(unknown);
    if (!unknown.empty() && settings.unknownId < 0) return malformed("not in the vocabulary", "model.unk_token");
    m_parts.vocabulary = builder.vocabulary();
    setKinds(settings.byteFallback, settings.unknownId);
    m_parts.encoder = builder.build(specialIds(m_parts.vocabulary->size()), settings);
    return true;
  }

  void setKinds(bool byteFallback, std::int32_t unknownId) {
    m_parts.kinds.assign(m_parts.vocabulary->size(), TokenKind::text);
    for (std::int32_t id = 0; byteFallback && id < m_parts.vocabulary->size(); ++id) {
      if (byteOfPiece(m_parts.vocabulary->piece(id)) >= 0) m_parts.kinds[id] = TokenKind::byte;
    }
    if (unknownId >= 0) m_parts.kinds[unknownId] = TokenKind::unknown;
  }

  Result<bool> readUnigram(const JsonFields& fields) {
    auto model = std::make_shared<SentencePieceModel>();
    NIBBLE_TRY(const JsonValue list, fields.array("vocab"));
    NIBBLE_TRY(const std::int64_t unknown, fields.integer("unk_id", 0, static_cast<std::int64_t>(list.size()) - 1));
    NIBBLE_TRY(model->byteFallback, fields.booleanOr("byte_fallback", false));
    std::vector<double> scores;
    for (const auto& item : list.items()) {
      NIBBLE_CHECK(addScoredPiece(*model, scores, item.value()));
    }
    model->unknownId = static_cast<std::int32_t>(unknown);
    model->kinds[model->unknownId] = PieceKind::unknown;
    model->vocabulary.buildIndex();
    NIBBLE_CHECK(checkBytes(*model));
    m_parts.vocabulary = std::shared_ptr<const Vocabulary>(model, &model->vocabulary);
    setKinds(model->byteFallback, model->unknownId);
    m_parts.encoder = std::make_unique<UnigramEncoder>(model, specialIds(model->vocabulary.size()), std::move(scores));
    return true;
  }

  Result<bool> addScoredPiece(SentencePieceModel& model, std::vector<double>& scores, JsonValue pair) const {
    const std::string path = "model.vocab[" + std::to_string(scores.size()) + "]";
    if (!pair.isArray() || pair.size() != 2) return malformed("not a piece with its score", path);
    auto part = pair.items().begin();
    const JsonValue piece = (*part).value();
    ++part;
    const JsonValue score = (*part).value();
    if (!piece.isString() || !score.isNumber() || !std::isfinite(score.number())) return malformed("not a piece with its score", path);
    if (piece.string().empty()) return malformed("a piece without text", path);
    if (model.vocabulary.add(static_cast<std::int64_t>(scores.size()), piece.string()) != Vocabulary::Added::ok) {
      return fail(ErrorCode::fileUnsupported, "more than 2,097,152 pieces or 8 MiB of text, or a piece of more than 2,048 bytes", m_file, path);
    }
    scores.push_back(score.number());
    model.scores.push_back(static_cast<float>(score.number()));
    model.kinds.push_back(byteOfPiece(piece.string()) >= 0 && model.byteFallback ? PieceKind::byte : PieceKind::normal);
    return true;
  }

  Result<bool> checkBytes(const SentencePieceModel& model) const {
    std::size_t bytes = 0;
    for (std::int32_t id = 0; id < model.vocabulary.size(); ++id) {
      if (model.vocabulary.find(model.vocabulary.piece(id)) != id) {
        return malformed("the same piece as another id", "model.vocab[" + std::to_string(id) + "]");
      }
      bytes += model.kinds[id] == PieceKind::byte ? 1 : 0;
    }
    if (model.byteFallback && bytes != 256) return malformed("byte fallback without all 256 bytes", "model.byte_fallback");
    return true;
  }

  std::int32_t idOf(const std::optional<std::string>& name) const {
    if (!name) return -1;
    for (const AddedToken& token : m_added) {
      if (token.content == *name) return token.id;
    }
    return m_parts.vocabulary->find(*name);
  }

  /// What stands around a text: the post-processor's word, unless the config has one of its own.
  Result<bool> readEnds() {
    const auto exists = [&](std::int64_t id) {
      if (m_parts.vocabulary->contains(id)) return true;
      for (const AddedToken& token : m_added) {
        if (token.id == id) return true;
      }
      return false;
    };
    NIBBLE_TRY(TextEnds ends, readPostProcessor(m_root["post_processor"], m_file, exists));
    m_parts.bosId = idOf(m_config.bosToken);
    m_parts.eosId = idOf(m_config.eosToken);
    if (m_parts.bosId < 0 && !m_config.bosIsNull && ends.before.size() == 1) m_parts.bosId = ends.before[0];
    const auto decide = [](std::optional<bool> wanted, std::int32_t id, std::vector<std::int32_t>& ids) {
      if (wanted == false) ids.clear();
      if (wanted == true && ids.empty() && id >= 0) ids.push_back(id);
    };
    decide(m_config.addBos, m_parts.bosId, ends.before);
    decide(m_config.addEos, m_parts.eosId, ends.after);
    m_parts.before = std::move(ends.before);
    m_parts.after = std::move(ends.after);
    return true;
  }

  JsonValue m_root;
  std::string m_file;
  const TokenizerConfig& m_config;
  TokenizerParts m_parts;
  std::vector<AddedToken> m_added;
  bool m_overBytes = false;
};

}  // namespace

Result<std::shared_ptr<const Tokenizer>> loadTokenizerJson(const std::filesystem::path& file, const TokenizerConfig& config) {
  NIBBLE_TRY(const JsonDocument document, JsonDocument::open(file));
  if (!document.root().isObject()) return fail(ErrorCode::fileMalformed, "not an object", file.string());
  return TokenizerJsonLoader(document.root(), file.string(), config).load();
}

}  // namespace nibble

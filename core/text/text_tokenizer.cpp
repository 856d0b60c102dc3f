// The journey of a text: cut at special tokens, normalized, cut at other added tokens, cut into words, encoded, wrapped in bos and eos.
#include "core/text/text_tokenizer.h"

#include <algorithm>

#include "core/text/byte_alphabet.h"
#include "core/text/sentencepiece_model.h"
#include "core/text/text_pattern.h"
#include "core/text/utf8.h"

namespace nibble {
namespace {

constexpr std::size_t kMaxEncodeBytes = std::size_t{1} << 29;  // encoders count in 32 bits

std::string withSpaces(std::string_view piece) {
  constexpr std::string_view kSpaceMark = "\xE2\x96\x81";
  std::string out;
  for (std::size_t at = 0; at < piece.size();) {
    if (piece.substr(at, kSpaceMark.size()) == kSpaceMark) {
      out.push_back(' ');
      at += kSpaceMark.size();
    } else {
      out.push_back(piece[at++]);
    }
  }
  return out;
}

}  // namespace

TextTokenizer::TextTokenizer(TokenizerParts parts) : m_parts(std::move(parts)) {
  std::vector<std::string> contents;
  for (const AddedToken& token : m_parts.added.all()) {
    contents.push_back(m_parts.normalizer ? m_parts.normalizer->apply(token.content, false) : token.content);
  }
  m_parts.added.setNormalizedContents(contents);
}

std::vector<std::int32_t> TextTokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  const PatternTime time;
  std::vector<std::int32_t> ids;
  if (options.addSpecial) ids = m_parts.before;
  EncodeScratch scratch;
  bool first = options.atStart;
  for (const AddedTokens::Segment& segment : m_parts.added.split(text, AddedTokens::Stage::raw, options.parseSpecial)) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
    } else {
      encodeText(segment.text, first, options.parseSpecial, scratch, ids);
    }
    first = false;
  }
  if (options.addSpecial) ids.insert(ids.end(), m_parts.after.begin(), m_parts.after.end());
  return ids;
}

void TextTokenizer::encodeText(std::string_view text, bool first, bool parseSpecial, EncodeScratch& scratch,
                               std::vector<std::int32_t>& ids) const {
  const std::string normalized = m_parts.normalizer ? m_parts.normalizer->apply(text, first) : validUtf8(text);
  if (!m_parts.added.hasNormalized()) return encodeNormalized(normalized, first, scratch, ids);
  for (const AddedTokens::Segment& segment : m_parts.added.split(normalized, AddedTokens::Stage::normalized, parseSpecial)) {
    if (segment.id >= 0) {
      ids.push_back(segment.id);
    } else {
      encodeNormalized(segment.text, first, scratch, ids);
    }
    first = false;
  }
}

void TextTokenizer::encodeNormalized(std::string_view text, bool first, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const {
  if (!m_parts.preTokenizer) return encodeWord(text, scratch, ids);
  WordList list;
  m_parts.preTokenizer->split(text, first, list);
  for (const std::string_view word : list.words) encodeWord(word, scratch, ids);
}

void TextTokenizer::encodeWord(std::string_view word, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const {
  while (word.size() > kMaxEncodeBytes) {
    std::size_t cut = kMaxEncodeBytes;
    while (cut > 0 && (static_cast<std::uint8_t>(word[cut]) & 0xC0) == 0x80) --cut;
    m_parts.encoder->encode(word.substr(0, cut), scratch, ids);
    word.remove_prefix(cut);
  }
  m_parts.encoder->encode(word, scratch, ids);
}

TokenKind TextTokenizer::kindOf(std::int32_t id) const {
  return id >= 0 && id < static_cast<std::int32_t>(m_parts.kinds.size()) ? m_parts.kinds[id] : TokenKind::text;
}

std::string TextTokenizer::bytesOf(std::int32_t id, bool first, bool withSpecial) const {
  if (const AddedToken* token = m_parts.added.find(id)) {
    return token->special && !withSpecial ? std::string() : token->content;
  }
  const std::string_view piece = m_parts.vocabulary->piece(id);
  switch (kindOf(id)) {
    case TokenKind::control: return withSpecial ? std::string(piece) : std::string();
    case TokenKind::unknown: return withSpecial ? std::string(piece) : m_parts.unknownSurface;
    case TokenKind::byte: return std::string(1, static_cast<char>(byteOfPiece(piece)));
    case TokenKind::text: break;
  }
  if (m_parts.spelling == PieceSpelling::bytes) return std::string(piece);
  std::string bytes = withSpaces(piece);
  if (first && m_parts.stripFirstSpace && bytes.starts_with(' ')) bytes.erase(0, 1);
  return bytes;
}

std::string TextTokenizer::pieceOf(std::int32_t id) const {
  if (const AddedToken* token = m_parts.added.find(id)) return token->content;
  const std::string_view piece = m_parts.vocabulary->piece(id);
  return m_parts.spelling == PieceSpelling::bytes ? spelledInByteAlphabet(piece) : std::string(piece);
}

int TextTokenizer::vocabularySize() const {
  const auto& added = m_parts.added.all();
  return std::max(m_parts.vocabulary->size(), added.empty() ? 0 : added.back().id + 1);
}

bool TextTokenizer::isSpecial(std::int32_t id) const {
  if (const AddedToken* token = m_parts.added.find(id)) return token->special;
  const TokenKind kind = kindOf(id);
  return kind == TokenKind::control || kind == TokenKind::unknown;
}

}  // namespace nibble

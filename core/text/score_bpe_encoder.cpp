// BPE by score: stretches between user-defined pieces are cut where no piece can lie across, and each cut is merged by itself.
#include <algorithm>

#include "core/text/sentencepiece_encoder.h"
#include "core/text/utf8.h"

namespace nibble {

UncoveredText::UncoveredText(const SentencePieceModel& model) : m_unknownId(model.unknownId) {
  if (!model.byteFallback) return;
  m_byteIds.resize(256);
  for (std::int32_t id = 0; id < model.vocabulary.size(); ++id) {
    if (model.kinds[id] == PieceKind::byte) m_byteIds[byteOfPiece(model.vocabulary.piece(id))] = id;
  }
}

void UncoveredText::append(std::string_view text, std::vector<std::int32_t>& ids, bool& afterUnknown) const {
  if (m_byteIds.empty()) {
    if (!afterUnknown) ids.push_back(m_unknownId);
    afterUnknown = true;
    return;
  }
  for (const char c : text) ids.push_back(m_byteIds[static_cast<std::uint8_t>(c)]);
}

ScoreBpeEncoder::ScoreBpeEncoder(std::shared_ptr<const SentencePieceModel> model, std::shared_ptr<const ByteTrie> userDefined)
    : m_model(std::move(model)), m_userDefined(std::move(userDefined)), m_uncovered(*m_model) {
  const std::int32_t size = m_model->vocabulary.size();
  std::vector<std::int32_t> order;
  for (std::int32_t id = 0; id < size; ++id) {
    if (m_model->kinds[id] != PieceKind::normal) continue;
    order.push_back(id);
    m_boundaries.addPiece(m_model->vocabulary.piece(id));
  }
  m_boundaries.build();
  const std::vector<float>& scores = m_model->scores;
  std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return scores[a] > scores[b]; });
  m_ranks.assign(size, kNoMerge);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool equal = i > 0 && scores[order[i]] == scores[order[i - 1]];
    m_ranks[order[i]] = equal ? m_ranks[order[i - 1]] : static_cast<std::uint32_t>(i);
  }
}

void ScoreBpeEncoder::encode(std::string_view text, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const {
  bool afterUnknown = false;
  std::size_t stretch = 0;
  for (std::size_t at = 0; at < text.size();) {
    ByteTrie::Match match;
    if (m_userDefined->starts(text[at])) match = m_userDefined->longest(text, at);
    if (match.value < 0) {
      at += utf8At(text, at).length;
      continue;
    }
    encodeStretch(text.substr(stretch, at - stretch), scratch, ids, afterUnknown);
    ids.push_back(match.value);
    afterUnknown = false;
    at += match.length;
    stretch = at;
  }
  encodeStretch(text.substr(stretch), scratch, ids, afterUnknown);
}

void ScoreBpeEncoder::encodeStretch(std::string_view text, EncodeScratch& scratch, std::vector<std::int32_t>& ids,
                                    bool& afterUnknown) const {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = m_boundaries.stretchEnd(text, begin);
    const std::string_view word = text.substr(begin, end - begin);
    begin = end;
    std::size_t slot = 0;
    if (const auto known = scratch.words.find(word, slot); !known.empty()) {
      ids.insert(ids.end(), known.begin(), known.end());
      afterUnknown = false;
      continue;
    }
    const std::size_t before = ids.size();
    mergeWord(word, scratch.merge, ids, afterUnknown);
    const bool touchesUnknown = ids.size() == before || ids[before] == m_model->unknownId || afterUnknown;
    if (!touchesUnknown) scratch.words.remember(slot, word, std::span(ids).subspan(before));
  }
}

void ScoreBpeEncoder::mergeWord(std::string_view word, MergeScratch& scratch, std::vector<std::int32_t>& ids,
                                bool& afterUnknown) const {
  const Vocabulary& vocabulary = m_model->vocabulary;
  const auto known = [&](std::string_view piece) {
    const std::int32_t id = vocabulary.find(piece);
    return id >= 0 && m_ranks[id] != kNoMerge ? id : -1;
  };
  scratch.symbols.clear();
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t length = utf8At(word, at).length;
    MergeSymbol symbol;
    symbol.id = known(word.substr(at, length));
    symbol.begin = static_cast<std::uint32_t>(at);
    scratch.symbols.push_back(symbol);
    at += length;
  }
  SymbolMerger(scratch, static_cast<std::uint32_t>(word.size()),
               [&](std::int32_t, std::int32_t, std::uint32_t begin, std::uint32_t end) {
                 const std::int32_t id = known(word.substr(begin, end - begin));
                 return id < 0 ? PairMerge{} : PairMerge{m_ranks[id], id};
               })
      .run();
  for (std::int32_t i = scratch.symbols.empty() ? -1 : 0; i >= 0; i = scratch.symbols[i].next) {
    const MergeSymbol& symbol = scratch.symbols[i];
    if (symbol.id >= 0) {
      ids.push_back(symbol.id);
      afterUnknown = false;
      continue;
    }
    const std::size_t end = symbol.next < 0 ? word.size() : scratch.symbols[symbol.next].begin;
    m_uncovered.append(word.substr(symbol.begin, end - symbol.begin), ids, afterUnknown);
  }
}

}  // namespace nibble

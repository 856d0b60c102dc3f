// Symbols from a word, the merges, and what to do with what the vocabulary lacks.
#include "core/text/merge_bpe_encoder.h"

#include <cstdio>

#include "core/text/utf8.h"

namespace nibble {
namespace {

std::uint64_t keyOf(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 | static_cast<std::uint32_t>(right);
}

}  // namespace

MergeTable::MergeTable(std::size_t expected) {
  std::size_t slots = 16;
  while (slots < expected * 2) slots *= 2;
  m_entries.resize(slots);
}

std::size_t MergeTable::slotOf(std::uint64_t key) const {
  const std::size_t mask = m_entries.size() - 1;
  std::size_t at = hashNumber(key) & mask;
  while (m_entries[at].key != key && m_entries[at].key != kEmpty) at = (at + 1) & mask;
  return at;
}

void MergeTable::add(std::int32_t left, std::int32_t right, PairMerge merge) {
  const std::uint64_t key = keyOf(left, right);
  m_entries[slotOf(key)] = {key, merge};
}

PairMerge MergeTable::find(std::int32_t left, std::int32_t right) const {
  return left < 0 || right < 0 ? PairMerge{} : m_entries[slotOf(keyOf(left, right))].merge;
}

MergeBpeEncoder::MergeBpeEncoder(std::shared_ptr<const Vocabulary> vocabulary, std::shared_ptr<const MergeTable> merges,
                                 std::vector<bool> special, const MergeBpeSettings& settings)
    : m_vocabulary(std::move(vocabulary)), m_merges(std::move(merges)), m_special(std::move(special)), m_settings(settings) {
  m_boundaries.build();
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    const char single = static_cast<char>(byte);
    m_byteIds[byte] = m_vocabulary->find(m_settings.overBytes ? std::string_view(&single, 1) : std::string_view(name));
  }
}

std::int32_t MergeBpeEncoder::wholeWord(std::string_view word) const {
  const std::int32_t id = m_vocabulary->find(word);
  return id >= 0 && !m_special[id] ? id : -1;
}

void MergeBpeEncoder::encode(std::string_view text, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const {
  if (m_settings.ignoreMerges) {
    if (const std::int32_t id = wholeWord(text); id >= 0) return ids.push_back(id);
  }
  if (m_settings.overBytes) return encodeWord(text, scratch, ids);
  const std::size_t from = ids.size();
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = m_boundaries.stretchEnd(text, begin);
    const std::size_t before = ids.size();
    encodeWord(text.substr(begin, end - begin), scratch, ids);
    begin = end;
    // A run of unknown characters may have been cut in two.
    const bool fuse = m_settings.fuseUnknown && m_settings.unknownId >= 0 && before > from && before < ids.size();
    if (fuse && ids[before] == m_settings.unknownId && ids[before - 1] == m_settings.unknownId) {
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(before));
    }
  }
}

void MergeBpeEncoder::encodeWord(std::string_view word, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const {
  std::size_t slot = 0;
  if (const auto known = scratch.words.find(word, slot); !known.empty()) {
    ids.insert(ids.end(), known.begin(), known.end());
    return;
  }
  MergeScratch& merge = scratch.merge;
  m_settings.overBytes ? symbolsOfBytes(word, merge) : symbolsOfCharacters(word, merge);
  SymbolMerger(merge, static_cast<std::uint32_t>(word.size()),
               [&](std::int32_t left, std::int32_t right, std::uint32_t, std::uint32_t) { return m_merges->find(left, right); })
      .run();
  const std::size_t before = ids.size();
  for (std::int32_t i = merge.symbols.empty() ? -1 : 0; i >= 0; i = merge.symbols[i].next) ids.push_back(merge.symbols[i].id);
  scratch.words.remember(slot, word, std::span(ids).subspan(before));
}

void MergeBpeEncoder::symbolsOfBytes(std::string_view word, MergeScratch& scratch) const {
  scratch.symbols.clear();
  for (std::size_t at = 0; at < word.size(); ++at) {
    std::int32_t id = m_byteIds[static_cast<std::uint8_t>(word[at])];
    if (id < 0) id = m_settings.unknownId;
    if (id < 0) continue;
    MergeSymbol symbol;
    symbol.id = id;
    symbol.begin = static_cast<std::uint32_t>(at);
    scratch.symbols.push_back(symbol);
  }
}

void MergeBpeEncoder::symbolsOfCharacters(std::string_view word, MergeScratch& scratch) const {
  scratch.symbols.clear();
  const auto push = [&](std::int32_t id, std::size_t at) {
    MergeSymbol symbol;
    symbol.id = id;
    symbol.begin = static_cast<std::uint32_t>(at);
    scratch.symbols.push_back(symbol);
  };
  bool afterUnknown = false;
  for (std::size_t at = 0, length = 0; at < word.size(); at += length) {
    length = utf8At(word, at).length;
    const std::string_view character = word.substr(at, length);
    bool known = false;
    if (const std::int32_t id = wholeWord(character); id >= 0) {
      push(id, at);
      known = true;
    } else if (m_settings.byteFallback) {
      known = true;
      for (const char c : character) known = known && m_byteIds[static_cast<std::uint8_t>(c)] >= 0;
      for (std::size_t i = 0; known && i < length; ++i) push(m_byteIds[static_cast<std::uint8_t>(character[i])], at + i);
    }
    const bool fused = afterUnknown && m_settings.fuseUnknown;
    if (!known && m_settings.unknownId >= 0 && !fused) push(m_settings.unknownId, at);
    afterUnknown = !known;
  }
}

}  // namespace nibble

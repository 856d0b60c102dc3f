// Byte-pair encoding by a list of merges, as tokenizer.json and merges.txt have it: over bytes, or over characters with bytes as
// the way out (the SentencePiece kind).
#pragma once
#include <array>
#include <memory>

#include "core/text/piece_boundaries.h"
#include "core/text/piece_encoder.h"
#include "core/text/vocabulary.h"

namespace nibble {

/// (left id, right id) → rank and joined id; open addressing.
class MergeTable {
 public:
  explicit MergeTable(std::size_t expected);
  /// A pair given again replaces the former one, as in Hugging Face's tokenizers. At most `expected` pairs.
  void add(std::int32_t left, std::int32_t right, PairMerge merge);
  PairMerge find(std::int32_t left, std::int32_t right) const;

 private:
  struct Entry {
    std::uint64_t key = kEmpty;
    PairMerge merge;
  };
  static constexpr std::uint64_t kEmpty = 0xFFFFFFFFFFFFFFFF;
  std::size_t slotOf(std::uint64_t key) const;

  std::vector<Entry> m_entries;
};

struct MergeBpeSettings {
  bool overBytes = false;      ///< the vocabulary holds bytes, each of which starts as a symbol
  bool byteFallback = false;   ///< <0x..> for characters that the vocabulary lacks
  bool ignoreMerges = false;   ///< a word that is a piece is taken whole
  bool fuseUnknown = false;    ///< a run of unknown characters is one unknown id
  std::int32_t unknownId = -1; ///< −1: what is unknown is dropped
};

class MergeBpeEncoder : public PieceEncoder {
 public:
  /// `special` (by id): never made from text.
  MergeBpeEncoder(std::shared_ptr<const Vocabulary> vocabulary, std::shared_ptr<const MergeTable> merges,
                  std::vector<bool> special, const MergeBpeSettings& settings);
  /// The text of each merge's result; with characters, text is cut where none of them lies across.
  void setBoundaries(PieceBoundaries boundaries) { m_boundaries = std::move(boundaries); }

  void encode(std::string_view text, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const override;

 private:
  void encodeWord(std::string_view word, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const;
  void symbolsOfBytes(std::string_view word, MergeScratch& scratch) const;
  void symbolsOfCharacters(std::string_view word, MergeScratch& scratch) const;
  std::int32_t wholeWord(std::string_view word) const;

  std::shared_ptr<const Vocabulary> m_vocabulary;
  std::shared_ptr<const MergeTable> m_merges;
  std::vector<bool> m_special;
  MergeBpeSettings m_settings;
  PieceBoundaries m_boundaries;
  std::array<std::int32_t, 256> m_byteIds{};  // of <0x..> pieces, or of the bytes themselves; −1: none
};

}  // namespace nibble

// SentencePiece's three ways from normalized text to ids: user-defined pieces by the longest match from the left, then BPE by
// score or unigram, then bytes (or the unknown id) for what no piece covers.
#pragma once
#include <memory>

#include "core/text/byte_trie.h"
#include "core/text/piece_boundaries.h"
#include "core/text/piece_encoder.h"
#include "core/text/sentencepiece_model.h"

namespace nibble {

/// Shared by both kinds: what happens to a character that no piece covers.
class UncoveredText {
 public:
  explicit UncoveredText(const SentencePieceModel& model);
  /// Appends byte ids, or the unknown id once for a run (`runFrom`: where in `ids` the current stretch began).
  void append(std::string_view text, std::vector<std::int32_t>& ids, bool& afterUnknown) const;

 private:
  std::vector<std::int32_t> m_byteIds;  // empty: no byte fallback
  std::int32_t m_unknownId;
};

/// BPE by score. `userDefined` holds the pieces that are taken whole; they lie across nothing and nothing merges with them.
class ScoreBpeEncoder : public PieceEncoder {
 public:
  ScoreBpeEncoder(std::shared_ptr<const SentencePieceModel> model, std::shared_ptr<const ByteTrie> userDefined);
  void encode(std::string_view text, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const override;

 private:
  void encodeStretch(std::string_view text, EncodeScratch& scratch, std::vector<std::int32_t>& ids, bool& afterUnknown) const;
  void mergeWord(std::string_view word, MergeScratch& scratch, std::vector<std::int32_t>& ids, bool& afterUnknown) const;

  std::shared_ptr<const SentencePieceModel> m_model;
  std::shared_ptr<const ByteTrie> m_userDefined;
  UncoveredText m_uncovered;
  PieceBoundaries m_boundaries;
  std::vector<std::uint32_t> m_ranks;  // by id: 0 is the best score; kNoMerge for pieces that nothing may become
};

/// The likeliest segmentation under a unigram model (Viterbi; Kudo 2018, arXiv:1804.10959).
class UnigramEncoder : public PieceEncoder {
 public:
  /// `excluded` (by id) pieces are never used: special ones. `exactScores` (by id) come from a tokenizer.json, whose library counts
  /// in double precision; without them it is SentencePiece's single precision.
  UnigramEncoder(std::shared_ptr<const SentencePieceModel> model, const std::vector<bool>& excluded,
                 std::vector<double> exactScores = {});
  void encode(std::string_view text, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const override;

 private:
  struct BestPath;
  void appendPath(std::string_view text, const std::vector<BestPath>& best, std::vector<std::int32_t>& ids) const;

  std::shared_ptr<const SentencePieceModel> m_model;
  UncoveredText m_uncovered;
  ByteTrie m_trie;
  std::vector<double> m_scores;  // by id
  bool m_single;                 // sums are rounded to single precision, as SentencePiece does
  double m_minScore = 0;
  double m_maxScore = 0;
};

}  // namespace nibble

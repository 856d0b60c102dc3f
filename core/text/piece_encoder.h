// The seam between preparing text (normalizing, cutting) and turning a stretch of it into ids: BPE by score, unigram, BPE by merges.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/text/merge_symbols.h"
#include "core/text/word_cache.h"

namespace nibble {

/// Belongs to one call of Tokenizer::encode, which keeps encoders constant and calls free of locks.
struct EncodeScratch {
  MergeScratch merge;
  WordCache words;
};

class PieceEncoder {
 public:
  virtual ~PieceEncoder() = default;
  /// Appends the ids of `text`, which is normalized and shorter than 2^30 bytes.
  virtual void encode(std::string_view text, EncodeScratch& scratch, std::vector<std::int32_t>& ids) const = 0;
};

}  // namespace nibble

// Puts a vocabulary and its merges together from JSON or from merges.txt, checking ids and pairs. Used by both loaders of that kind.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/text/merge_bpe_encoder.h"

namespace nibble {

class MergeBpeBuilder {
 public:
  /// `overBytes`: pieces are spelled in GPT-2's alphabet and kept as bytes.
  explicit MergeBpeBuilder(bool overBytes) : m_overBytes(overBytes) {}

  /// {"piece": id, …}. Errors: fileMalformed (an id that is not whole, out of range or given twice), fileUnsupported (too large).
  Result<bool> readVocabulary(JsonValue object, const std::string& file, const std::string& path);
  /// ["a b", …] or [["a", "b"], …]; the vocabulary comes first. Errors: fileMalformed (pieces that are not there).
  Result<bool> readMerges(JsonValue list, const std::string& file, const std::string& path);
  /// merges.txt: a pair a line, "#version" and empty lines skipped.
  Result<bool> readMergeLines(std::string_view text, const std::string& file);

  const std::shared_ptr<Vocabulary>& vocabulary() const { return m_vocabulary; }
  /// The id of a piece as the files spell it; −1: none.
  std::int32_t find(std::string_view spelled) const;

  /// `special`: by id, as long as the vocabulary.
  std::unique_ptr<PieceEncoder> build(std::vector<bool> special, const MergeBpeSettings& settings);

 private:
  struct Pair {
    std::int32_t left, right, joined;
  };
  Result<bool> addMerge(std::string_view left, std::string_view right, const std::string& file, const std::string& field);

  bool m_overBytes;
  std::shared_ptr<Vocabulary> m_vocabulary = std::make_shared<Vocabulary>();
  std::vector<Pair> m_merges;  // in order of rank
};

}  // namespace nibble

// The pre-tokenizers of tokenizer.json as steps, each cutting the words that the one before left. Source of the behaviours:
// Hugging Face's tokenizers (pre_tokenizers, SplitDelimiterBehavior).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/text/pre_tokenizer.h"
#include "core/text/text_pattern.h"
#include "core/text/word_scanner.h"

namespace nibble {

/// What happens to the text that a pattern finds.
enum class SplitBehavior : std::uint8_t { removed, isolated, mergedWithPrevious, mergedWithNext, contiguous };

class WordStep {
 public:
  virtual ~WordStep() = default;
  /// Replaces the list's words; `first`: the first of them is the start of the whole text.
  virtual void apply(WordList& list, bool first) const = 0;
};

/// GPT-2, Llama 3 or Qwen 2 words.
class ScannerStep : public WordStep {
 public:
  explicit ScannerStep(const ScannerRules& rules) : m_rules(rules) {}
  void apply(WordList& list, bool first) const override;

 private:
  ScannerRules m_rules;
};

/// Cuts by a pattern; `invert`: what the pattern does not find counts as found.
class PatternStep : public WordStep {
 public:
  PatternStep(TextPattern pattern, SplitBehavior behavior, bool invert)
      : m_pattern(std::move(pattern)), m_behavior(behavior), m_invert(invert) {}
  void apply(WordList& list, bool first) const override;

 private:
  TextPattern m_pattern;
  SplitBehavior m_behavior;
  bool m_invert;
};

/// Cuts by a class of characters; every character of it counts as a find of its own.
class CharacterStep : public WordStep {
 public:
  CharacterStep(bool (*isFound)(char32_t), SplitBehavior behavior) : m_isFound(isFound), m_behavior(behavior) {}
  void apply(WordList& list, bool first) const override;

 private:
  bool (*m_isFound)(char32_t);
  SplitBehavior m_behavior;
};

/// Puts a space before every word that has none (ByteLevel's add_prefix_space).
class PrefixSpaceStep : public WordStep {
 public:
  void apply(WordList& list, bool first) const override;
};

/// Writes spaces as a mark, puts one in front, and cuts before each mark.
class MetaspaceStep : public WordStep {
 public:
  enum class Prepend : std::uint8_t { never, first, always };
  MetaspaceStep(std::string mark, Prepend prepend, bool cut) : m_mark(std::move(mark)), m_prepend(prepend), m_cut(cut) {}
  void apply(WordList& list, bool first) const override;

 private:
  std::string m_mark;
  Prepend m_prepend;
  bool m_cut;
};

class StepPreTokenizer : public PreTokenizer {
 public:
  explicit StepPreTokenizer(std::vector<std::unique_ptr<WordStep>> steps) : m_steps(std::move(steps)) {}
  void split(std::string_view text, bool first, WordList& list) const override;

 private:
  std::vector<std::unique_ptr<WordStep>> m_steps;
};

}  // namespace nibble

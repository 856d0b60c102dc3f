// The normalizers of tokenizer.json as steps: Unicode forms, replacements, prefixes, strips, precompiled rules.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/text/charsmap.h"
#include "core/text/text_normalizer.h"
#include "core/text/text_pattern.h"

namespace nibble {

class NormalizerStep {
 public:
  virtual ~NormalizerStep() = default;
  virtual std::string apply(std::string text) const = 0;  ///< valid UTF-8 in and out
};

enum class UnicodeForm : std::uint8_t { nfc, nfd, nfkc, nfkd };

/// Unicode normalization by libutf8proc; text that cannot change (ASCII, CJK and other plain letters) is handed through.
class UnicodeFormStep : public NormalizerStep {
 public:
  explicit UnicodeFormStep(UnicodeForm form) : m_form(form) {}
  std::string apply(std::string text) const override;

 private:
  UnicodeForm m_form;
};

class LowercaseStep : public NormalizerStep {
 public:
  std::string apply(std::string text) const override;
};

class StripAccentsStep : public NormalizerStep {
 public:
  std::string apply(std::string text) const override;
};

class StripStep : public NormalizerStep {
 public:
  StripStep(bool left, bool right) : m_left(left), m_right(right) {}
  std::string apply(std::string text) const override;

 private:
  bool m_left, m_right;
};

/// Puts a text in front of a stretch that is not empty.
class PrependStep : public NormalizerStep {
 public:
  explicit PrependStep(std::string prefix) : m_prefix(std::move(prefix)) {}
  std::string apply(std::string text) const override;

 private:
  std::string m_prefix;
};

class ReplaceStep : public NormalizerStep {
 public:
  ReplaceStep(TextPattern pattern, std::string content) : m_pattern(std::move(pattern)), m_content(std::move(content)) {}
  std::string apply(std::string text) const override;

 private:
  TextPattern m_pattern;
  std::string m_content;
};

/// SentencePiece's rules the way Hugging Face's tokenizers apply them: a grapheme cluster at a time, the shortest rule.
class CharsmapStep : public NormalizerStep {
 public:
  explicit CharsmapStep(Charsmap charsmap) : m_charsmap(std::move(charsmap)) {}
  std::string apply(std::string text) const override;

 private:
  Charsmap m_charsmap;
};

class StepNormalizer : public TextNormalizer {
 public:
  explicit StepNormalizer(std::vector<std::unique_ptr<NormalizerStep>> steps) : m_steps(std::move(steps)) {}
  std::string apply(std::string_view text, bool first) const override;

 private:
  std::vector<std::unique_ptr<NormalizerStep>> m_steps;
};

}  // namespace nibble

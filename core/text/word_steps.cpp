// The steps. Those that change text write all words into one new buffer and point the words there.
#include "core/text/word_steps.h"

#include "core/text/utf8.h"

namespace nibble {
namespace {

/// A stretch of a word, found by the pattern or between two finds.
struct Stretch {
  std::size_t begin, end;
  bool found;
};

void appendWord(std::vector<std::string_view>& words, std::string_view word, std::size_t begin, std::size_t end) {
  if (end > begin) words.push_back(word.substr(begin, end - begin));
}

/// Turns stretches, which cover the word without a gap, into words.
void appendStretches(std::vector<std::string_view>& words, std::string_view word, const std::vector<Stretch>& stretches,
                     SplitBehavior behavior) {
  std::size_t begin = 0;  // of the word being put together
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    const Stretch& stretch = stretches[i];
    const Stretch* next = i + 1 < stretches.size() ? &stretches[i + 1] : nullptr;
    bool cut = true;
    switch (behavior) {
      case SplitBehavior::removed:
        if (stretch.found) begin = stretch.end;
        break;
      case SplitBehavior::isolated: break;
      case SplitBehavior::mergedWithPrevious: cut = next == nullptr || !next->found || stretch.found; break;
      case SplitBehavior::mergedWithNext: cut = next == nullptr || !stretch.found || next->found; break;
      case SplitBehavior::contiguous: cut = next == nullptr || next->found != stretch.found; break;
    }
    if (!cut) continue;
    appendWord(words, word, begin, stretch.end);
    begin = stretch.end;
  }
}

/// Adds [begin, end) as a find, and the gap before it.
void addFind(std::vector<Stretch>& stretches, std::size_t begin, std::size_t end, bool invert) {
  const std::size_t before = stretches.empty() ? 0 : stretches.back().end;
  if (begin > before) stretches.push_back({before, begin, invert});
  stretches.push_back({begin, end, !invert});
}

void addRest(std::vector<Stretch>& stretches, std::size_t size, bool invert) {
  const std::size_t before = stretches.empty() ? 0 : stretches.back().end;
  if (size > before) stretches.push_back({before, size, invert});
}

/// Points the words, whose lengths are given, into a new buffer.
void replaceText(WordList& list, std::string text, const std::vector<std::size_t>& lengths) {
  list.rewritten = std::move(text);
  list.words.clear();
  std::size_t at = 0;
  for (const std::size_t length : lengths) {
    list.words.push_back(std::string_view(list.rewritten).substr(at, length));
    at += length;
  }
}

}  // namespace

void ScannerStep::apply(WordList& list, bool) const {
  std::vector<std::string_view> words;
  for (const std::string_view word : list.words) {
    const WordScanner scanner(m_rules, word);
    for (std::size_t begin = 0; begin < word.size();) {
      const std::size_t end = scanner.wordEnd(begin);
      words.push_back(word.substr(begin, end - begin));
      begin = end;
    }
  }
  list.words = std::move(words);
}

void PatternStep::apply(WordList& list, bool) const {
  std::vector<std::string_view> words;
  for (const std::string_view word : list.words) {
    std::vector<Stretch> stretches;
    for (const TextPattern::Match& match : m_pattern.matches(word)) addFind(stretches, match.begin, match.end, m_invert);
    addRest(stretches, word.size(), m_invert);
    appendStretches(words, word, stretches, m_behavior);
  }
  list.words = std::move(words);
}

void CharacterStep::apply(WordList& list, bool) const {
  std::vector<std::string_view> words;
  for (const std::string_view word : list.words) {
    std::vector<Stretch> stretches;
    for (std::size_t at = 0; at < word.size();) {
      const Utf8Character character = utf8At(word, at);
      if (m_isFound(character.code)) addFind(stretches, at, at + character.length, false);
      at += character.length;
    }
    addRest(stretches, word.size(), false);
    appendStretches(words, word, stretches, m_behavior);
  }
  list.words = std::move(words);
}

void PrefixSpaceStep::apply(WordList& list, bool) const {
  std::string text;
  std::vector<std::size_t> lengths;
  for (const std::string_view word : list.words) {
    const std::size_t before = text.size();
    if (!word.starts_with(' ')) text.push_back(' ');
    text.append(word);
    lengths.push_back(text.size() - before);
  }
  replaceText(list, std::move(text), lengths);
}

void MetaspaceStep::apply(WordList& list, bool first) const {
  std::string text;
  std::vector<std::size_t> lengths;
  for (const std::string_view word : list.words) {
    std::size_t begin = text.size();
    const bool prepend = m_prepend == Prepend::always || (m_prepend == Prepend::first && first);
    first = false;
    // Where spaces are not cut at, the file stands for a SentencePiece model that keeps every space, and that one puts its mark
    // before a space too. The library that wrote the file does not, and loses that space when it reads the ids back.
    const bool marked = m_cut && (word.starts_with(' ') || word.starts_with(m_mark));
    if (prepend && !marked) text.append(m_mark);
    for (std::size_t at = 0; at < word.size();) {
      const bool space = word[at] == ' ';
      const bool mark = space || (!m_mark.empty() && word.substr(at, m_mark.size()) == m_mark);
      if (mark && m_cut && text.size() > begin) {
        lengths.push_back(text.size() - begin);
        begin = text.size();
      }
      if (mark) text.append(m_mark);
      if (!mark) text.push_back(word[at]);
      at += space || !mark ? 1 : m_mark.size();
    }
    if (text.size() > begin) lengths.push_back(text.size() - begin);
  }
  replaceText(list, std::move(text), lengths);
}

void StepPreTokenizer::split(std::string_view text, bool first, WordList& list) const {
  if (!text.empty()) list.words.push_back(text);
  for (const auto& step : m_steps) step->apply(list, first);
}

}  // namespace nibble

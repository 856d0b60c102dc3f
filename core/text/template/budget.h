// What a rendering may spend (steps, depth, bytes), and the two ways it ends early. The exceptions stay inside core/text:
// ChatTemplate turns them into a Result. Every loop, node, produced byte and list element of the interpreter pays here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nibble::jinja {

constexpr std::uint64_t kMaxSteps = 1'000'000;
constexpr std::size_t kMaxTextBytes = std::size_t{8} << 20;  // of the output, and of any one string
constexpr int kMaxCallDepth = 100;                           // macros inside macros, recursive loops
constexpr int kMaxNesting = 100;                             // of parentheses and blocks in the source, of lists in lists
constexpr int kMaxEvaluationDepth = 1500;                    // frames of the evaluator, whatever they are made of

/// A template that cannot be parsed or rendered. `line` 0: filled in by the evaluator.
struct TemplateError {
  std::string message;
  int line = 0;
};

/// raise_exception(words).
struct TemplateRaised {
  std::string words;
};

class Budget {
 public:
  void grant(std::uint64_t steps) { m_left += 8 * steps; }
  /// Throws TemplateError once the steps are spent.
  void spend(std::uint64_t steps = 1) {
    if (steps > m_left) exhausted();
    m_left -= steps;
  }
  /// Produced text costs a step per 32 bytes, so that no chain of doublings outgrows the step limit.
  void spendBytes(std::size_t bytes) { spend(1 + bytes / 32); }
  /// Text that is only read (searched, compared) is cheaper.
  void spendScan(std::size_t bytes) { spend(1 + bytes / 128); }

 private:
  [[noreturn]] static void exhausted() { throw TemplateError{"the template takes more than 1,000,000 steps", 0}; }
  std::uint64_t m_left = kMaxSteps;
};

/// A string that is being built; refuses to grow past kMaxTextBytes and pays for what it holds.
class TextBuilder {
 public:
  explicit TextBuilder(Budget& budget) : m_budget(budget) {}
  void append(std::string_view text) {
    if (text.size() > kMaxTextBytes - m_text.size()) throw TemplateError{"the template makes a text of more than 8 MiB", 0};
    m_unpaid += text.size();
    if (m_unpaid >= 4096) pay();
    m_text.append(text);
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  void repeat(std::string_view text, std::int64_t times) {
    for (std::int64_t i = 0; i < times && !text.empty(); ++i) append(text);
  }
  std::string take() {
    pay();
    return std::move(m_text);
  }
  std::size_t size() const { return m_text.size(); }

 private:
  void pay() {
    m_budget.spendBytes(m_unpaid);
    m_unpaid = 0;
  }
  Budget& m_budget;
  std::string m_text;
  std::size_t m_unpaid = 0;
};

}  // namespace nibble::jinja

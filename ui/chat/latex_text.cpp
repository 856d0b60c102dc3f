#include "ui/chat/latex_text.h"

#include <QHash>
#include <QStringList>

namespace nibble {

namespace {
constexpr QChar kMarkBegin(0xE000), kMarkEnd(0xE001);  // private use: no text of ours has them
constexpr int kMaxDepth = 40;

const QHash<QString, QString>& symbols() {
  static const QHash<QString, QString> table = {
      {"alpha", "α"}, {"beta", "β"}, {"gamma", "γ"}, {"delta", "δ"}, {"epsilon", "ε"}, {"varepsilon", "ε"}, {"zeta", "ζ"}, {"eta", "η"},
      {"theta", "θ"}, {"vartheta", "ϑ"}, {"iota", "ι"}, {"kappa", "κ"}, {"lambda", "λ"}, {"mu", "μ"}, {"nu", "ν"}, {"xi", "ξ"}, {"pi", "π"},
      {"rho", "ρ"}, {"sigma", "σ"}, {"tau", "τ"}, {"upsilon", "υ"}, {"phi", "φ"}, {"varphi", "φ"}, {"chi", "χ"}, {"psi", "ψ"}, {"omega", "ω"},
      {"Gamma", "Γ"}, {"Delta", "Δ"}, {"Theta", "Θ"}, {"Lambda", "Λ"}, {"Xi", "Ξ"}, {"Pi", "Π"}, {"Sigma", "Σ"}, {"Phi", "Φ"}, {"Psi", "Ψ"}, {"Omega", "Ω"},
      {"times", " × "}, {"cdot", " · "}, {"div", " ÷ "}, {"pm", " ± "}, {"mp", " ∓ "}, {"leq", " ≤ "}, {"le", " ≤ "}, {"geq", " ≥ "}, {"ge", " ≥ "},
      {"neq", " ≠ "}, {"ne", " ≠ "}, {"approx", " ≈ "}, {"equiv", " ≡ "}, {"sim", " ∼ "}, {"propto", " ∝ "}, {"ll", " ≪ "}, {"gg", " ≫ "},
      {"infty", "∞"}, {"partial", "∂"}, {"nabla", "∇"}, {"sum", "∑"}, {"prod", "∏"}, {"int", "∫"}, {"oint", "∮"}, {"forall", "∀"}, {"exists", "∃"},
      {"in", " ∈ "}, {"notin", " ∉ "}, {"subset", " ⊂ "}, {"subseteq", " ⊆ "}, {"supset", " ⊃ "}, {"cup", " ∪ "}, {"cap", " ∩ "}, {"emptyset", "∅"},
      {"to", " → "}, {"rightarrow", " → "}, {"leftarrow", " ← "}, {"Rightarrow", " ⇒ "}, {"Leftarrow", " ⇐ "}, {"leftrightarrow", " ↔ "},
      {"Leftrightarrow", " ⇔ "}, {"implies", " ⇒ "}, {"iff", " ⇔ "}, {"mapsto", " ↦ "}, {"land", " ∧ "}, {"wedge", " ∧ "}, {"lor", " ∨ "}, {"vee", " ∨ "},
      {"neg", "¬"}, {"lnot", "¬"}, {"angle", "∠"}, {"perp", " ⊥ "}, {"parallel", " ∥ "}, {"circ", "∘"}, {"degree", "°"}, {"ldots", "…"}, {"cdots", "⋯"},
      {"dots", "…"}, {"vdots", "⋮"}, {"quad", "  "}, {"qquad", "    "}, {"langle", "⟨"}, {"rangle", "⟩"}, {"lfloor", "⌊"}, {"rfloor", "⌋"},
      {"lceil", "⌈"}, {"rceil", "⌉"}, {"mid", " | "}, {"vert", "|"}, {"Vert", "‖"}, {"hbar", "ℏ"}, {"ell", "ℓ"}, {"Re", "ℜ"}, {"Im", "ℑ"}, {"aleph", "ℵ"},
      {"therefore", "∴"}, {"because", "∵"}, {"oplus", " ⊕ "}, {"otimes", " ⊗ "}, {"star", "⋆"}, {"prime", "′"}, {"dagger", "†"}, {"colon", ":"}};
  return table;
}

bool isFontCommand(const QString& name) {
  static const QStringList names = {"text", "textbf", "textit", "textrm", "mathrm", "mathbf", "mathit", "mathsf", "mathtt", "mathcal", "mathbb",
                                    "mathfrak", "operatorname", "boldsymbol", "bm", "mbox", "boxed", "displaystyle", "textstyle", "hat", "bar",
                                    "vec", "tilde", "overline", "underline", "dot", "ddot"};
  return names.contains(name);
}

/// Recursive descent over a formula; every step consumes a character, so it ends.
class LatexReader {
 public:
  explicit LatexReader(const QString& source) : m_source(source) {}
  QString readAll() { return readUntil({}, 0); }

 private:
  bool atEnd() const { return m_at >= m_source.size(); }

  QString readUntil(QChar closing, int depth) {
    QString out;
    while (!atEnd()) {
      if (!closing.isNull() && m_source[m_at] == closing) {
        ++m_at;
        break;
      }
      out += readOne(depth);
    }
    return out;
  }

  /// A group, a command or one character.
  QString readOne(int depth) {
    const QChar c = m_source[m_at++];
    if (depth > kMaxDepth) return QString(c).toHtmlEscaped();
    if (c == '{') return readUntil('}', depth + 1);
    if (c == '^' || c == '_') {
      const QString tag = c == '^' ? "sup" : "sub";
      return "<" + tag + ">" + (atEnd() ? QString() : readOne(depth + 1)) + "</" + tag + ">";
    }
    if (c == '\\') return readCommand(depth);
    if (c == '&' || c == '}') return {};
    if (c == '~' || c == '\n') return " ";
    if (c == '-') return "−";
    return QString(c).toHtmlEscaped();
  }

  QString argument(int depth) {
    while (!atEnd() && m_source[m_at].isSpace()) ++m_at;
    return atEnd() ? QString() : readOne(depth + 1);
  }

  static QString grouped(const QString& html) { return html.size() > 1 && !html.startsWith('<') && html != "…" ? "(" + html + ")" : html; }

  QString readCommand(int depth) {
    if (atEnd()) return "\\";
    QString name;
    while (!atEnd() && m_source[m_at].isLetter() && m_source[m_at].unicode() < 128) name += m_source[m_at++];
    if (name.isEmpty()) {
      const QChar c = m_source[m_at++];
      if (c == '\\') return "<br>";
      if (c == ',' || c == ';' || c == ':' || c == ' ') return " ";
      return c == '!' ? QString() : QString(c).toHtmlEscaped();
    }
    if (name == "frac" || name == "dfrac" || name == "tfrac") {
      const QString top = argument(depth), bottom = argument(depth);
      return grouped(top) + "⁄" + grouped(bottom);
    }
    if (name == "sqrt") return "√" + grouped(argument(depth));
    if (name == "begin" || name == "end") {
      argument(depth);
      return {};
    }
    if (name == "left" || name == "right" || name == "big" || name == "Big" || name == "limits") {
      if (!atEnd() && m_source[m_at] == '.') ++m_at;  // an invisible bracket
      return {};
    }
    if (isFontCommand(name)) return argument(depth);
    const auto symbol = symbols().constFind(name);
    if (symbol != symbols().constEnd()) return symbol->toHtmlEscaped();
    return name;  // \log, \sin, and what is not known: its name
  }

  const QString& m_source;
  qsizetype m_at = 0;
};

struct Delimiter { QString open, close; bool display; };
const Delimiter kDelimiters[] = {{"$$", "$$", true}, {"\\[", "\\]", true}, {"\\(", "\\)", false}, {"$", "$", false}};

/// Where a formula that opens at `at` closes, or −1. A single $ follows pandoc's rule, so that prices stay prices.
qsizetype closingOf(const QString& text, qsizetype at, const Delimiter& delimiter) {
  const qsizetype begin = at + delimiter.open.size();
  if (begin >= text.size()) return -1;
  const bool dollar = delimiter.open == "$";
  if (dollar && text[begin].isSpace()) return -1;
  for (qsizetype end = text.indexOf(delimiter.close, begin); end > begin; end = text.indexOf(delimiter.close, end + 1)) {
    if (!delimiter.display && text.mid(begin, end - begin).contains("\n\n")) return -1;
    if (!dollar) return end;
    const bool digitAfter = end + 1 < text.size() && text[end + 1].isDigit();
    if (!text[end - 1].isSpace() && text[end - 1] != '\\' && !digitAfter) return end;
  }
  return -1;
}
}  // namespace

QString latexToHtml(const QString& latex) { return LatexReader(latex).readAll().simplified(); }

QString hideFormulas(const QString& markdown, std::vector<QString>& formulas) {
  QString out;
  qsizetype at = 0;
  while (at < markdown.size()) {
    if (markdown[at] == '`') {  // a code span is copied as it is
      qsizetype ticks = at;
      while (ticks < markdown.size() && markdown[ticks] == '`') ++ticks;
      const QString fence = markdown.mid(at, ticks - at);
      const qsizetype close = markdown.indexOf(fence, ticks);
      const qsizetype end = close < 0 ? ticks : close + fence.size();
      out += markdown.mid(at, end - at);
      at = end;
      continue;
    }
    bool taken = false;
    for (const Delimiter& delimiter : kDelimiters) {
      if (!QStringView(markdown).mid(at).startsWith(delimiter.open)) continue;
      const qsizetype end = closingOf(markdown, at, delimiter);
      if (end < 0) continue;
      const QString html = latexToHtml(markdown.mid(at + delimiter.open.size(), end - at - delimiter.open.size()));
      formulas.push_back(delimiter.display ? "<br>&nbsp;&nbsp;&nbsp;&nbsp;<i>" + html + "</i><br>" : "<i>" + html + "</i>");
      out += kMarkBegin + QString::number(formulas.size() - 1) + kMarkEnd;
      at = end + delimiter.close.size();
      taken = true;
      break;
    }
    if (taken) continue;
    if (markdown[at] == '\\' && at + 1 < markdown.size()) out += markdown[at++];
    out += markdown[at++];
  }
  return out;
}

QString showFormulas(QString html, const std::vector<QString>& formulas) {
  for (std::size_t i = 0; i < formulas.size(); ++i) html.replace(kMarkBegin + QString::number(i) + kMarkEnd, formulas[i]);
  return html;
}

}  // namespace nibble

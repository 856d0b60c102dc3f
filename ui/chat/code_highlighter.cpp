#include "ui/chat/code_highlighter.h"

#include <QHash>
#include <QSet>

#include "ui/appearance.h"

namespace nibble {

struct CodeLanguage {
  QSet<QString> keywords;
  QString lineComment;
  QString blockOpen, blockClose;
  QString quotes;               // characters that begin and end a string
  bool tripleQuotes = false;
};

namespace {
QSet<QString> words(const char* list) {
  const QStringList split = QString(list).split(' ', Qt::SkipEmptyParts);
  return {split.begin(), split.end()};
}

const QHash<QString, CodeLanguage>& languages() {
  static const QHash<QString, CodeLanguage> table = [] {
    const CodeLanguage cpp{words("alignas auto bool break case catch char class const constexpr continue default delete do double else enum explicit "
                                 "extern false float for friend if inline int long namespace new noexcept nullptr operator override private protected "
                                 "public return short signed sizeof static struct switch template this throw true try typedef typename union unsigned "
                                 "using virtual void volatile while include define __global__ __device__ __shared__"),
                           "//", "/*", "*/", "\"'", false};
    const CodeLanguage python{words("False None True and as assert async await break class continue def del elif else except finally for from global if "
                                    "import in is lambda nonlocal not or pass raise return try while with yield self print"),
                              "#", {}, {}, "\"'", true};
    const CodeLanguage script{words("abstract any as async await boolean break case catch class const continue debugger default delete do else enum export "
                                    "extends false finally for from function if implements import in instanceof interface let new null number of package "
                                    "private protected public return static string super switch this throw true try type typeof undefined var void while yield"),
                              "//", "/*", "*/", "\"'`", false};
    const CodeLanguage java{words("abstract boolean break byte case catch char class const continue default do double else enum extends final finally float for "
                                  "if implements import instanceof int interface long native new null package private protected public return short static super "
                                  "switch synchronized this throw throws true false try var void volatile while record string"),
                            "//", "/*", "*/", "\"'", false};
    const CodeLanguage rust{words("as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref "
                                  "return self Self static struct super trait true type unsafe use where while"),
                            "//", "/*", "*/", "\"", false};
    const CodeLanguage go{words("break case chan const continue default defer else fallthrough for func go goto if import interface map package range return "
                                "select struct switch type var nil true false"),
                          "//", "/*", "*/", "\"'`", false};
    const CodeLanguage shell{words("if then else elif fi for while until do done case esac in function return exit export local set cd echo sudo source read"),
                             "#", {}, {}, "\"'", false};
    const CodeLanguage sql{words("select from where group by order having insert into values update set delete create table index view drop alter join left right "
                                 "inner outer on as and or not null is in like between union all distinct limit primary key references SELECT FROM WHERE GROUP BY "
                                 "ORDER HAVING INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE INDEX VIEW DROP ALTER JOIN LEFT RIGHT INNER OUTER ON AS AND OR NOT "
                                 "NULL IS IN LIKE BETWEEN UNION ALL DISTINCT LIMIT PRIMARY KEY REFERENCES"),
                           "--", "/*", "*/", "'", false};
    const CodeLanguage data{words("true false null"), {}, {}, {}, "\"", false};
    const CodeLanguage settings{words("true false null yes no"), "#", {}, {}, "\"'", false};
    const CodeLanguage markup{{}, {}, "<!--", "-->", "\"", false};
    QHash<QString, CodeLanguage> made;
    const auto name = [&](const CodeLanguage& language, const char* names) {
      for (const QString& one : QString(names).split(' ')) made.insert(one, language);
    };
    name(cpp, "cpp c c++ cc h hpp cuda cu objc");
    name(python, "python py python3");
    name(script, "javascript js typescript ts jsx tsx");
    name(java, "java kotlin csharp cs c# scala swift dart");
    name(rust, "rust rs");
    name(go, "go golang");
    name(shell, "bash sh shell zsh console");
    name(sql, "sql sqlite postgresql mysql");
    name(data, "json");
    name(settings, "yaml yml toml ini cmake dockerfile makefile");
    name(markup, "html xml svg");
    return made;
  }();
  return table;
}

bool isWordCharacter(QChar c) { return c.isLetterOrNumber() || c == '_'; }
enum BlockState : int { kPlain = 0, kInComment = 1, kInTripleDouble = 2, kInTripleSingle = 3 };
}  // namespace

CodeHighlighter::CodeHighlighter(QTextDocument* document, const QString& language, const ThemeColors& colors)
    : QSyntaxHighlighter(document), m_language(nullptr) {
  const auto found = languages().constFind(language.toLower());
  if (found != languages().constEnd()) m_language = &*found;
  setColors(colors);
}

void CodeHighlighter::setColors(const ThemeColors& colors) {
  m_keyword.setForeground(colors.keyword);
  m_string.setForeground(colors.string);
  m_number.setForeground(colors.number);
  m_comment.setForeground(colors.comment);
  rehighlight();
}

void CodeHighlighter::highlightBlock(const QString& text) {
  if (!m_language) return;
  const CodeLanguage& language = *m_language;
  int at = 0;
  const int size = static_cast<int>(text.size());
  setCurrentBlockState(kPlain);
  /// Paints up to and including `close`, or to the end of the line, where the state goes on.
  const auto through = [&](const QString& close, int from, const QTextCharFormat& format, int state) {
    const int end = static_cast<int>(text.indexOf(close, from));
    const int stop = end < 0 ? size : end + static_cast<int>(close.size());
    setFormat(at, stop - at, format);
    if (end < 0) setCurrentBlockState(state);
    at = stop;
  };
  const QString tripleDouble = "\"\"\"", tripleSingle = "'''";
  if (previousBlockState() == kInComment) through(language.blockClose, 0, m_comment, kInComment);
  else if (previousBlockState() == kInTripleDouble) through(tripleDouble, 0, m_string, kInTripleDouble);
  else if (previousBlockState() == kInTripleSingle) through(tripleSingle, 0, m_string, kInTripleSingle);
  while (at < size) {
    const QStringView rest = QStringView(text).mid(at);
    const QChar c = text[at];
    if (!language.lineComment.isEmpty() && rest.startsWith(language.lineComment)) {
      setFormat(at, size - at, m_comment);
      return;
    }
    if (!language.blockOpen.isEmpty() && rest.startsWith(language.blockOpen)) {
      through(language.blockClose, at + static_cast<int>(language.blockOpen.size()), m_comment, kInComment);
    } else if (language.tripleQuotes && rest.startsWith(tripleDouble)) {
      through(tripleDouble, at + 3, m_string, kInTripleDouble);
    } else if (language.tripleQuotes && rest.startsWith(tripleSingle)) {
      through(tripleSingle, at + 3, m_string, kInTripleSingle);
    } else if (language.quotes.contains(c)) {
      int end = at + 1;
      while (end < size && text[end] != c) end += text[end] == '\\' ? 2 : 1;
      end = std::min(size, end + 1);
      setFormat(at, end - at, m_string);
      at = end;
    } else if (isWordCharacter(c)) {
      int end = at;
      while (end < size && isWordCharacter(text[end])) ++end;
      if (c.isDigit()) setFormat(at, end - at, m_number);
      else if (language.keywords.contains(text.mid(at, end - at))) setFormat(at, end - at, m_keyword);
      at = end;
    } else {
      ++at;
    }
  }
}

}  // namespace nibble

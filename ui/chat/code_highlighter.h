// Colours code by tables of words: enough to read a snippet by, not a parser.
#pragma once
#include <QSyntaxHighlighter>

namespace nibble {

struct ThemeColors;
struct CodeLanguage;

class CodeHighlighter : public QSyntaxHighlighter {
 public:
  CodeHighlighter(QTextDocument* document, const QString& language, const ThemeColors& colors);
  void setColors(const ThemeColors& colors);

 protected:
  void highlightBlock(const QString& text) override;

 private:
  const CodeLanguage* m_language;   // null: nothing is coloured
  QTextCharFormat m_keyword, m_string, m_number, m_comment;
};

}  // namespace nibble

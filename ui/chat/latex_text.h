// Makes LaTeX formulas legible without typesetting them: Greek letters, operators, fractions, indices and exponents as
// Unicode and simple rich text.
#pragma once
#include <QString>
#include <vector>

namespace nibble {

/// HTML of one formula's source (without its delimiters).
QString latexToHtml(const QString& latex);

/// Takes formulas ($…$, $$…$$, \(…\), \[…\]) out of Markdown, outside of code spans, and leaves marks that Markdown does
/// not touch. Their HTML goes into `formulas`.
QString hideFormulas(const QString& markdown, std::vector<QString>& formulas);

/// Puts them back into rendered HTML.
QString showFormulas(QString html, const std::vector<QString>& formulas);

}  // namespace nibble

// Markdown through cmark-gfm: cut into blocks that are shown by different widgets, and rendered to the HTML that Qt's rich
// text knows. Raw HTML is dropped, images become their text: nothing is ever fetched.
#pragma once
#include <QString>
#include <vector>

namespace nibble {

struct MarkdownBlock {
  bool code = false;
  QString source;        ///< Markdown of a text block; the literal of a code block
  QString language;      ///< of a fenced code block: its first word
  qsizetype begin = 0;   ///< offset of the block's first line in the text that was cut
};

/// Top-level blocks in order; neighbouring text blocks are not joined. The last one may still be growing.
std::vector<MarkdownBlock> markdownBlocks(const QString& text);

/// HTML of a text block, formulas made legible. Links keep their address; nothing else leads anywhere.
QString markdownToHtml(const QString& source);

}  // namespace nibble

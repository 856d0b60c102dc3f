#include "ui/chat/markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <QRegularExpression>
#include <memory>

#include "ui/chat/latex_text.h"

namespace nibble {

namespace {
struct NodeFree { void operator()(cmark_node* node) const { cmark_node_free(node); } };
struct ParserFree { void operator()(cmark_parser* parser) const { cmark_parser_free(parser); } };
using NodePtr = std::unique_ptr<cmark_node, NodeFree>;
using ParserPtr = std::unique_ptr<cmark_parser, ParserFree>;

ParserPtr makeParser() {
  static const bool registered = (cmark_gfm_core_extensions_ensure_registered(), true);
  (void)registered;
  ParserPtr parser(cmark_parser_new(CMARK_OPT_DEFAULT));
  for (const char* name : {"table", "strikethrough", "autolink"}) {
    if (cmark_syntax_extension* extension = cmark_find_syntax_extension(name)) cmark_parser_attach_syntax_extension(parser.get(), extension);
  }
  return parser;
}

/// The parser owns its list of extensions, so it must outlive rendering.
struct Parsed {
  ParserPtr parser = makeParser();
  NodePtr document;
  explicit Parsed(const QByteArray& utf8) {
    cmark_parser_feed(parser.get(), utf8.constData(), static_cast<std::size_t>(utf8.size()));
    document.reset(cmark_parser_finish(parser.get()));
  }
};

/// Images become their alternative text, so that no address is ever asked.
void dropImages(cmark_node* root) {
  std::unique_ptr<cmark_iter, void (*)(cmark_iter*)> walk(cmark_iter_new(root), cmark_iter_free);
  std::vector<cmark_node*> images;
  for (cmark_event_type event; (event = cmark_iter_next(walk.get())) != CMARK_EVENT_DONE;) {
    cmark_node* node = cmark_iter_get_node(walk.get());
    if (event == CMARK_EVENT_ENTER && cmark_node_get_type(node) == CMARK_NODE_IMAGE) images.push_back(node);
  }
  for (cmark_node* image : images) {
    while (cmark_node* child = cmark_node_first_child(image)) cmark_node_insert_before(image, child);
    cmark_node_unlink(image);
    cmark_node_free(image);
  }
}

QString forRichText(QString html) {
  html.replace("<table>", "<table border=\"1\" cellspacing=\"0\" cellpadding=\"5\" style=\"border-collapse: collapse;\">");
  html.replace("<del>", "<s>").replace("</del>", "</s>");
  html.replace("<blockquote>", "<blockquote class=\"quote\">");
  return html;
}
}  // namespace

std::vector<MarkdownBlock> markdownBlocks(const QString& text) {
  std::vector<qsizetype> lines = {0};  // offset of every line
  for (qsizetype i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') lines.push_back(i + 1);
  }
  const auto offsetOf = [&](int line) { return line - 1 < static_cast<int>(lines.size()) ? lines[static_cast<std::size_t>(std::max(0, line - 1))] : text.size(); };
  const Parsed parsed(text.toUtf8());
  std::vector<MarkdownBlock> blocks;
  for (cmark_node* node = cmark_node_first_child(parsed.document.get()); node; node = cmark_node_next(node)) {
    MarkdownBlock block;
    block.begin = offsetOf(cmark_node_get_start_line(node));
    cmark_node* following = cmark_node_next(node);
    const qsizetype end = following ? offsetOf(cmark_node_get_start_line(following)) : text.size();
    block.code = cmark_node_get_type(node) == CMARK_NODE_CODE_BLOCK;
    if (block.code) {
      block.source = QString::fromUtf8(cmark_node_get_literal(node));
      block.language = QString::fromUtf8(cmark_node_get_fence_info(node)).section(' ', 0, 0);
    } else {
      block.source = text.mid(block.begin, end - block.begin);
    }
    blocks.push_back(std::move(block));
  }
  return blocks;
}

QString markdownToHtml(const QString& source) {
  std::vector<QString> formulas;
  const Parsed parsed(hideFormulas(source, formulas).toUtf8());
  dropImages(parsed.document.get());
  std::unique_ptr<char, void (*)(void*)> html(cmark_render_html(parsed.document.get(), CMARK_OPT_DEFAULT, nullptr), std::free);
  return forRichText(showFormulas(QString::fromUtf8(html.get()), formulas));
}

}  // namespace nibble

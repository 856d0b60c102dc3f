// The text of one message as a column of blocks: rich text, code, and while it streams a plain tail. Only blocks that are
// closed are rendered; the tail is appended to.
#pragma once
#include <QWidget>

#include "ui/chat/markdown.h"
#include "ui/ui_context.h"

class QVBoxLayout;

namespace nibble {

class CodeBlock;
class TextBlock;

class MessageBody : public QWidget {
  Q_OBJECT
 public:
  explicit MessageBody(UiContext& ui, QWidget* parent = nullptr);

  void setMarkdown(const QString& text);          ///< a finished message
  void setPlainText(const QString& text);         ///< what a person wrote: shown as it was typed
  void append(const QString& text);               ///< more of a streaming one
  void finish();                                  ///< the tail is closed
  int heightForWidth(int width) const override;
  void fit(int width);

 signals:
  void heightChanged();                           ///< by itself, after fit()

 private:
  void buildSome();
  void fitSome();
  void showTail();
  void closeAll(const std::vector<MarkdownBlock>& blocks);
  void close(const QString& source);              ///< rich text below what is closed
  TextBlock* addText();
  CodeBlock* addCode(const QString& language);
  void dropTail();

  UiContext& m_ui;
  QVBoxLayout* m_column;
  QString m_tail;                                 // source of what is not yet closed
  TextBlock* m_lastText = nullptr;                // closed rich text at the end of the column, if it ends with one
  TextBlock* m_tailText = nullptr;
  CodeBlock* m_tailCode = nullptr;
  std::vector<MarkdownBlock> m_waiting;           // of a finished message, not yet made into widgets
  std::size_t m_nextWaiting = 0;
  int m_width = 0;
  bool m_fitPending = false;
};

}  // namespace nibble

// A piece of rich or plain text in a message, as high as its text. Selectable; links are shown before they are opened;
// nothing is ever loaded from an address.
#pragma once
#include <QTextBrowser>

#include "ui/ui_context.h"

namespace nibble {

class TextBlock : public QTextBrowser {
  Q_OBJECT
 public:
  explicit TextBlock(UiContext& ui, QWidget* parent = nullptr);

  void appendMarkdown(const QString& source);     ///< rendered below what is there, in one edit block
  void setStreamingText(const QString& text);     ///< plain; only what is new is inserted, in one edit block
  const QString& source() const { return m_source; }
  bool isFitted(int width) const { return width == m_fittedWidth && document()->revision() == m_fittedRevision; }
  void fitHeight(int width);                      ///< costs nothing if neither width nor text has changed

  QVariant loadResource(int, const QUrl&) override { return {}; }  // no file, no network

 protected:
  void changeEvent(QEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;   // left to the conversation
  void mousePressEvent(QMouseEvent* event) override;

 private:
  void render();
  void openLink(const QUrl& address);
  QString styleOf() const;

  UiContext& m_ui;
  QString m_source;      // Markdown, if it is rich text
  QString m_streaming;   // plain text shown while it streams
  int m_fittedWidth = 0; // what fitHeight last worked on
  int m_fittedRevision = -1;
};

}  // namespace nibble

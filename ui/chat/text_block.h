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
  void fitHeight(int width);

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
};

}  // namespace nibble

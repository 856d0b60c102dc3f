// A titled, read-only, copyable text: licences, diagnostics.
#pragma once
#include <QDialog>

class QLabel;
class QPlainTextEdit;

namespace nibble {

class TextDialog : public QDialog {
  Q_OBJECT
 public:
  TextDialog(const QString& objectName, const QString& title, const QString& introduction, const QString& text, QWidget* parent = nullptr);
  QString text() const;
};

}  // namespace nibble

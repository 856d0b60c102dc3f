#include "ui/dialogs.h"

#include <QDesktopServices>
#include <QFileDialog>
#include <QInputDialog>
#include <QMessageBox>
#include <QPushButton>
#include <QUrl>

namespace nibble {

QString NativeDialogs::openFolder(QWidget* parent, const QString& title, const QString& start) {
  return QFileDialog::getExistingDirectory(parent, title, start);
}

QString NativeDialogs::openFile(QWidget* parent, const QString& title, const QString& start, const QString& filter) {
  return QFileDialog::getOpenFileName(parent, title, start, filter);
}

QString NativeDialogs::saveFile(QWidget* parent, const QString& title, const QString& suggestion, const QString& filter) {
  return QFileDialog::getSaveFileName(parent, title, suggestion, filter);
}

QString NativeDialogs::askText(QWidget* parent, const QString& title, const QString& label, const QString& start) {
  bool accepted = false;
  const QString text = QInputDialog::getText(parent, title, label, QLineEdit::Normal, start, &accepted);
  return accepted ? text : QString();
}

bool NativeDialogs::confirm(QWidget* parent, const QString& title, const QString& text, const QString& action) {
  QMessageBox box(QMessageBox::Question, title, text, QMessageBox::Cancel, parent);
  box.setTextFormat(Qt::PlainText);
  QPushButton* yes = box.addButton(action, QMessageBox::AcceptRole);
  box.exec();
  return box.clickedButton() == yes;
}

void NativeDialogs::tell(QWidget* parent, const QString& title, const QString& text) {
  QMessageBox box(QMessageBox::Information, title, text, QMessageBox::Ok, parent);
  box.setTextFormat(Qt::PlainText);
  box.exec();
}

void NativeDialogs::openLink(const QString& address) { QDesktopServices::openUrl(QUrl(address)); }

}  // namespace nibble

#include "ui/help/text_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace nibble {

TextDialog::TextDialog(const QString& objectName, const QString& title, const QString& introduction, const QString& text, QWidget* parent) : QDialog(parent) {
  setObjectName(objectName);
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(title);
  auto* column = new QVBoxLayout(this);
  auto* label = new QLabel(introduction, this);
  label->setWordWrap(true);
  auto* edit = new QPlainTextEdit(text, this);
  edit->setObjectName("dialogText");
  edit->setReadOnly(true);
  edit->setTabChangesFocus(true);
  edit->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  edit->setAccessibleName(title);
  label->setBuddy(edit);
  auto* buttons = new QDialogButtonBox(this);
  auto* copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
  copy->setObjectName("dialogCopy");
  buttons->addButton(tr("Close"), QDialogButtonBox::RejectRole)->setObjectName("dialogClose");
  column->addWidget(label);
  column->addWidget(edit);
  column->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(copy, &QPushButton::clicked, this, [text] { QApplication::clipboard()->setText(text); });
  resize(720, 480);
}

QString TextDialog::text() const { return findChild<QPlainTextEdit*>("dialogText")->toPlainText(); }

}  // namespace nibble

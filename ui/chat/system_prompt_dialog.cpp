#include "ui/chat/system_prompt_dialog.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace nibble {

SystemPromptDialog::SystemPromptDialog(const QString& text, QWidget* parent) : QDialog(parent) {
  setObjectName("systemPromptDialog");
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(tr("System prompt"));
  auto* column = new QVBoxLayout(this);
  auto* label = new QLabel(tr("&What the model is told before this conversation:"), this);
  label->setWordWrap(true);
  m_edit = new QPlainTextEdit(text, this);
  m_edit->setObjectName("systemPromptEdit");
  m_edit->setTabChangesFocus(true);
  m_edit->setPlaceholderText(tr("You answer briefly and in simple words."));
  label->setBuddy(m_edit);
  m_edit->setAccessibleName(tr("System prompt"));
  auto* buttons = new QDialogButtonBox(this);
  auto* use = buttons->addButton(tr("Use"), QDialogButtonBox::AcceptRole);
  use->setObjectName("systemPromptUse");
  use->setProperty("primary", true);
  buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole)->setObjectName("systemPromptCancel");
  column->addWidget(label);
  column->addWidget(m_edit);
  column->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  resize(520, 280);
}

QString SystemPromptDialog::text() const { return m_edit->toPlainText(); }

}  // namespace nibble

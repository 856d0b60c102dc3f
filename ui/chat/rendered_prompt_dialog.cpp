#include "ui/chat/rendered_prompt_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QLabel>
#include <QPushButton>
#include <QTextEdit>
#include <QVBoxLayout>

#include "app/application_context.h"
#include "app/error_text.h"
#include "app/inference_queue.h"
#include "app/units.h"
#include "ui/appearance.h"

namespace nibble {

namespace {
constexpr std::size_t kMaxShown = 20'000;   // tokens; more would take seconds to lay out
}

RenderedPromptDialog::RenderedPromptDialog(UiContext& ui, const std::vector<ChatTurn>& turns, QWidget* parent) : QDialog(parent), m_ui(ui) {
  setObjectName("renderedPromptDialog");
  setAttribute(Qt::WA_DeleteOnClose);
  setWindowTitle(tr("The prompt as the model gets it"));
  auto* column = new QVBoxLayout(this);
  m_summary = new QLabel(tr("Applying the template …"), this);
  m_summary->setObjectName("renderedPromptSummary");
  m_summary->setTextFormat(Qt::PlainText);
  m_summary->setWordWrap(true);
  m_text = new QTextEdit(this);
  m_text->setObjectName("renderedPromptText");
  m_text->setReadOnly(true);
  m_text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  m_text->setAccessibleName(tr("Prompt, cut into tokens"));
  m_text->setTabChangesFocus(true);
  auto* buttons = new QDialogButtonBox(this);
  auto* copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
  copy->setObjectName("renderedPromptCopy");
  buttons->addButton(tr("Close"), QDialogButtonBox::RejectRole)->setObjectName("renderedPromptClose");
  column->addWidget(m_summary);
  column->addWidget(m_text);
  column->addWidget(buttons);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(QString::fromStdString(m_prompt.text)); });
  InferenceQueue& queue = ui.app.inference();
  connect(&queue, &InferenceQueue::rendered, this, [this](RunId run, const RenderedPrompt& prompt) {
    if (run == m_run) show(prompt);
  });
  connect(&queue, &InferenceQueue::failed, this, [this](RunId run, const Error& error) {
    if (run == m_run) m_summary->setText(errorText(error).text());
  });
  m_run = queue.render(turns);
  resize(720, 480);
}

void RenderedPromptDialog::show(const RenderedPrompt& prompt) {
  m_prompt = prompt;
  const auto shown = std::min(prompt.pieces.size(), kMaxShown);
  QString summary = tr("%n token(s). Shades show where one ends and the next begins.", nullptr, static_cast<int>(prompt.ids.size()));
  if (shown < prompt.pieces.size()) summary += " " + tr("The first %1 are shown.").arg(countText(static_cast<qint64>(shown)));
  m_summary->setText(summary);
  const ThemeColors& colors = m_ui.appearance.colors();
  QTextCharFormat formats[2];
  formats[0].setBackground(colors.raised);
  formats[1].setBackground(colors.hairline);
  QTextCursor cursor(m_text->document());
  cursor.beginEditBlock();
  for (std::size_t i = 0; i < shown; ++i) {
    QString piece = QString::fromStdString(prompt.pieces[i]);
    formats[i % 2].setToolTip(QString::number(prompt.ids[i]));
    cursor.insertText(piece, formats[i % 2]);
  }
  cursor.endEditBlock();
}

}  // namespace nibble

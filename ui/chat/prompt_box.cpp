#include "ui/chat/prompt_box.h"

#include <QActionGroup>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTimer>
#include <QToolButton>
#include <algorithm>

#include "app/application_context.h"
#include "app/chat_session.h"
#include "app/model_session.h"
#include "app/sampling_presets.h"
#include "app/units.h"
#include "ui/line_icons.h"

namespace nibble {

QString samplingPresetName(const QString& id) {
  if (id == "precise") return PromptBox::tr("Precise");
  if (id == "balanced") return PromptBox::tr("Balanced");
  if (id == "creative") return PromptBox::tr("Creative");
  if (id == "greedy") return PromptBox::tr("Always the likeliest word");
  if (id == "custom") return PromptBox::tr("Own values");
  return PromptBox::tr("The model's own");
}

PromptBox::PromptBox(UiContext& ui, ChatSession& session, QWidget* parent) : QWidget(parent), m_ui(ui), m_session(session) {
  setObjectName("promptBox");
  buildLayout();
  connectSignals();
  retranslate();
  showActivity();
}

void PromptBox::buildLayout() {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(16, 8, 16, 8);
  column->setSpacing(4);
  auto* row = new QHBoxLayout;
  row->setSpacing(8);
  m_edit = new PromptEdit(this);
  m_send = new QPushButton(this);
  m_send->setObjectName("sendButton");
  m_send->setProperty("primary", true);
  m_stop = new QPushButton(this);
  m_stop->setObjectName("stopButton");
  m_stop->setIcon(lineIcon("stop"));
  row->addWidget(m_edit);
  row->addWidget(m_send, 0, Qt::AlignBottom);
  row->addWidget(m_stop, 0, Qt::AlignBottom);
  column->addLayout(row);
  auto* tools = new QHBoxLayout;
  tools->setSpacing(4);
  const auto tool = [&](const char* name, const QString& icon) {
    auto* button = new QToolButton(this);
    button->setObjectName(name);
    button->setIcon(lineIcon(icon));
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    tools->addWidget(button);
    return button;
  };
  m_systemPrompt = tool("systemPromptButton", "edit");
  m_sampling = tool("samplingButton", "settings");
  m_sampling->setPopupMode(QToolButton::InstantPopup);
  m_samplingMenu = new QMenu(m_sampling);
  m_samplingMenu->setObjectName("samplingMenu");
  m_sampling->setMenu(m_samplingMenu);
  m_rendered = tool("renderedPromptButton", "prompt");
  tools->addStretch();
  m_activity = new QLabel(this);
  m_activity->setObjectName("activityLabel");
  m_activity->setProperty("quiet", true);
  m_context = new QLabel(this);
  m_context->setObjectName("contextLabel");
  m_context->setProperty("quiet", true);
  tools->addWidget(m_activity);
  tools->addSpacing(8);
  tools->addWidget(m_context);
  column->addLayout(tools);
  m_draftTimer = new QTimer(this);
  m_draftTimer->setSingleShot(true);
  m_draftTimer->setInterval(800);
}

void PromptBox::connectSignals() {
  connect(m_edit, &PromptEdit::sendWanted, this, &PromptBox::send);
  connect(m_send, &QPushButton::clicked, this, &PromptBox::send);
  connect(m_stop, &QPushButton::clicked, &m_session, &ChatSession::stop);
  connect(m_systemPrompt, &QToolButton::clicked, this, &PromptBox::systemPromptWanted);
  connect(m_rendered, &QToolButton::clicked, this, &PromptBox::renderedPromptWanted);
  connect(m_edit, &QPlainTextEdit::textChanged, m_draftTimer, qOverload<>(&QTimer::start));
  connect(m_draftTimer, &QTimer::timeout, this, [this] { m_session.setDraft(text()); });
  connect(&m_session, &ChatSession::activityChanged, this, &PromptBox::showActivity);
  connect(&m_session, &ChatSession::contextChanged, this, &PromptBox::showContext);
  connect(&m_session, &ChatSession::chatChanged, this, &PromptBox::retranslate);
  connect(&m_ui.app.model(), &ModelSession::changed, this, [this] {
    showActivity();
    showContext();
  });
  connect(&m_session, &ChatSession::opened, this, [this] {
    setText(m_session.chat().draft);
    retranslate();
  });
  connect(&m_session, &ChatSession::accepted, this, [this] {
    if (!m_sending.isEmpty() && text() == m_sending) m_edit->clear();
    m_sending.clear();
    m_session.setDraft({});
    m_draftTimer->stop();
  });
  connect(m_samplingMenu, &QMenu::aboutToShow, this, &PromptBox::rebuildSamplingMenu);
}

void PromptBox::focusPrompt() { m_edit->setFocus(); }
void PromptBox::setText(const QString& text) { m_edit->setPlainText(text); }
QString PromptBox::text() const { return m_edit->toPlainText(); }

void PromptBox::send() {
  const QString question = text().trimmed();
  if (question.isEmpty() || m_session.busy()) return;
  if (!m_ui.app.model().info()) return emit modelWanted();
  m_sending = text();   // stays in the box until it is on disk
  m_session.ask(question);
}

void PromptBox::showActivity() {
  const bool busy = m_session.busy();
  m_send->setVisible(!busy);
  m_stop->setVisible(busy);
  QString text;
  switch (m_session.activity()) {
    case ChatSession::Activity::waiting:
      text = tr("Waiting for other work to finish …");
      break;
    case ChatSession::Activity::prefilling:
      text = m_session.prefillTotal() > 0 ? tr("Reading the prompt: %1 of %2 tokens").arg(countText(m_session.prefillDone()), countText(m_session.prefillTotal()))
                                          : tr("Reading the prompt …");
      break;
    case ChatSession::Activity::streaming:
      text = m_session.answeringChat() == m_session.currentId() ? QString() : tr("Answering in another chat");
      break;
    default: break;
  }
  m_activity->setText(text);
  fitTools();
}

void PromptBox::showContext() {
  const auto& info = m_ui.app.model().info();
  if (!info) {
    m_context->clear();
    return fitTools();
  }
  // An answer that fills the context has one token more than that: its last one is never read.
  const qint64 used = std::min<qint64>(m_session.contextUsed(), info->context);
  m_context->setText(tr("%1 of %2 tokens").arg(countText(used), countText(info->context)));
  const bool nearlyFull = used * 10 > info->context * 9;
  m_context->setToolTip(nearlyFull ? tr("The context is nearly full: begin a new chat, or load the model with a larger context.")
                                   : tr("Tokens of this conversation, of those the loaded context holds"));
  fitTools();
}

/// Where the words would be cut, the icons stand alone; tooltips and accessible names still say everything.
void PromptBox::fitTools() {
  int wanted = m_context->sizeHint().width() + m_activity->sizeHint().width() + 64;
  for (QToolButton* button : {m_systemPrompt, m_sampling, m_rendered}) {
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    wanted += button->sizeHint().width();
  }
  const auto style = wanted > width() ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon;
  for (QToolButton* button : {m_systemPrompt, m_sampling, m_rendered}) button->setToolButtonStyle(style);
}

void PromptBox::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fitTools();
}

void PromptBox::rebuildSamplingMenu() {
  m_samplingMenu->clear();
  const QString current = presetIdOf(m_session.chat().sampling);
  for (const SamplingPreset& preset : samplingPresets()) {
    QAction* action = m_samplingMenu->addAction(samplingPresetName(preset.id) + (preset.id == "custom" ? " …" : ""));
    action->setObjectName("sampling_" + preset.id);
    action->setCheckable(true);
    action->setChecked(preset.id == current);
    connect(action, &QAction::triggered, this, [this, id = preset.id] {
      if (id == "custom") return emit samplingWanted();
      QJsonObject sampling = m_session.chat().sampling;
      QJsonObject kept{{"preset", id}};
      for (const char* key : {"seed", "maxTokens"}) {
        if (sampling.contains(key)) kept.insert(key, sampling.value(key));
      }
      m_session.setSampling(kept);
    });
  }
}

void PromptBox::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) {
    retranslate();
    showActivity();
  }
  QWidget::changeEvent(event);
}

void PromptBox::retranslate() {
  m_edit->setPlaceholderText(tr("Ask anything …"));
  m_edit->setAccessibleName(tr("Your message"));
  m_edit->setToolTip(tr("Enter sends, Shift+Enter begins a new line"));
  m_send->setText(tr("Send"));
  m_send->setToolTip(tr("Send (Enter)"));
  m_stop->setText(tr("Stop"));
  m_stop->setToolTip(tr("Stop the answer (Esc)"));
  m_systemPrompt->setText(m_session.chat().systemPrompt.trimmed().isEmpty() ? tr("System prompt") : tr("System prompt ✓"));
  m_systemPrompt->setToolTip(tr("What the model is told before the conversation"));
  m_sampling->setText(tr("Sampling: %1").arg(samplingPresetName(presetIdOf(m_session.chat().sampling))));
  m_sampling->setToolTip(tr("How the next word is chosen"));
  m_rendered->setText(tr("Show prompt"));
  m_rendered->setToolTip(tr("The text the model really gets, cut into tokens"));
  for (QToolButton* button : {m_systemPrompt, m_sampling, m_rendered}) button->setAccessibleName(button->text());
  rebuildSamplingMenu();
  showContext();
}

}  // namespace nibble

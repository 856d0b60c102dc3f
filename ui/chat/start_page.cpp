#include "ui/chat/start_page.h"

#include <QEvent>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "app/application_context.h"
#include "app/model_library.h"
#include "app/model_session.h"
#include "app/units.h"
#include "ui/line_icons.h"

namespace nibble {

StartPage::StartPage(UiContext& ui, QWidget* parent) : QWidget(parent), m_ui(ui) {
  setObjectName("startPage");
  buildLayout();
  connect(&ui.app.model(), &ModelSession::changed, this, &StartPage::refresh);
  connect(&ui.app.model(), &ModelSession::progressed, this, &StartPage::refresh);
  connect(&ui.app.library(), &QAbstractItemModel::modelReset, this, &StartPage::refresh);
  retranslate();
}

void StartPage::buildLayout() {
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(24, 24, 24, 24);
  auto* column = new QVBoxLayout;
  column->setSpacing(12);
  m_title = new QLabel(this);
  m_title->setObjectName("startTitle");
  m_title->setAlignment(Qt::AlignHCenter);
  m_title->setWordWrap(true);
  m_text = new QLabel(this);
  m_text->setObjectName("startText");
  m_text->setProperty("quiet", true);
  m_text->setAlignment(Qt::AlignHCenter);
  m_text->setWordWrap(true);
  m_load = new QPushButton(this);
  m_load->setObjectName("startLoad");
  m_load->setProperty("primary", true);
  m_folder = new QPushButton(this);
  m_folder->setObjectName("startFolder");
  m_folder->setIcon(lineIcon("folder"));
  m_progress = new QProgressBar(this);
  m_progress->setObjectName("startProgress");
  m_progress->setTextVisible(false);
  m_progress->setMaximumWidth(360);
  m_suggestions = new QWidget(this);
  auto* list = new QVBoxLayout(m_suggestions);
  list->setContentsMargins(0, 0, 0, 0);
  for (int i = 0; i < 3; ++i) {
    auto* button = new QPushButton(m_suggestions);
    button->setObjectName(QString("suggestion_%1").arg(i));
    connect(button, &QPushButton::clicked, this, [this, button] { emit askWanted(button->text()); });
    list->addWidget(button, 0, Qt::AlignHCenter);
    m_questions << button;
  }
  column->addWidget(m_title);
  column->addWidget(m_text);
  column->addWidget(m_load, 0, Qt::AlignHCenter);
  column->addWidget(m_progress);
  column->setAlignment(m_progress, Qt::AlignHCenter);
  column->addWidget(m_folder, 0, Qt::AlignHCenter);
  column->addWidget(m_suggestions);
  outer->addStretch(2);
  outer->addLayout(column);
  outer->addStretch(3);
  connect(m_load, &QPushButton::clicked, this, [this] {
    const auto& models = m_ui.app.library().models();
    const auto sample = std::find_if(models.begin(), models.end(), [](const LibraryModel& model) { return model.bundled; });
    if (sample != models.end()) emit loadWanted(sample->path);
  });
  connect(m_folder, &QPushButton::clicked, this, &StartPage::folderWanted);
}

void StartPage::refresh() {
  const auto& models = m_ui.app.library().models();
  const auto sample = std::find_if(models.begin(), models.end(), [](const LibraryModel& model) { return model.bundled; });
  const ModelSession& session = m_ui.app.model();
  const bool none = session.state() == ModelSession::State::none;
  const bool loading = session.state() == ModelSession::State::loading;
  const bool ready = session.state() == ModelSession::State::ready;
  m_load->setVisible(none && sample != models.end());
  m_folder->setVisible(none);
  m_progress->setVisible(loading);
  m_suggestions->setVisible(ready);
  if (loading) {
    const LoadProgress& progress = session.progress();
    m_progress->setRange(0, 1000);
    m_progress->setValue(progress.bytesTotal > 0 ? static_cast<int>(1000.0 * static_cast<double>(progress.bytesDone) / static_cast<double>(progress.bytesTotal)) : 0);
    m_title->setText(tr("Loading the model"));
    m_text->setText(tr("%1 of %2").arg(bytesText(static_cast<double>(progress.bytesDone)), bytesText(static_cast<double>(progress.bytesTotal))));
  } else if (ready) {
    offerQuestions();
    m_title->setText(tr("Ask something"));
    m_text->setText(tr("%1 is loaded and runs on this computer. Nothing you write leaves it.").arg(m_ui.app.library().displayName(*session.info())));
  } else {
    m_title->setText(tr("Chat with a language model on this computer"));
    m_text->setText(sample != models.end()
                        ? tr("A small story-telling model comes with the program: load it to try everything. Your own models are folders with config.json and safetensors files.")
                        : tr("Add a model: a folder with config.json and safetensors files."));
    if (sample != models.end()) m_load->setText(tr("Load %1 (%2)").arg(sample->name, bytesText(static_cast<double>(sample->fileBytes))));
  }
}

void StartPage::offerQuestions() {
  // The bundled model knows English alone: a question in another language would show it at its worst.
  const int row = m_ui.app.library().indexOf(QString::fromStdString(m_ui.app.model().info()->path));
  const bool bundled = row >= 0 && m_ui.app.library().models()[static_cast<std::size_t>(row)].bundled;
  const char* questions[] = {QT_TR_NOOP("Tell me a story about a red ball."), QT_TR_NOOP("Tell me a story about a cat and a boat."),
                             QT_TR_NOOP("Why did the little bird sing in the rain?")};
  for (int i = 0; i < 3; ++i) m_questions[i]->setText(bundled ? QString(questions[i]) : tr(questions[i]));
}

void StartPage::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  if (event->type() == QEvent::FontChange || event->type() == QEvent::LanguageChange) {
    QFont large = font();
    large.setPointSizeF(large.pointSizeF() * 1.5);
    large.setWeight(QFont::DemiBold);
    if (m_title && m_title->font() != large) m_title->setFont(large);
  }
  QWidget::changeEvent(event);
}

void StartPage::retranslate() {
  QFont large = font();
  large.setPointSizeF(large.pointSizeF() * 1.5);
  large.setWeight(QFont::DemiBold);
  m_title->setFont(large);
  m_folder->setText(tr("Add a folder of models …"));
  m_progress->setAccessibleName(tr("Loading progress"));
  refresh();
}

}  // namespace nibble

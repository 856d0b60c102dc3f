#include "ui/dock/model_dock.h"

#include <QDir>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/application_context.h"
#include "app/error_text.h"
#include "app/model_library.h"
#include "app/inference_queue.h"
#include "app/model_session.h"
#include "app/planner.h"
#include "app/precision_choices.h"
#include "app/settings_store.h"
#include "app/units.h"
#include "ui/dialogs.h"
#include "ui/dock/budget_bar.h"
#include "ui/dock/load_form.h"
#include "ui/precision_text.h"

namespace nibble {

namespace {
void setStatus(QLabel* label, const char* status) {
  label->setProperty("status", status);
  label->style()->unpolish(label);
  label->style()->polish(label);
}
}  // namespace

ModelDock::ModelDock(UiContext& ui, QWidget* parent) : QWidget(parent), m_ui(ui) {
  setObjectName("modelDock");
  buildLayout();
  connectSignals();
  retranslate();
  reprice();
}

QLabel* ModelDock::addText(const char* name, QVBoxLayout* column) {
  auto* label = new QLabel(this);
  label->setObjectName(name);
  label->setTextFormat(Qt::PlainText);
  label->setWordWrap(true);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  column->addWidget(label);
  return label;
}

void ModelDock::buildLayout() {
  setMinimumWidth(264);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(12, 12, 12, 12);
  column->setSpacing(8);
  m_form = new LoadForm(m_ui, this);
  column->addWidget(m_form);
  m_bar = new BudgetBar(m_ui, this);
  column->addWidget(m_bar);
  m_verdict = addText("verdictLabel", column);
  m_others = addText("othersLabel", column);
  m_others->setProperty("quiet", true);
  auto* buttons = new QHBoxLayout;
  m_load = new QPushButton(this);
  m_load->setObjectName("loadButton");
  m_load->setProperty("primary", true);
  m_cancel = new QPushButton(this);
  m_cancel->setObjectName("cancelLoadButton");
  m_unload = new QPushButton(this);
  m_unload->setObjectName("unloadButton");
  buttons->addWidget(m_load);
  buttons->addWidget(m_cancel);
  buttons->addWidget(m_unload);
  buttons->addStretch();
  column->addLayout(buttons);
  auto* ways = new QHBoxLayout;
  m_fit = new QToolButton(this);
  m_fit->setObjectName("makeItFitButton");
  m_fitMenu = new QMenu(this);
  m_fitMenu->setObjectName("fitMenu");
  m_anyway = new QToolButton(this);
  m_anyway->setObjectName("loadAnywayButton");
  ways->addWidget(m_fit);
  ways->addWidget(m_anyway);
  ways->addStretch();
  column->addLayout(ways);
  m_progress = new QProgressBar(this);
  m_progress->setObjectName("loadProgress");
  m_progress->setTextVisible(false);
  m_progress->setRange(0, 1000);
  column->addWidget(m_progress);
  m_phase = addText("phaseLabel", column);
  m_loaded = addText("loadedLabel", column);
  m_error = addText("loadError", column);
  setStatus(m_error, "bad");
  m_nextStep = new QPushButton(this);
  m_nextStep->setObjectName("nextStepButton");
  column->addWidget(m_nextStep, 0, Qt::AlignLeft);
  column->addStretch();
  m_records = addText("lastLoadsLabel", column);
  m_records->setProperty("quiet", true);
}

void ModelDock::connectSignals() {
  connect(m_form, &LoadForm::changed, this, &ModelDock::reprice);
  connect(m_form, &LoadForm::addFolderWanted, this, &ModelDock::chooseFolder);
  connect(m_load, &QPushButton::clicked, this, [this] { startLoad(false); });
  connect(m_anyway, &QToolButton::clicked, this, [this] { startLoad(true); });
  connect(m_cancel, &QPushButton::clicked, &m_ui.app.model(), &ModelSession::cancelLoad);
  connect(m_unload, &QPushButton::clicked, &m_ui.app.model(), &ModelSession::unload);
  connect(m_fit, &QToolButton::clicked, this, [this] {
    if (const auto request = m_form->request()) m_ui.app.planner().findFits(*request);
  });
  connect(m_nextStep, &QPushButton::clicked, this, &ModelDock::takeNextStep);
  Planner& planner = m_ui.app.planner();
  connect(&planner, &Planner::planned, this, [this](const LoadRequest&, const MemoryPlan& plan) { showPlan(plan); });
  connect(&planner, &Planner::planFailed, this, [this](const LoadRequest&, const Error& error) {
    m_plan.reset();
    m_planError = errorText(error).text();
    showState();
  });
  connect(&planner, &Planner::fitsFound, this, &ModelDock::showFits);
  connect(&m_ui.app.model(), &ModelSession::changed, this, [this] {
    showState();
    m_ui.app.planner().refresh();
  });
  connect(&m_ui.app.model(), &ModelSession::progressed, this, &ModelDock::showProgress);
  connect(&m_ui.app.library(), &ModelLibrary::folderScanned, this, [this](const QString&, const QStringList& found, const QString& reason) {
    if (found.isEmpty()) return emit notice(reason);
    m_form->selectModel(found.front());
    emit notice(tr("%n model(s) found.", nullptr, static_cast<int>(found.size())));
  });
}

void ModelDock::chooseFolder() {
  const QString start = m_ui.app.settings().value("library/lastFolder", QDir::homePath()).toString();
  const QString folder = m_ui.dialogs.openFolder(this, tr("Add a folder of models"), start);
  if (folder.isEmpty()) return;
  m_ui.app.settings().setValue("library/lastFolder", folder);
  addPath(folder);
}

void ModelDock::addPath(const QString& path) { m_ui.app.library().add(path); }

void ModelDock::load(const QString& model) {
  if (!model.isEmpty()) m_form->selectModel(model);
  startLoad(false);
}

void ModelDock::startLoad(bool force) {
  auto request = m_form->request();
  if (!request) return chooseFolder();
  request->force = force;
  m_ui.app.model().load(*request);
}

void ModelDock::reprice() {
  if (const auto request = m_form->request()) return m_ui.app.planner().setRequest(*request);
  m_ui.app.planner().clearRequest();
  m_plan.reset();
  m_planError.clear();
  m_bar->clear();
  showState();
}

/// What a new plan may use: what is free now, and what the loaded model gives back when it is replaced.
double ModelDock::availableBytes() const {
  if (!m_plan) return 0;
  double available = static_cast<double>(m_plan->freeBytes);
  const EngineStatistics statistics = m_ui.app.inference().statistics();
  if (statistics.loaded && statistics.plan.device == m_plan->device) available += static_cast<double>(statistics.plan.bytesOn(m_plan->device));
  return available;
}

bool ModelDock::planFits() const { return m_plan && static_cast<double>(m_plan->bytesOn(m_plan->device)) <= availableBytes(); }

void ModelDock::showPlan(const MemoryPlan& plan) {
  m_plan = plan;
  m_planError.clear();
  double capacity = 0;
  for (const DeviceInfo& device : m_ui.app.planner().devices()) {
    if (device.id == plan.device) capacity = static_cast<double>(device.totalBytes);
  }
  m_bar->setPlan(plan, capacity, std::max(0.0, capacity - availableBytes()));
  showState();
}

void ModelDock::showState() {
  const ModelSession& session = m_ui.app.model();
  const bool loading = session.state() == ModelSession::State::loading;
  const bool idle = session.state() == ModelSession::State::none || session.state() == ModelSession::State::ready;
  const bool chosen = m_form->request().has_value();
  m_form->setEnabled(!loading);
  m_load->setVisible(!loading);
  m_load->setEnabled(idle && chosen && planFits());
  m_load->setText(session.state() == ModelSession::State::ready ? tr("Load instead") : tr("Load"));
  m_cancel->setVisible(loading);
  m_unload->setVisible(session.state() == ModelSession::State::ready);
  const bool tooLarge = m_plan && !planFits();
  m_fit->setVisible(tooLarge && idle);
  m_anyway->setVisible((tooLarge || !m_planError.isEmpty()) && idle && chosen);
  m_progress->setVisible(loading);
  m_phase->setVisible(loading);
  if (m_plan) {
    const QString needed = bytesText(static_cast<double>(m_plan->bytesOn(m_plan->device))), free = bytesText(availableBytes());
    m_verdict->setText(planFits() ? tr("%1 of %2 free: fits").arg(needed, free) : tr("%1 needed, %2 free: does not fit").arg(needed, free));
    setStatus(m_verdict, planFits() ? "good" : "bad");
  } else {
    m_verdict->setText(m_planError);
    setStatus(m_verdict, m_planError.isEmpty() ? "" : "bad");
  }
  m_verdict->setVisible(!m_verdict->text().isEmpty());
  QStringList users;
  if (m_plan) {
    for (const MemoryUser& user : m_ui.app.planner().memoryUsers()) {
      users << (user.bytes > 0 ? QString("%1 %2").arg(user.program, bytesText(static_cast<double>(user.bytes))) : user.program);
    }
  }
  m_others->setText(tr("Others: %1").arg(users.join(", ")));
  m_others->setVisible(!users.isEmpty());
  const auto& report = session.report();
  m_loaded->setVisible(session.state() == ModelSession::State::ready);
  if (const auto& info = session.info()) {
    QString text = tr("Loaded: %1, %2, context %3, on %4.").arg(m_ui.app.library().displayName(*info), precisionName(precisionId(info->recipe)),
                                                                countText(info->context), QString::fromStdString(info->device.name));
    if (report) {
      text += ' ' + tr("Predicted %1, used %2, in %3.").arg(bytesText(static_cast<double>(report->plan.bytesOn(report->plan.device))),
                                                           bytesText(static_cast<double>(report->measuredBytes)), secondsText(report->seconds));
      for (const std::string& warning : report->warnings) text += '\n' + tr("Warning: %1").arg(QString::fromStdString(warning));
    }
    m_loaded->setText(text);
  }
  showProgress();
  showError();
  showRecords();
}

void ModelDock::showProgress() {
  if (m_ui.app.model().state() != ModelSession::State::loading) return;
  const LoadProgress& progress = m_ui.app.model().progress();
  const QString phases[] = {tr("Reading"), tr("Reserving memory"), tr("Quantizing"), tr("Warming up"), tr("Ready")};
  const double done = static_cast<double>(progress.bytesDone), total = static_cast<double>(progress.bytesTotal);
  m_progress->setValue(total > 0 ? static_cast<int>(1000 * done / total) : 0);
  QString text = phases[static_cast<int>(progress.phase)];
  if (total > 0) text += tr(": %1 of %2").arg(bytesText(done), bytesText(total));
  if (const double rate = m_ui.app.model().bytesPerSecond(); rate > 0) text += " · " + rateText(rate);
  m_phase->setText(text);
}

void ModelDock::showError() {
  const auto& error = m_ui.app.model().lastError();
  m_error->setVisible(error.has_value());
  m_nextStep->setVisible(false);
  if (!error) return;
  m_error->setText(errorText(*error).text());
  QString label;
  switch (error->code) {
    case ErrorCode::outOfMemory: label = tr("Make it fit"); break;
    case ErrorCode::fileMissing: case ErrorCode::fileMalformed: case ErrorCode::fileUnsupported: label = tr("Choose another model …"); break;
    case ErrorCode::deviceMissing: case ErrorCode::deviceLost: label = tr("Choose another device"); break;
    case ErrorCode::contextFull: label = tr("New chat"); break;
    default: label = tr("Show the log"); break;
  }
  m_nextStep->setText(label);
  m_nextStep->setVisible(true);
}

void ModelDock::takeNextStep() {
  const auto& error = m_ui.app.model().lastError();
  if (!error) return;
  switch (error->code) {
    case ErrorCode::outOfMemory: m_fit->click(); break;
    case ErrorCode::fileMissing: case ErrorCode::fileMalformed: case ErrorCode::fileUnsupported: m_form->focusModel(); break;
    case ErrorCode::deviceMissing: case ErrorCode::deviceLost: m_form->focusDevice(); break;
    case ErrorCode::contextFull: emit newChatWanted(); break;
    default: emit logWanted(); break;
  }
}

void ModelDock::showRecords() {
  QStringList lines;
  for (const LoadRecord& record : m_ui.app.model().records()) {
    if (lines.size() == 3) break;
    if (record.measuredBytes <= 0 || record.predictedBytes <= 0) continue;
    const double error = 100.0 * (static_cast<double>(record.measuredBytes) / static_cast<double>(record.predictedBytes) - 1);
    lines << tr("%1 %2: predicted %3, used %4 (%5 %)").arg(record.model, precisionName(record.precision), bytesText(static_cast<double>(record.predictedBytes)),
                                                          bytesText(static_cast<double>(record.measuredBytes)), QString::asprintf("%+.1f", error));
  }
  m_records->setText(tr("Last loads") + '\n' + lines.join('\n'));
  m_records->setVisible(!lines.isEmpty());
}

void ModelDock::showFits(const std::vector<FitOption>& options) {
  m_fitMenu->clear();
  int number = 0;
  for (const FitOption& option : options) {
    const QString kv = option.request.kv == KvFormat::q8 ? tr(", 8-bit cache") : QString();
    const bool onCpu = option.plan.device == "cpu";
    const QString device = onCpu ? tr(", on the processor") : option.request.embeddingOnHost ? tr(", embedding in main memory") : QString();
    QAction* action = m_fitMenu->addAction(tr("%1, context %2%3%4: %5").arg(precisionName(precisionId(option.request.recipe)), countText(option.request.context), kv,
                                                                            device, bytesText(static_cast<double>(option.plan.bytesOn(option.plan.device)))));
    action->setObjectName(QString("fitOption_%1").arg(number++));
    connect(action, &QAction::triggered, this, [this, request = option.request] { m_form->show(request); });
  }
  if (options.empty()) m_fitMenu->addAction(tr("Nothing fits: close other programs or choose a smaller model."))->setEnabled(false);
  m_fitMenu->popup(m_fit->isVisible() ? m_fit->mapToGlobal(QPoint(0, m_fit->height())) : mapToGlobal(rect().center()));
}

void ModelDock::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  reprice();
}

void ModelDock::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) retranslate();
  QWidget::changeEvent(event);
}

void ModelDock::retranslate() {
  m_cancel->setText(tr("Cancel"));
  m_cancel->setToolTip(tr("Stop loading; what was loaded before stays usable"));
  m_unload->setText(tr("Unload"));
  m_unload->setToolTip(tr("Give the memory back"));
  m_load->setToolTip(tr("Load the chosen model (Ctrl+L)"));
  m_fit->setText(tr("Make it fit"));
  m_fit->setToolTip(tr("Three ways to load it that fit, and what each costs"));
  m_anyway->setText(tr("Load anyway"));
  m_anyway->setToolTip(tr("Try although the plan says that it does not fit"));
  m_progress->setAccessibleName(tr("Loading progress"));
  showState();
}

}  // namespace nibble

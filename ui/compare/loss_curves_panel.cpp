#include "ui/compare/loss_curves_panel.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "app/error_text.h"
#include "ui/charts/chart_style.h"
#include "ui/charts/curve_chart.h"
#include "ui/dialogs.h"

namespace nibble {

LossCurvesPanel::LossCurvesPanel(UiContext& ui, QWidget* parent) : QWidget(parent), m_ui(ui), m_summary(new QLabel(this)) {
  setObjectName(QStringLiteral("lossCurvesPanel"));
  m_chart = new CurveChart(QStringLiteral("lossCurves"), ui.dialogs, this);
  m_chart->setRelativeError(true);
  m_summary->setObjectName(QStringLiteral("lossSummary"));
  m_summary->setWordWrap(true);
  m_summary->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* top = new QHBoxLayout;
  for (int slot = 0; slot < 2; ++slot) {
    m_openButtons[slot] = new QPushButton(this);
    m_openButtons[slot]->setObjectName(QStringLiteral("openLog%1").arg(slot));
    connect(m_openButtons[slot], &QPushButton::clicked, this, [this, slot] { chooseLog(slot); });
    top->addWidget(m_openButtons[slot]);
  }
  top->addWidget(m_summary, 1);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(m_chart, 1);
  retranslate();
  redraw();
}

void LossCurvesPanel::retranslate() {
  m_openButtons[0]->setText(tr("First run…"));
  m_openButtons[1]->setText(tr("Second run…"));
  for (QPushButton* button : m_openButtons) button->setToolTip(tr("A training log: one JSON object a line with \"step\" and \"loss\""));
  m_chart->setAccessibleName(tr("Training losses and their relative error"));
  m_chart->setAxisNames(tr("step"), tr("loss"));
  m_chart->setEmptyText(tr("Open two training logs to see their losses over each other, and how far the second is from the first."));
}

void LossCurvesPanel::chooseLog(int slot) {
  const QString path = m_ui.dialogs.openFile(this, tr("Open a training log"), {}, tr("JSON lines (*.jsonl *.json *.log);;All files (*)"));
  if (!path.isEmpty()) openLog(slot, path);
}

void LossCurvesPanel::openLog(int slot, const QString& path) {
  const auto log = readTrainingLog(path);
  if (!log) {
    m_summary->setText(errorText(log.error()).text());
    return;
  }
  m_logs[slot] = *log;
  redraw();
}

void LossCurvesPanel::redraw() {
  QVector<CurveChart::Curve> curves;
  for (const TrainingLog& log : m_logs) {
    if (!log.steps.isEmpty()) curves.append({log.name, log.steps, log.losses});
  }
  m_chart->setCurves(curves);
  if (curves.size() < 2) {
    m_summary->setText(curves.isEmpty() ? QString() : curves.first().name);
    return;
  }
  const LogComparison result = compareLogs(m_logs[0], m_logs[1]);
  m_summary->setText(result.sharedSteps == 0 ? tr("The two runs share no step.")
                                             : tr("%n shared step(s): mean relative error %1 %, largest %2 %, %3 % of the steps within 2 %.", nullptr, result.sharedSteps)
                                                   .arg(numberText(result.meanPercent), numberText(result.largestPercent), numberText(100 * result.withinShare)));
}

void LossCurvesPanel::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) {
    retranslate();
    redraw();
  }
  QWidget::changeEvent(event);
}

}  // namespace nibble

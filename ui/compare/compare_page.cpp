#include "ui/compare/compare_page.h"

#include <QDir>
#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QProgressBar>
#include <QSaveFile>
#include <QScrollArea>
#include <QScrollBar>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/application_context.h"
#include "app/error_text.h"
#include "ui/charts/curve_chart.h"
#include "ui/charts/scatter_chart.h"
#include "ui/compare/answers_view.h"
#include "ui/compare/comparison_setup.h"
#include "ui/compare/comparison_table_model.h"
#include "ui/compare/loss_curves_panel.h"
#include "ui/dialogs.h"

namespace nibble {

ComparePage::ComparePage(UiContext& ui, QWidget* parent)
    : QWidget(parent), m_ui(ui), m_store(QDir(ui.app.paths().data).filePath(QStringLiteral("comparisons"))), m_runner(ui.app.inference(), ui.app.model(), m_store) {
  setObjectName(QStringLiteral("comparePage"));
  buildLayout();
  retranslate();
  connectSignals();
  showComparison();
}

void ComparePage::buildLayout() {
  m_setup = new ComparisonSetup(m_ui, m_store, this);
  auto* setupScroll = new QScrollArea(this);
  setupScroll->setObjectName(QStringLiteral("compareSetupScroll"));
  setupScroll->setWidgetResizable(true);
  setupScroll->setFrameShape(QFrame::NoFrame);
  setupScroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setupScroll->setWidget(m_setup);
  m_setupScroll = setupScroll;

  m_title = new QLabel(this);
  m_title->setObjectName(QStringLiteral("compareTitle"));
  m_status = new QLabel(this);
  m_status->setObjectName(QStringLiteral("compareStatus"));
  m_status->setWordWrap(true);
  m_progress = new QProgressBar(this);
  m_progress->setObjectName(QStringLiteral("compareProgress"));
  m_progress->setMaximumWidth(200);
  m_progress->hide();
  m_export = new QToolButton(this);
  m_export->setObjectName(QStringLiteral("compareExport"));
  m_export->setPopupMode(QToolButton::InstantPopup);
  m_export->setFocusPolicy(Qt::TabFocus);
  m_exportMenu = new QMenu(m_export);
  m_exportMenu->setObjectName(QStringLiteral("compareExportMenu"));
  m_export->setMenu(m_exportMenu);

  m_answers = new AnswersView(this);
  m_lossCurves = new LossCurvesPanel(m_ui, this);
  m_tabs = new QTabWidget(this);
  m_tabs->setObjectName(QStringLiteral("compareTabs"));
  m_tabs->setDocumentMode(true);
  m_tabs->addTab(m_answers, QString());
  m_tabs->addTab(makeTableTab(), QString());
  m_tabs->addTab(makeErrorTab(), QString());
  m_tabs->addTab(m_lossCurves, QString());

  auto* right = new QWidget(this);
  auto* top = new QHBoxLayout;
  top->addWidget(m_title);
  top->addWidget(m_status, 1);
  top->addWidget(m_progress);
  top->addWidget(m_export);
  auto* rightLayout = new QVBoxLayout(right);
  rightLayout->setContentsMargins(8, 8, 8, 0);
  rightLayout->addLayout(top);
  rightLayout->addWidget(m_tabs, 1);

  auto* splitter = new QSplitter(this);
  splitter->setObjectName(QStringLiteral("compareSplitter"));
  splitter->addWidget(setupScroll);
  splitter->addWidget(right);
  splitter->setStretchFactor(1, 1);
  splitter->setSizes({300, 700});
  splitter->setChildrenCollapsible(false);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(splitter);
}

QWidget* ComparePage::makeTableTab() {
  m_tableModel = new ComparisonTableModel(this);
  m_table = new QTableView(this);
  m_table->setObjectName(QStringLiteral("compareTable"));
  m_table->setModel(m_tableModel);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setTabKeyNavigation(false);
  m_table->verticalHeader()->hide();
  m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  m_scatter = new ScatterChart(QStringLiteral("compareScatter"), m_ui.dialogs, this);
  m_scatter->setMinimumHeight(160);
  auto* splitter = new QSplitter(Qt::Vertical, this);
  splitter->addWidget(m_table);
  splitter->addWidget(m_scatter);
  splitter->setSizes({200, 260});
  return splitter;
}

QWidget* ComparePage::makeErrorTab() {
  m_weightErrors = new CurveChart(QStringLiteral("weightErrors"), m_ui.dialogs, this);
  m_logitErrors = new CurveChart(QStringLiteral("logitErrors"), m_ui.dialogs, this);
  auto* splitter = new QSplitter(Qt::Vertical, this);
  splitter->addWidget(m_weightErrors);
  splitter->addWidget(m_logitErrors);
  return splitter;
}

void ComparePage::connectSignals() {
  connect(m_setup, &ComparisonSetup::runRequested, this, &ComparePage::run);
  connect(m_setup, &ComparisonSetup::cancelRequested, &m_runner, &ComparisonRunner::cancel);
  connect(m_setup, &ComparisonSetup::openRequested, this, &ComparePage::open);
  connect(m_setup, &ComparisonSetup::message, this, &ComparePage::setStatus);
  connect(&m_runner, &ComparisonRunner::changed, this, &ComparePage::showComparison);
  connect(&m_runner, &ComparisonRunner::progressed, this, [this](const QString& label, qint64 done, qint64 total) {
    m_status->setText(label);
    m_progress->setRange(0, static_cast<int>(std::min<qint64>(total, INT_MAX)));
    m_progress->setValue(static_cast<int>(std::min<qint64>(done, INT_MAX)));
  });
  connect(&m_runner, &ComparisonRunner::failed, this, [this](const Error& error) {
    m_failed = true;
    setStatus(errorText(error).text());
  });
  connect(&m_runner, &ComparisonRunner::ended, this, [this] {
    m_setup->setRunning(false);
    m_progress->hide();
    if (!m_failed) setStatus(m_runner.comparison().finished ? tr("Done. Kept among the comparisons.") : tr("Stopped; what was done is kept."));
  });
}

void ComparePage::retranslate() {
  m_setupScroll->setMinimumWidth(m_setup->minimumSizeHint().width() + m_setupScroll->verticalScrollBar()->sizeHint().width() + 4);
  m_tabs->setTabText(0, tr("Answers"));
  m_tabs->setTabText(1, tr("Table and chart"));
  m_tabs->setTabText(2, tr("Errors"));
  m_tabs->setTabText(3, tr("Training curves"));
  m_export->setText(tr("Export"));
  m_export->setToolTip(tr("Save the table, the answers or the chart"));
  m_export->setAccessibleName(m_export->toolTip());
  m_table->setAccessibleName(tr("Comparison as a table"));
  m_progress->setAccessibleName(tr("Progress of the comparison"));
  m_scatter->setAccessibleName(tr("Memory against quality"));
  m_scatter->setEmptyText(tr("Memory against quality will appear here; the size of a bubble is its speed."));
  m_weightErrors->setAccessibleName(tr("Distribution of weight errors"));
  m_weightErrors->setAxisNames(tr("weight error, in units of the row's RMS"), tr("share"));
  m_weightErrors->setEmptyText(tr("How far the quantized weights are from the original ones will appear here."));
  m_logitErrors->setAccessibleName(tr("Distribution of logit errors"));
  m_logitErrors->setAxisNames(tr("logit error against the reference"), tr("share"));
  m_logitErrors->setEmptyText(tr("How far the logits are from the reference's will appear here, once quality is measured."));
  m_exportMenu->clear();
  m_exportMenu->addAction(tr("Table and answers as Markdown…"), this, [this] { exportText(false); })->setObjectName(QStringLiteral("exportMarkdown"));
  m_exportMenu->addAction(tr("Table as CSV…"), this, [this] { exportText(true); })->setObjectName(QStringLiteral("exportCsv"));
  m_exportMenu->addAction(tr("Chart as PNG…"), m_scatter, [this] { m_scatter->saveAs(false); });
  m_exportMenu->addAction(tr("Chart as SVG…"), m_scatter, [this] { m_scatter->saveAs(true); });
}

void ComparePage::run() {
  const ComparisonRequest request = m_setup->request();
  if (request.entries.isEmpty()) return setStatus(tr("Choose at least one model and one precision."));
  QStringList labels;
  for (const ComparisonEntry& entry : request.entries) labels << entry.label;
  m_failed = false;
  m_setup->setRunning(true);
  m_progress->setRange(0, 0);
  m_progress->show();
  m_runner.start(request, request.entries.first().modelName + QStringLiteral(": ") + labels.join(QStringLiteral(", ")));
}

void ComparePage::open(const QString& id) {
  const auto comparison = m_store.open(id);
  if (!comparison) return setStatus(errorText(comparison.error()).text());
  m_runner.show(*comparison);
  setStatus({});
}

void ComparePage::showComparison() {
  const Comparison& comparison = m_runner.comparison();
  m_title->setText(QStringLiteral("<b>%1</b>").arg(comparison.title.toHtmlEscaped()));
  m_export->setEnabled(!comparison.rows.isEmpty());
  m_answers->setComparison(comparison);
  m_tableModel->setRows(comparison.rows);
  const bool quality = std::any_of(comparison.rows.begin(), comparison.rows.end(), [](const ComparisonRow& row) { return row.quality.has_value(); });
  QVector<ScatterChart::Point> points;
  for (const ComparisonRow& row : comparison.rows) {
    if (!row.error.isEmpty() || (quality && !row.quality)) continue;
    points.append({row.entry.label, row.measuredBytes, quality ? row.quality->klMean : row.bitsPerWeight, row.decodeTokensPerSecond()});
  }
  m_scatter->setAxisNames(tr("memory"), quality ? tr("mean KL, nats") : tr("bits per weight"), tr("tok/s"));
  m_scatter->setPoints(points);
  drawErrors();
}

void ComparePage::drawErrors() {
  const auto curveOf = [](const QString& name, const ErrorHistogram& histogram) {
    CurveChart::Curve curve{name, {}, {}};
    const double width = (histogram.high - histogram.low) / static_cast<double>(std::max<qsizetype>(1, histogram.shares.size()));
    for (int i = 0; i < histogram.shares.size(); ++i) {
      curve.x << histogram.low + (i + 0.5) * width;
      curve.y << histogram.shares[i];
    }
    return curve;
  };
  QVector<CurveChart::Curve> weights, logits;
  for (const ComparisonRow& row : m_runner.comparison().rows) {
    if (!row.weightErrors.shares.isEmpty()) weights << curveOf(row.entry.label, row.weightErrors);
    if (row.quality && !row.quality->logitErrors.shares.isEmpty()) logits << curveOf(row.entry.label, row.quality->logitErrors);
  }
  m_weightErrors->setCurves(weights);
  m_logitErrors->setCurves(logits);
}

void ComparePage::exportText(bool csv) {
  const QString suffix = csv ? QStringLiteral(".csv") : QStringLiteral(".md");
  QString path = m_ui.dialogs.saveFile(this, tr("Export the comparison"), QStringLiteral("comparison") + suffix, csv ? tr("CSV (*.csv)") : tr("Markdown (*.md)"));
  if (path.isEmpty()) return;
  if (!path.endsWith(suffix)) path += suffix;
  const QByteArray text = (csv ? comparisonToCsv(m_runner.comparison()) : comparisonToMarkdown(m_runner.comparison())).toUtf8();
  QSaveFile file(path);
  if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit()) {
    return setStatus(tr("%1 could not be written: %2").arg(path, file.errorString()));
  }
  setStatus(tr("Saved %1").arg(path));
}

void ComparePage::setStatus(const QString& text) { m_status->setText(text); }

void ComparePage::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) {
    retranslate();
    showComparison();
  }
  QWidget::changeEvent(event);
}

}  // namespace nibble

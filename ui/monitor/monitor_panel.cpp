#include "ui/monitor/monitor_panel.h"

#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QMenu>
#include <QToolButton>

#include "app/application_context.h"
#include "ui/charts/chart_style.h"
#include "ui/charts/time_chart.h"

namespace nibble {

namespace {

QString partName(MemoryPart part) {
  switch (part) {
    case MemoryPart::weights: return MonitorPanel::tr("weights");
    case MemoryPart::kvCache: return MonitorPanel::tr("KV cache");
    case MemoryPart::workspace: return MonitorPanel::tr("workspace");
    case MemoryPart::deviceContext: return MonitorPanel::tr("CUDA context");
    case MemoryPart::others: return MonitorPanel::tr("other programs");
    case MemoryPart::free: return MonitorPanel::tr("free");
  }
  return {};
}

/// Free memory is the room under the capacity line; it is named in the caption, not drawn.
constexpr int kDrawnParts = kMemoryPartCount - 1;

QVector<double> drawnBytes(const MetricsSample& sample) { return {sample.bytes.begin(), sample.bytes.begin() + kDrawnParts}; }

QVector<double> speeds(const MetricsSample& sample) {
  return {sample.decodeTokensPerSecond, sample.gigabytesPerSecond, sample.prefillTokensPerSecond};
}

}  // namespace

MonitorPanel::MonitorPanel(UiContext& ui, QWidget* parent) : QWidget(parent), m_history(ui.app.metrics()) {
  setObjectName(QStringLiteral("monitorPanel"));
  buildLayout(ui.dialogs);
  retranslate();
  connectSignals();
  reload();
}

void MonitorPanel::buildLayout(Dialogs& dialogs) {
  m_memoryCaption = new QLabel(this);
  m_memoryCaption->setObjectName(QStringLiteral("memoryCaption"));
  m_speedCaption = new QLabel(this);
  m_speedCaption->setObjectName(QStringLiteral("speedCaption"));
  for (QLabel* caption : {m_memoryCaption, m_speedCaption}) {
    caption->setTextInteractionFlags(Qt::TextSelectableByMouse);
    caption->setMinimumWidth(80);
    caption->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  }
  m_memoryChart = new TimeChart(QStringLiteral("memoryChart"), TimeChart::Kind::stackedAreas, TimeChart::Unit::bytes, dialogs, this);
  m_speedChart = new TimeChart(QStringLiteral("speedChart"), TimeChart::Kind::lines, TimeChart::Unit::perSecond, dialogs, this);
  m_speedChart->setOnRightAxis(2);
  m_spanBox = new QComboBox(this);
  m_spanBox->setObjectName(QStringLiteral("monitorSpan"));
  m_spanBox->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  for (int i = 0; i < kMetricsSpanCount; ++i) m_spanBox->addItem(QString());
  const auto button = [this](const char* name) {
    auto* made = new QToolButton(this);
    made->setObjectName(QString::fromLatin1(name));
    made->setAutoRaise(true);
    made->setFocusPolicy(Qt::TabFocus);
    return made;
  };
  m_pauseButton = button("monitorPause");
  m_pauseButton->setCheckable(true);
  m_tableButton = button("monitorTable");
  m_copyButton = button("monitorCopy");
  for (QToolButton* opener : {m_tableButton, m_copyButton}) {
    opener->setPopupMode(QToolButton::InstantPopup);
    opener->setMenu(new QMenu(opener));
  }
  m_memoryChart->setMinimumHeight(124);
  m_speedChart->setMinimumHeight(124);
  // Else the legends' width would be the window's smallest width.
  m_memoryChart->setMinimumWidth(200);
  m_speedChart->setMinimumWidth(200);

  auto* tools = new QHBoxLayout;
  tools->setSpacing(4);
  tools->addWidget(m_speedCaption, 1);
  for (QWidget* tool : std::initializer_list<QWidget*>{m_spanBox, m_pauseButton, m_tableButton, m_copyButton}) tools->addWidget(tool);
  auto* layout = new QGridLayout(this);
  layout->setContentsMargins(8, 4, 8, 4);
  layout->setHorizontalSpacing(16);
  layout->setVerticalSpacing(2);
  layout->addWidget(m_memoryCaption, 0, 0);
  layout->addLayout(tools, 0, 1);
  layout->addWidget(m_memoryChart, 1, 0);
  layout->addWidget(m_speedChart, 1, 1);
  layout->setColumnStretch(0, 1);
  layout->setColumnStretch(1, 1);
  layout->setRowStretch(1, 1);
}

void MonitorPanel::connectSignals() {
  connect(&m_history, &MetricsHistory::sampleAdded, this, &MonitorPanel::takeSample);
  connect(&m_history, &MetricsHistory::eventAdded, this, &MonitorPanel::takeEvents);
  connect(&m_history, &MetricsHistory::capacityChanged, this, &MonitorPanel::reload);
  connect(m_spanBox, &QComboBox::currentIndexChanged, this, &MonitorPanel::reload);
  connect(m_pauseButton, &QToolButton::toggled, this, &MonitorPanel::setPaused);
}

void MonitorPanel::retranslate() {
  const QStringList spans{tr("5 minutes"), tr("30 minutes"), tr("6 hours"), tr("24 hours")};
  for (int i = 0; i < spans.size(); ++i) m_spanBox->setItemText(i, spans[i]);
  m_spanBox->setAccessibleName(tr("Time shown"));
  m_spanBox->setToolTip(tr("How far back the charts reach"));
  m_pauseButton->setText(m_pauseButton->isChecked() ? tr("Continue") : tr("Pause"));
  m_pauseButton->setToolTip(tr("Stop the charts from moving; nothing is lost"));
  m_pauseButton->setAccessibleName(m_pauseButton->text());
  m_tableButton->setText(tr("Table"));
  m_tableButton->setToolTip(tr("Show the numbers as a table"));
  m_tableButton->setAccessibleName(m_tableButton->toolTip());
  m_copyButton->setText(tr("Copy"));
  m_copyButton->setToolTip(tr("Copy the numbers or the picture of a chart"));
  m_copyButton->setAccessibleName(m_copyButton->toolTip());
  m_memoryChart->setAccessibleName(tr("Memory over time, by part"));
  m_speedChart->setAccessibleName(tr("Tokens a second over time"));
  m_memoryChart->setEmptyText(tr("Memory by part will appear here: weights, KV cache, workspace, other programs."));
  m_speedChart->setEmptyText(tr("Tokens a second will appear here once a model answers."));
  QStringList parts;
  for (int i = 0; i < kDrawnParts; ++i) parts << partName(static_cast<MemoryPart>(i));
  m_memoryChart->setSeries(parts);
  m_speedChart->setSeries({tr("decode, tok/s"), tr("read, GB/s"), tr("prefill, tok/s (right)")});
  m_tableButton->menu()->clear();
  m_tableButton->menu()->addAction(tr("Memory"), m_memoryChart, &Chart::showTable);
  m_tableButton->menu()->addAction(tr("Speed"), m_speedChart, &Chart::showTable);
  m_copyButton->menu()->clear();
  m_copyButton->menu()->addAction(tr("Memory as CSV"), m_memoryChart, &Chart::copyCsv);
  m_copyButton->menu()->addAction(tr("Memory as picture"), m_memoryChart, &Chart::copyImage);
  m_copyButton->menu()->addAction(tr("Speed as CSV"), m_speedChart, &Chart::copyCsv);
  m_copyButton->menu()->addAction(tr("Speed as picture"), m_speedChart, &Chart::copyImage);
  updateCaptions();
}

MetricsSpan MonitorPanel::span() const { return static_cast<MetricsSpan>(std::max(0, m_spanBox->currentIndex())); }

void MonitorPanel::reload() {
  const auto& samples = m_history.samples(span());
  QVector<double> times;
  QVector<QVector<double>> bytes(kDrawnParts), rates(3);
  for (const MetricsSample& sample : samples) {
    times << sample.time;
    const QVector<double> parts = drawnBytes(sample), speed = speeds(sample);
    for (int i = 0; i < kDrawnParts; ++i) bytes[i] << parts[i];
    for (int i = 0; i < 3; ++i) rates[i] << speed[i];
  }
  for (TimeChart* chart : {m_memoryChart, m_speedChart}) chart->setSpan(MetricsHistory::seconds(span()));
  m_memoryChart->setCapacity(m_history.capacity(), m_history.capacity() > 0 ? tr("%1 in all").arg(bytesText(m_history.capacity())) : QString());
  m_drawnTime = times.isEmpty() ? 0 : times.last();
  m_memoryChart->reset(times, bytes);
  m_speedChart->reset(times, rates);
  takeEvents();
  updateCaptions();
}

void MonitorPanel::takeSample() {
  const auto& samples = m_history.samples(span());
  if (!isVisible() || samples.empty()) return;
  const MetricsSample& newest = samples.back();
  if (newest.time > m_drawnTime) {  // the coarse rings grow more slowly than samples arrive
    m_memoryChart->append(newest.time, drawnBytes(newest));
    m_speedChart->append(newest.time, speeds(newest));
    m_drawnTime = newest.time;
  }
  if (!m_pauseButton->isChecked()) updateCaptions();
}

void MonitorPanel::takeEvents() {
  m_memoryChart->clearEvents();
  for (const MetricsEvent& event : m_history.events()) {
    QString name;
    switch (event.kind) {
      case MetricsEventKind::loadStarted: continue;  // the mark at its end says enough
      case MetricsEventKind::loaded: name = tr("loaded"); break;
      case MetricsEventKind::unloaded: name = tr("unloaded"); break;
      case MetricsEventKind::firstToken: name = tr("first token"); break;
      case MetricsEventKind::outOfMemory: name = tr("out of memory avoided"); break;
      case MetricsEventKind::failed: name = tr("failed"); break;
    }
    m_memoryChart->addEvent(event.time, name);
  }
}

void MonitorPanel::updateCaptions() {
  const auto& samples = m_history.samples(MetricsSpan::fiveMinutes);
  if (samples.empty()) {
    m_memoryCaption->setText(tr("Memory"));
    m_speedCaption->setText(tr("Speed"));
    return;
  }
  QStringList parts;
  for (int i = 0; i < kMemoryPartCount; ++i) {
    const double bytes = samples.back().bytes[static_cast<std::size_t>(i)];
    if (bytes > 0) parts << partName(static_cast<MemoryPart>(i)) + ' ' + bytesText(bytes);
  }
  const auto show = [](QLabel* label, const QString& text) { label->setText(label->fontMetrics().elidedText(text, Qt::ElideRight, label->width())); };
  show(m_memoryCaption, tr("Memory: %1").arg(parts.join(QStringLiteral(" · "))));
  m_memoryCaption->setToolTip(m_history.deviceName() + '\n' + parts.join('\n'));
  show(m_speedCaption, tr("Speed: decode %1 tok/s · prefill %2 tok/s · %3 GB/s")
                              .arg(numberText(samples.back().decodeTokensPerSecond), numberText(samples.back().prefillTokensPerSecond),
                                   numberText(samples.back().gigabytesPerSecond)));
}

void MonitorPanel::setPaused(bool paused) {
  m_memoryChart->setPaused(paused);
  m_speedChart->setPaused(paused);
  m_pauseButton->setText(paused ? tr("Continue") : tr("Pause"));
  m_pauseButton->setAccessibleName(m_pauseButton->text());
}

void MonitorPanel::changeEvent(QEvent* event) {
  if (event->type() == QEvent::LanguageChange) {
    retranslate();
    reload();
  }
  QWidget::changeEvent(event);
}

void MonitorPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  reload();
}

}  // namespace nibble

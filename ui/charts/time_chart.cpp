#include "ui/charts/time_chart.h"

#include <QDateTime>
#include <algorithm>

#include "ui/charts/byte_ticker.h"
#include "ui/charts/chart_style.h"
#include "ui/charts/qcustomplot_include.h"

namespace nibble {

TimeChart::TimeChart(const QString& objectName, Kind kind, Unit unit, Dialogs& dialogs, QWidget* parent)
    : Chart(objectName, dialogs, parent), m_kind(kind), m_unit(unit) {
  auto timeTicker = QSharedPointer<QCPAxisTickerDateTime>::create();
  timeTicker->setDateTimeFormat(QStringLiteral("HH:mm:ss"));
  timeTicker->setTickCount(4);
  plot().xAxis->setTicker(timeTicker);
  if (unit == Unit::bytes) plot().yAxis->setTicker(QSharedPointer<ByteTicker>::create());
  plot().yAxis->ticker()->setTickCount(4);
  plot().addLayer(QStringLiteral("marks"), plot().layer(QStringLiteral("main")), QCustomPlot::limAbove);
  plot().legend->setVisible(true);
  plot().axisRect()->insetLayout()->take(plot().legend);
  plot().plotLayout()->insertRow(0);  // above the curves, which it would hide in a low dock
  plot().plotLayout()->addElement(0, 0, plot().legend);
  plot().plotLayout()->setRowStretchFactor(0, 0.001);
  plot().plotLayout()->setRowSpacing(0);
  plot().legend->setFillOrder(QCPLegend::foColumnsFirst);
  plot().legend->setWrap(6);
  plot().legend->setMargins(QMargins(4, 2, 4, 2));
  plot().legend->setMinimumSize(0, fontMetrics().height() + 6);
  plot().legend->setIconSize(12, 10);
  setEmpty(true);
}

void TimeChart::setSeries(const QStringList& names) {
  if (names.size() == m_graphs.size()) {
    m_names = names;
    for (int i = 0; i < m_graphs.size(); ++i) m_graphs[i]->setName(names[i]);
    scheduleReplot();
    return;
  }
  plot().clearGraphs();
  m_graphs.clear();
  m_names = names;
  for (int i = 0; i < names.size(); ++i) {
    QCPGraph* graph = i == m_rightSeries ? plot().addGraph(plot().xAxis, plot().yAxis2) : plot().addGraph();
    graph->setName(names[i]);
    graph->setAdaptiveSampling(true);
    graph->setPen(m_kind == Kind::lines ? seriesPen(i) : QPen(seriesColor(i), 1));
    if (m_kind == Kind::stackedAreas) {
      QColor fill = seriesColor(i);
      fill.setAlphaF(0.6F);
      graph->setBrush(fill);
      if (i > 0) graph->setChannelFillGraph(m_graphs[i - 1]);
    }
    m_graphs.append(graph);
  }
  setEmpty(true);
}

void TimeChart::setOnRightAxis(int series) {
  m_rightSeries = series;
  plot().yAxis2->setVisible(true);
  plot().yAxis2->ticker()->setTickCount(4);
  if (series < m_graphs.size()) m_graphs[series]->setValueAxis(plot().yAxis2);
}

void TimeChart::setSpan(double seconds) {
  m_span = seconds;
  follow();
}

void TimeChart::append(double time, const QVector<double>& values) {
  double sum = 0;
  for (int i = 0; i < m_graphs.size() && i < values.size(); ++i) {
    sum = m_kind == Kind::stackedAreas ? sum + values[i] : values[i];
    m_graphs[i]->addData(time, sum);
    m_graphs[i]->data()->removeBefore(time - m_span * 1.1);
  }
  m_newest = time;
  setEmpty(false);
  if (!m_paused) follow();
}

void TimeChart::reset(const QVector<double>& times, const QVector<QVector<double>>& values) {
  for (QCPGraph* graph : m_graphs) graph->data()->clear();
  QVector<double> sums(times.size(), 0.0);
  for (int i = 0; i < m_graphs.size() && i < values.size(); ++i) {
    for (int k = 0; k < times.size(); ++k) sums[k] = m_kind == Kind::stackedAreas ? sums[k] + values[i][k] : values[i][k];
    m_graphs[i]->addData(times, sums, true);
  }
  m_newest = times.isEmpty() ? 0 : times.last();
  setEmpty(times.isEmpty());
  follow();
}

void TimeChart::setCapacity(double value, const QString& label) {
  if (m_capacity == value && m_capacityLabel == label) return;
  m_capacity = value;
  m_capacityLabel = label;
  drawEvents();
  follow();
}

void TimeChart::addEvent(double time, const QString& label) {
  m_events.append({time, label});
  if (m_events.size() > 200) m_events.removeFirst();
  drawEvents();
  scheduleReplot();
}

void TimeChart::clearEvents() {
  m_events.clear();
  drawEvents();
}

void TimeChart::setPaused(bool paused) {
  m_paused = paused;
  if (!paused) follow();
}

/// A narrow chart has fewer time marks, and no legend where its names would be cut (the table and the tooltip still tell).
void TimeChart::resizeEvent(QResizeEvent* event) {
  Chart::resizeEvent(event);
  plot().xAxis->ticker()->setTickCount(std::clamp(width() / 110, 1, 4));
  plot().legend->setVisible(width() >= plot().legend->minimumOuterSizeHint().width());
}

double TimeChart::valueOf(int series, int index) const {
  const double here = m_graphs[series]->data()->at(index)->value;
  if (m_kind == Kind::lines || series == 0) return here;
  return here - m_graphs[series - 1]->data()->at(index)->value;
}

QString TimeChart::valueText(double value) const { return m_unit == Unit::bytes ? bytesText(value) : numberText(value); }

void TimeChart::follow() {
  if (m_newest <= 0) return scheduleReplot();
  double highest = m_capacity, highestRight = 0;
  for (int i = 0; i < m_graphs.size(); ++i) {
    bool found = false;
    const QCPRange range = m_graphs[i]->data()->valueRange(found);
    if (!found || !m_graphs[i]->visible()) continue;
    double& top = i == m_rightSeries ? highestRight : highest;
    top = std::max(top, range.upper);
  }
  plot().xAxis->setRange(m_newest - m_span, m_newest);
  plot().yAxis->setRange(0, highest > 0 ? highest * 1.25 : 1);
  plot().yAxis2->setRange(0, highestRight > 0 ? highestRight * 1.25 : 1);
  scheduleReplot();
}

void TimeChart::drawEvents() {
  plot().clearItems();
  const QColor text = palette().color(QPalette::WindowText);
  int marks = 0;
  const auto mark = [&](const QString& label, bool vertical, double at) {
    auto* line = new QCPItemStraightLine(&plot());
    line->setLayer(QStringLiteral("marks"));
    line->setPen(QPen(text, 1, vertical ? Qt::DotLine : Qt::DashLine));
    auto* caption = new QCPItemText(&plot());
    caption->setLayer(QStringLiteral("marks"));
    caption->setText(label);
    caption->setColor(text);
    caption->setFont(font());
    caption->setPadding(QMargins(3, 1, 3, 1));
    if (vertical) {
      line->point1->setCoords(at, 0);
      line->point2->setCoords(at, 1);
      caption->position->setTypeX(QCPItemPosition::ptPlotCoords);
      caption->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
      caption->position->setCoords(at, 1.0 - 0.22 * (marks++ % 3));  // neighbours do not write over each other
      caption->setPositionAlignment(Qt::AlignBottom | Qt::AlignLeft);
    } else {
      line->point1->setCoords(0, at);
      line->point2->setCoords(1, at);
      caption->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
      caption->position->setTypeY(QCPItemPosition::ptPlotCoords);
      caption->position->setCoords(1.0, at);
      caption->setPositionAlignment(Qt::AlignTop | Qt::AlignRight);
    }
  };
  if (m_capacity > 0) mark(m_capacityLabel, false, m_capacity);
  for (const Event& event : m_events) mark(event.label, true, event.time);
}

ChartTable TimeChart::table() const {
  ChartTable numbers;
  numbers.columns << tr("time") << m_names;
  if (m_graphs.isEmpty()) return numbers;
  const int count = m_graphs.first()->data()->size();
  for (int k = 0; k < count; ++k) {
    QStringList row;
    row << QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(m_graphs.first()->data()->at(k)->key * 1000)).toString(Qt::ISODateWithMs);
    for (int i = 0; i < m_graphs.size(); ++i) row << QString::number(valueOf(i, k), 'f', m_unit == Unit::bytes ? 0 : 2);
    numbers.rows << row;
  }
  return numbers;
}

QString TimeChart::valuesAt(const QPointF& position) const {
  if (m_graphs.isEmpty() || m_graphs.first()->data()->isEmpty() || !plot().axisRect()->rect().contains(position.toPoint())) return {};
  const auto data = m_graphs.first()->data();
  const double time = plot().xAxis->pixelToCoord(position.x());
  const int index = static_cast<int>(std::distance(data->constBegin(), data->findBegin(time)));
  if (index >= data->size()) return {};
  QStringList lines{QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(data->at(index)->key * 1000)).toString(QStringLiteral("HH:mm:ss"))};
  for (int i = static_cast<int>(m_graphs.size()) - 1; i >= 0; --i) lines << m_names[i] + QStringLiteral(": ") + valueText(valueOf(i, index));
  return lines.join('\n');
}

void TimeChart::restyle() { drawEvents(); }

}  // namespace nibble

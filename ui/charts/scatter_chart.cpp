#include "ui/charts/scatter_chart.h"

#include <algorithm>
#include <cmath>

#include "ui/charts/byte_ticker.h"
#include "ui/charts/chart_style.h"
#include "ui/charts/qcustomplot_include.h"

namespace nibble {

ScatterChart::ScatterChart(const QString& objectName, Dialogs& dialogs, QWidget* parent) : Chart(objectName, dialogs, parent) {
  plot().xAxis->setTicker(QSharedPointer<ByteTicker>::create());
  plot().xAxis->ticker()->setTickCount(5);
  setEmpty(true);
}

void ScatterChart::setAxisNames(const QString& x, const QString& y, const QString& size) {
  m_xName = x;
  m_yName = y;
  m_sizeName = size;
  plot().xAxis->setLabel(x);
  plot().yAxis->setLabel(y);
  scheduleReplot();
}

double ScatterChart::diameterOf(const Point& point) const {
  double largest = 0;
  for (const Point& other : m_points) largest = std::max(largest, other.size);
  return largest > 0 ? 10 + 30 * std::sqrt(point.size / largest) : 12;
}

void ScatterChart::setPoints(const QVector<Point>& points) {
  m_points = points;
  restyle();
  if (!points.isEmpty()) {
    const auto [xLow, xHigh] = std::minmax_element(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
    const auto [yLow, yHigh] = std::minmax_element(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.y < b.y; });
    const double xPad = std::max((xHigh->x - xLow->x) * 0.2, xHigh->x * 0.05 + 1);
    const double yPad = std::max((yHigh->y - yLow->y) * 0.25, std::abs(yHigh->y) * 0.05 + 1e-6);
    plot().xAxis->setRange(std::max(0.0, xLow->x - xPad), xHigh->x + 1.6 * xPad);  // room for the last name
    plot().yAxis->setRange(yLow->y - yPad, yHigh->y + yPad);
  }
  setEmpty(points.isEmpty());
  scheduleReplot();
}

void ScatterChart::restyle() {
  plot().clearGraphs();
  plot().clearItems();
  for (int i = 0; i < m_points.size(); ++i) {
    QCPGraph* graph = plot().addGraph();
    QColor fill = seriesColor(i);
    fill.setAlphaF(0.55F);
    graph->setLineStyle(QCPGraph::lsNone);
    graph->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(seriesColor(i), 1), fill, diameterOf(m_points[i])));
    graph->addData(m_points[i].x, m_points[i].y);
    auto* label = new QCPItemText(&plot());
    label->position->setCoords(m_points[i].x, m_points[i].y);
    label->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    label->setPadding(QMargins(static_cast<int>(diameterOf(m_points[i]) / 2) + 4, 0, 0, 0));
    label->setText(m_points[i].name);
    label->setColor(palette().color(QPalette::WindowText));
    label->setFont(font());
  }
}

ChartTable ScatterChart::table() const {
  ChartTable numbers;
  numbers.columns = QStringList{tr("name"), m_xName, m_yName, m_sizeName};
  for (const Point& point : m_points) {
    numbers.rows << QStringList{point.name, QString::number(point.x, 'f', 0), QString::number(point.y, 'g', 6), QString::number(point.size, 'f', 2)};
  }
  return numbers;
}

QString ScatterChart::valuesAt(const QPointF& position) const {
  for (const Point& point : m_points) {
    const QPointF center(plot().xAxis->coordToPixel(point.x), plot().yAxis->coordToPixel(point.y));
    const QPointF away = center - position;
    if (std::hypot(away.x(), away.y()) > diameterOf(point) / 2 + 3) continue;
    return QStringLiteral("%1\n%2: %3\n%4: %5\n%6: %7")
        .arg(point.name, m_xName, bytesText(point.x), m_yName, numberText(point.y), m_sizeName, numberText(point.size));
  }
  return {};
}

}  // namespace nibble

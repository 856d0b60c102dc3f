#include "ui/charts/curve_chart.h"

#include <QHash>
#include <algorithm>
#include <cmath>

#include "ui/charts/chart_style.h"
#include "ui/charts/qcustomplot_include.h"

namespace nibble {

CurveChart::CurveChart(const QString& objectName, Dialogs& dialogs, QWidget* parent) : Chart(objectName, dialogs, parent) {
  plot().legend->setVisible(true);
  plot().axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignTop | Qt::AlignRight);
  setEmpty(true);
}

void CurveChart::setAxisNames(const QString& x, const QString& y) {
  m_xName = x;
  m_yName = y;
  plot().xAxis->setLabel(x);
  plot().yAxis->setLabel(y);
  scheduleReplot();
}

void CurveChart::setLogarithmicY(bool on) {
  plot().yAxis->setScaleType(on ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
  plot().yAxis->setTicker(on ? QSharedPointer<QCPAxisTicker>(new QCPAxisTickerLog) : QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
  scheduleReplot();
}

void CurveChart::setCurves(const QVector<Curve>& curves) {
  m_curves = curves;
  restyle();
  setEmpty(curves.isEmpty());
  scheduleReplot();
}

void CurveChart::setRelativeError(bool on, double limitPercent) {
  m_limitPercent = limitPercent;
  if (on == (m_errorRect != nullptr)) return restyle();
  if (on) {
    m_errorRect = new QCPAxisRect(&plot());
    plot().plotLayout()->addElement(1, 0, m_errorRect);
    plot().plotLayout()->setRowStretchFactor(1, 0.5);
    auto* margins = new QCPMarginGroup(&plot());
    plot().axisRect(0)->setMarginGroup(QCP::msLeft | QCP::msRight, margins);
    m_errorRect->setMarginGroup(QCP::msLeft | QCP::msRight, margins);
    for (QCPAxis* axis : m_errorRect->axes()) axis->setLayer(QStringLiteral("axes"));
    applyPlotStyle(plot(), palette());
  } else {
    plot().clearGraphs();
    plot().plotLayout()->remove(m_errorRect);
    plot().plotLayout()->simplify();
    m_errorRect = nullptr;
  }
  restyle();
}

void CurveChart::restyle() {
  plot().clearGraphs();
  plot().clearItems();
  for (int i = 0; i < m_curves.size(); ++i) {
    QCPGraph* graph = plot().addGraph();
    graph->setName(m_curves[i].name);
    graph->setPen(seriesPen(i));
    graph->setData(m_curves[i].x, m_curves[i].y);
  }
  plot().xAxis->rescale();
  plot().yAxis->rescale();
  if (m_errorRect) drawErrorPanel();
}

QPair<QVector<double>, QVector<double>> CurveChart::relativeError() const {
  QVector<double> x, percent;
  if (m_curves.size() < 2) return {x, percent};
  QHash<double, double> first;
  for (int k = 0; k < m_curves[0].x.size(); ++k) first.insert(m_curves[0].x[k], m_curves[0].y[k]);
  for (int k = 0; k < m_curves[1].x.size(); ++k) {
    const auto found = first.constFind(m_curves[1].x[k]);
    if (found == first.constEnd() || *found == 0) continue;
    x << m_curves[1].x[k];
    percent << 100.0 * std::abs(m_curves[1].y[k] - *found) / std::abs(*found);
  }
  return {x, percent};
}

void CurveChart::drawErrorPanel() {
  QCPAxis* xAxis = m_errorRect->axis(QCPAxis::atBottom);
  QCPAxis* yAxis = m_errorRect->axis(QCPAxis::atLeft);
  const auto [x, percent] = relativeError();
  QCPGraph* graph = plot().addGraph(xAxis, yAxis);
  graph->setName(tr("relative error, %"));
  graph->setPen(seriesPen(5));
  graph->setData(x, percent);
  QCPGraph* limit = plot().addGraph(xAxis, yAxis);
  limit->setName(tr("%1 % limit").arg(m_limitPercent));
  limit->setPen(QPen(palette().color(QPalette::WindowText), 1, Qt::DashLine));
  if (!x.isEmpty()) limit->setData({x.first(), x.last()}, {m_limitPercent, m_limitPercent});
  const double highest = percent.isEmpty() ? m_limitPercent : std::max(m_limitPercent, *std::max_element(percent.begin(), percent.end()));
  xAxis->setRange(plot().xAxis->range());
  yAxis->setRange(0, highest * 1.2);
  yAxis->setLabel(QStringLiteral("%"));
  xAxis->setLabel(m_xName);
}

ChartTable CurveChart::table() const {
  ChartTable numbers;
  numbers.columns = QStringList{tr("curve"), m_xName, m_yName};
  for (const Curve& curve : m_curves) {
    for (int k = 0; k < curve.x.size(); ++k) numbers.rows << QStringList{curve.name, QString::number(curve.x[k], 'g', 8), QString::number(curve.y[k], 'g', 8)};
  }
  if (!m_errorRect) return numbers;
  const auto [x, percent] = relativeError();
  for (int k = 0; k < x.size(); ++k) numbers.rows << QStringList{tr("relative error, %"), QString::number(x[k], 'g', 8), QString::number(percent[k], 'g', 6)};
  return numbers;
}

QString CurveChart::valuesAt(const QPointF& position) const {
  if (m_curves.isEmpty() || !plot().axisRect()->rect().contains(position.toPoint())) return {};
  const double at = plot().xAxis->pixelToCoord(position.x());
  QStringList lines;
  for (const Curve& curve : m_curves) {
    if (curve.x.isEmpty()) continue;
    int nearest = 0;
    for (int k = 1; k < curve.x.size(); ++k) {
      if (std::abs(curve.x[k] - at) < std::abs(curve.x[nearest] - at)) nearest = k;
    }
    lines << QStringLiteral("%1: %2 %3, %4").arg(curve.name, m_xName, numberText(curve.x[nearest]), QString::number(curve.y[nearest], 'g', 5));
  }
  return lines.join('\n');
}

}  // namespace nibble

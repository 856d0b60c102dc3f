#include "ui/charts/chart_style.h"

#include <QLocale>
#include <array>
#include <cmath>

#include "ui/charts/qcustomplot_include.h"

namespace nibble {

QColor seriesColor(int index) {
  static const std::array<QColor, 8> colors{QColor(0x00, 0x72, 0xb2), QColor(0xe6, 0x9f, 0x00), QColor(0x00, 0x9e, 0x73),
                                            QColor(0xcc, 0x79, 0xa7), QColor(0x56, 0xb4, 0xe9), QColor(0xd5, 0x5e, 0x00),
                                            QColor(0x8a, 0x8a, 0x8a), QColor(0xb8, 0xa9, 0x1f)};
  return colors[static_cast<std::size_t>(index) % colors.size()];
}

QPen seriesPen(int index) {
  static const std::array<Qt::PenStyle, 4> styles{Qt::SolidLine, Qt::DashLine, Qt::DashDotLine, Qt::DotLine};
  return {seriesColor(index), 1.0, styles[static_cast<std::size_t>(index) % styles.size()]};
}

void applyPlotStyle(QCustomPlot& plot, const QPalette& palette) {
  const QColor text = palette.color(QPalette::WindowText);
  QColor faint = text;
  faint.setAlphaF(0.15F);
  QColor muted = text;
  muted.setAlphaF(0.65F);
  plot.setBackground(palette.brush(QPalette::Base));
  for (QCPAxisRect* rect : plot.axisRects()) {
    for (QCPAxis* axis : rect->axes()) {
      axis->setBasePen(QPen(faint, 1));
      axis->setTickPen(QPen(faint, 1));
      axis->setSubTickPen(QPen(Qt::NoPen));
      axis->setTickLabelColor(muted);
      axis->setLabelColor(muted);
      axis->setTickLabelFont(plot.font());
      axis->setLabelFont(plot.font());
      axis->grid()->setPen(QPen(faint, 1));
      axis->grid()->setZeroLinePen(QPen(faint, 1));
    }
  }
  if (plot.legend) {
    plot.legend->setBrush(Qt::NoBrush);
    plot.legend->setBorderPen(Qt::NoPen);
    plot.legend->setTextColor(text);
    plot.legend->setFont(plot.font());
  }
}

QString numberText(double value) {
  if (!std::isfinite(value)) return QStringLiteral("–");
  const double size = std::abs(value);
  if (size == 0) return QStringLiteral("0");
  const int digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4;
  return QLocale().toString(value, 'f', digits);
}

}  // namespace nibble

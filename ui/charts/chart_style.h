// Colours, dashes and number texts of all charts: a colour-blind safe palette (Okabe and Ito) on the widget's own palette.
#pragma once
#include <QColor>
#include <QPalette>
#include <QPen>
#include <QString>

#include "app/units.h"

class QCustomPlot;

namespace nibble {

/// Colour of series `index` (repeats after eight); told apart by people with any colour vision.
QColor seriesColor(int index);
/// Pen of width 1 with a dash pattern of its own per series, so that colour is never the only difference.
QPen seriesPen(int index);

/// Axes, grid, legend and background from the widget palette. Call again when the palette changes.
void applyPlotStyle(QCustomPlot& plot, const QPalette& palette);

/// "41.3 tok/s" style numbers: three significant digits, thousands separated by the locale.
QString numberText(double value);

}  // namespace nibble

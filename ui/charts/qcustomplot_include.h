// The one place that includes QCustomPlot: its header needs Qt's foreach.
#pragma once
#undef QT_NO_FOREACH
#include <qcustomplot.h>

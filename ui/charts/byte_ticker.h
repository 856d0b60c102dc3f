// Axis ticks at round GiB and MiB instead of powers of ten.
#pragma once
#include "ui/charts/qcustomplot_include.h"

namespace nibble {

class ByteTicker : public QCPAxisTicker {
 protected:
  double getTickStep(const QCPRange& range) override;
  QString getTickLabel(double tick, const QLocale& locale, QChar formatChar, int precision) override;
};

}  // namespace nibble

#include "ui/charts/byte_ticker.h"

#include <cmath>

namespace nibble {

double ByteTicker::getTickStep(const QCPRange& range) {
  const double wanted = std::max(1.0, range.size() / std::max(1, tickCount()));
  return std::pow(2.0, std::ceil(std::log2(wanted)));
}

QString ByteTicker::getTickLabel(double tick, const QLocale& locale, QChar, int) {
  constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
  if (tick >= kGiB) return locale.toString(tick / kGiB, 'g', 4) + QStringLiteral(" GiB");
  if (tick >= 1024.0 * 1024.0) return locale.toString(tick / (1024.0 * 1024.0), 'g', 4) + QStringLiteral(" MiB");
  return locale.toString(tick / 1024.0, 'g', 4) + QStringLiteral(" KiB");
}

}  // namespace nibble

#include "app/units.h"

#include <QLocale>
#include <cmath>

namespace nibble {

namespace {
QString number(double value, int decimals) { return QLocale(QLocale::English).toString(value, 'f', decimals); }
int decimalsFor(double value) { return value < 10 ? 2 : value < 100 ? 1 : 0; }
}  // namespace

QString bytesText(double bytes) {
  constexpr double kKibi = 1024, kMebi = kKibi * 1024, kGibi = kMebi * 1024;
  if (bytes >= 0.5 * kGibi) return number(bytes / kGibi, decimalsFor(bytes / kGibi)) + " GiB";
  if (bytes >= kMebi) return number(bytes / kMebi, bytes < 10 * kMebi ? 1 : 0) + " MiB";
  if (bytes >= kKibi) return number(bytes / kKibi, 0) + " KiB";
  return number(bytes, 0) + " B";
}

QString rateText(double bytesPerSecond) {
  if (bytesPerSecond >= 1e9) return number(bytesPerSecond / 1e9, 1) + " GB/s";
  return number(bytesPerSecond / 1e6, bytesPerSecond < 10e6 ? 1 : 0) + " MB/s";
}

QString tokensRateText(double perSecond) { return number(perSecond, perSecond < 100 ? 1 : 0) + " tok/s"; }

QString secondsText(double seconds) {
  if (seconds < 10) return number(seconds, 2) + " s";
  if (seconds < 120) return number(seconds, 0) + " s";
  const int whole = static_cast<int>(std::lround(seconds));
  return QString("%1 min %2 s").arg(whole / 60).arg(whole % 60);
}

QString countText(qint64 count) { return QLocale(QLocale::English).toString(count); }

}  // namespace nibble

// Numbers with units as people read them, the same in window and command line.
#pragma once
#include <QString>

namespace nibble {

QString bytesText(double bytes);           ///< "4.51 GiB", "512 MiB", "18 KiB"
QString rateText(double bytesPerSecond);   ///< "812 MB/s" (10^6: as disks and buses are sold)
QString tokensRateText(double perSecond);  ///< "41.2 tok/s", "2,900 tok/s"
QString secondsText(double seconds);       ///< "0.12 s", "3 min 20 s"
QString countText(qint64 count);           ///< "8,192"

}  // namespace nibble

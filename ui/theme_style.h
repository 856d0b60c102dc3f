// The style sheet: hairlines, one accent colour, an 8-pixel grid; everything else is the palette's.
#pragma once
#include <QString>

namespace nibble {

struct ThemeColors;

QString styleSheetFor(const ThemeColors& colors);

}  // namespace nibble

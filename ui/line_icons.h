// Own line icons: one-weight SVGs that are drawn in the palette's colours, so that they follow the theme.
#pragma once
#include <QIcon>
#include <QString>

namespace nibble {

/// `name` is a file of resources/icons without its suffix: "stop", "copy". Never null for a name that exists.
QIcon lineIcon(const QString& name);

}  // namespace nibble

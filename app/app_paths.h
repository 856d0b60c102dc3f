// Where the application keeps its things: the XDG places, or one folder with --profile.
#pragma once
#include <QString>

namespace nibble {

struct AppPaths {
  QString config;  ///< settings
  QString data;    ///< chats, comparisons
  QString cache;
  QString state;   ///< logs
  bool profile = false;

  /// The user's own places ($XDG_CONFIG_HOME/nibble …), or below `profileFolder` if it is not empty. The folders are made.
  static AppPaths find(const QString& profileFolder = {});
};

}  // namespace nibble

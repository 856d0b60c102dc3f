#include "app/app_paths.h"

#include <QDir>
#include <QStandardPaths>

namespace nibble {

namespace {
QString stateHome() {
  const QString set = qEnvironmentVariable("XDG_STATE_HOME");
  return QDir::isAbsolutePath(set) ? set : QDir::homePath() + "/.local/state";
}
}  // namespace

AppPaths AppPaths::find(const QString& profileFolder) {
  AppPaths paths;
  if (profileFolder.isEmpty()) {
    const auto place = [](QStandardPaths::StandardLocation location) { return QStandardPaths::writableLocation(location) + "/nibble"; };
    paths = {place(QStandardPaths::GenericConfigLocation), place(QStandardPaths::GenericDataLocation),
             place(QStandardPaths::GenericCacheLocation), stateHome() + "/nibble", false};
  } else {
    const QString root = QDir(profileFolder).absolutePath();
    paths = {root + "/config", root + "/data", root + "/cache", root + "/state", true};
  }
  for (const QString& folder : {paths.config, paths.data, paths.cache, paths.state}) QDir().mkpath(folder);
  return paths;
}

}  // namespace nibble

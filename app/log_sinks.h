// Where log lines go: standard error for the command line, a rotating file and the log dock for the window.
#pragma once
#include <QString>

namespace nibble {

/// "trace", "debug", "info", "warn", "error", "critical", "off"; false for another word.
bool setLogLevelByName(const QString& name);

void logToStandardError();

/// `folder`/nibble.log, at most 1 MiB and two older files. False if it cannot be written.
bool logToFile(const QString& folder);

}  // namespace nibble

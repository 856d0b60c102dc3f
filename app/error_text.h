// Words an error of the engine for people, in the window and on the command line: what failed, with file, field and numbers,
// and what to do next. The only place that does.
#pragma once
#include <QString>

#include "core/base/error.h"

namespace nibble {

struct ErrorText {
  QString what;  ///< one sentence: what failed, where, with numbers
  QString next;  ///< one sentence: the next step to take; may be empty
  QString text() const { return next.isEmpty() ? what : what + QLatin1Char(' ') + next; }
};

ErrorText errorText(const Error& error);

/// The code as other programs read it ("file_malformed"), for JSON.
const char* errorCodeName(ErrorCode code);

/// The exit status of the command line for it (0 is never among them).
int exitStatus(ErrorCode code);

}  // namespace nibble

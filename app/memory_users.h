// Which programs hold the machine's memory, by name, for "others hold …".
#pragma once
#include <QString>
#include <vector>

namespace nibble {

struct MemoryUser {
  QString program;
  qint64 bytes = 0;     ///< resident, all processes of that name together
};

/// The largest holders but this process, largest first. Empty where /proc does not tell. Reads a file per process: not for
/// the GUI thread.
std::vector<MemoryUser> largestMemoryUsers(int count);

}  // namespace nibble

// Which programs hold a device's memory, by name, for "others hold …".
#pragma once
#include <QString>
#include <string>
#include <vector>

namespace nibble {

struct MemoryUser {
  QString program;
  qint64 bytes = 0;     ///< all processes of that name together: resident, or on the card; 0: the driver does not tell
};

/// The largest holders of "cpu" or "cuda:N" but this process, largest first. Empty where the system does not tell. Reads a file
/// per process, or asks NVML: not for the GUI thread.
std::vector<MemoryUser> largestMemoryUsers(const std::string& device, int count);

}  // namespace nibble

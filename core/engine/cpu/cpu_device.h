// This machine's processor and memory as a DeviceInfo. Linux: cpuid and /proc.
#pragma once
#include <cstdint>

#include "core/engine/device.h"

namespace nibble {

/// Name, instruction sets, usable hardware threads, memory in all and available.
DeviceInfo cpuDevice();

/// Bytes the system can give without swapping: /proc/meminfo's MemAvailable, or what the control group still allows if
/// less.
std::uint64_t availableMemory();

/// Anonymous resident bytes of this process (mapped model files do not count).
std::uint64_t residentMemory();

/// Hardware threads this process may run on.
int usableThreads();

}  // namespace nibble

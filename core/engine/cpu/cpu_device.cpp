#include "core/engine/cpu/cpu_device.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <thread>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace nibble {
namespace {

/// The number after "key:" in a file of "key:   123 kB" lines, in bytes; 0 if it is not there.
std::uint64_t kilobyteField(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind(key + ":", 0) != 0) continue;
    return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10) * 1024;
  }
  return 0;
}

std::optional<std::uint64_t> numberIn(const char* path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  if (file >> value) return value;
  return std::nullopt;  // "max", or no such file
}

/// What the control group still allows; page cache that can be dropped is counted as used, so this is careful.
std::uint64_t controlGroupRoom() {
  const auto limit = numberIn("/sys/fs/cgroup/memory.max");
  const auto used = numberIn("/sys/fs/cgroup/memory.current");
  if (!limit || !used) return std::numeric_limits<std::uint64_t>::max();
  std::ifstream file("/sys/fs/cgroup/memory.stat");
  std::string key;
  std::uint64_t value = 0, dropable = 0;
  while (file >> key >> value) {
    if (key == "inactive_file" || key == "active_file") dropable += value;
  }
  const std::uint64_t kept = *used > dropable ? *used - dropable : 0;
  return *limit > kept ? *limit - kept : 0;
}

#if defined(__x86_64__)
std::string processorName() {
  std::array<unsigned, 4> part{};
  if (__get_cpuid(0x80000000u, &part[0], &part[1], &part[2], &part[3]) == 0 || part[0] < 0x80000004u)
    return "x86-64 processor";
  char text[49] = {};
  for (unsigned i = 0; i < 3; ++i) {
    __get_cpuid(0x80000002u + i, &part[0], &part[1], &part[2], &part[3]);
    std::memcpy(text + 16 * i, part.data(), 16);
  }
  std::string name(text);
  while (!name.empty() && name.back() == ' ') name.pop_back();
  name.erase(0, name.find_first_not_of(' '));
  return name;
}

std::string instructionSets() {
  std::string sets = "x86-64";
  const auto add = [&](bool has, const char* name) {
    if (has) sets += std::string(" ") + name;
  };
  add(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"), "AVX2");
  add(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"),
      "AVX-512");
  add(__builtin_cpu_supports("avx512vnni"), "VNNI");
  return sets;
}
#else
std::string processorName() {
  return "processor";
}
std::string instructionSets() {
  return "portable";
}
#endif

}  // namespace

std::uint64_t availableMemory() {
  return std::min(kilobyteField("/proc/meminfo", "MemAvailable"), controlGroupRoom());
}

std::uint64_t residentMemory() {
  return kilobyteField("/proc/self/status", "RssAnon");
}

int usableThreads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(CPU_COUNT(&set), 1);
  return std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
}

DeviceInfo cpuDevice() {
  DeviceInfo info;
  info.id = "cpu";
  info.name = processorName();
  info.totalBytes = kilobyteField("/proc/meminfo", "MemTotal");
  info.freeBytes = availableMemory();
  info.computeUnits = usableThreads();
  info.capability = instructionSets();
  return info;
}

}  // namespace nibble

#include "tests/support/bounded.h"

#include <chrono>
#include <fstream>
#include <string>

namespace nibble::test {
namespace {

std::uint64_t statusBytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(field + ":", 0) == 0) return std::stoull(line.substr(field.size() + 1)) * 1024;
  }
  return 0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

Cost measure(const std::function<void()>& work) {
  std::ofstream("/proc/self/clear_refs") << "5";  // sets the peak to the present
  const std::uint64_t before = statusBytes("VmRSS");
  const auto start = std::chrono::steady_clock::now();
  work();
  Cost cost;
  cost.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::uint64_t peak = statusBytes("VmHWM");
  cost.peakGrowth = peak > before ? peak - before : 0;
  return cost;
}

bool withinBounds(const Cost& cost, std::uint64_t fileBytes) {
  if (kSanitized) return cost.seconds < 20.0;
  return cost.seconds < 2.0 && cost.peakGrowth <= (std::uint64_t{64} << 20) + 4 * fileBytes;
}

}  // namespace nibble::test

// Runs something hostile and measures what it took: robustness asks for at most 2 s and 64 MiB + 4 × the file.
#pragma once
#include <cstdint>
#include <functional>

namespace nibble::test {

struct Cost {
  double seconds = 0;
  std::uint64_t peakGrowth = 0;  ///< bytes of resident memory above what was there before, at its peak
};

/// Runs `work` and measures it. Under a sanitizer memory and time are not what they are without.
Cost measure(const std::function<void()>& work);

/// Whether `cost` keeps the bound for input of `fileBytes`; always true under a sanitizer (20 s there).
bool withinBounds(const Cost& cost, std::uint64_t fileBytes);

}  // namespace nibble::test

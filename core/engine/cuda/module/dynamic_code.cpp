#include "core/engine/cuda/module/dynamic_code.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace nibble {

namespace {
/// Value `i` of torch.linspace(0.1, 1, steps) in fp32: counted from the nearer end, rounded once.
float linspace(int i, int steps) {
  const float start = 0.1f, end = 1.0f, step = (end - start) / static_cast<float>(steps - 1);
  return i < steps / 2 ? std::fma(step, static_cast<float>(i), start) : std::fma(-step, static_cast<float>(steps - 1 - i), end);
}
}  // namespace

std::array<float, 256> dynamicCode() {
  constexpr int kDecades = 7;
  std::array<float, 256> code{};
  std::size_t at = 0;
  for (int decade = 0; decade < kDecades; ++decade) {
    const int items = 1 << decade;
    const float scale = static_cast<float>(std::pow(10.0, decade - (kDecades - 1)));
    for (int i = 0; i < items; ++i) {
      const float mean = (linspace(i, items + 1) + linspace(i + 1, items + 1)) / 2.0f;
      code[at++] = scale * mean;
      code[at++] = -scale * mean;
    }
  }
  code[at++] = 0.0f;
  code[at++] = 1.0f;
  std::sort(code.begin(), code.end());
  return code;
}

}  // namespace nibble

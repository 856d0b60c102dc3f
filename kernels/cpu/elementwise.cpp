// The public small operations: calls through the table of the level in use.
#include "kernels/cpu/elementwise.h"

#include <cmath>

#include "kernels/cpu/kernel_table.h"

namespace nibble {

void rmsnorm(const float* x, const float* weight, float* y, std::int64_t n, std::int64_t columns, float epsilon) {
  kernels().rmsnorm(x, weight, y, n, columns, epsilon);
}

void rope_angles(std::int64_t position, const float* inverseFrequencies, int half, float factor, float* cosines, float* sines) {
  for (int i = 0; i < half; ++i) {
    const float angle = static_cast<float>(position) * inverseFrequencies[i];
    cosines[i] = std::cos(angle) * factor;
    sines[i] = std::sin(angle) * factor;
  }
}

void rope(float* x, int heads, int half, const float* cosines, const float* sines) {
  kernels().rope(x, heads, half, cosines, sines);
}

void swiglu(const float* gate, const float* up, float* out, std::int64_t count) { kernels().swiglu(gate, up, out, count); }
void add(const float* x, float* y, std::int64_t count) { kernels().add(x, y, count); }
void softmax(float* x, std::int64_t count, float scale) { kernels().softmax(x, count, scale); }
std::int64_t argmax(const float* x, std::int64_t count) { return kernels().argmax(x, count); }
std::uint64_t stream_read(const std::uint8_t* data, std::int64_t bytes) { return kernels().readStream(data, bytes); }

bool allFinite(const float* x, std::int64_t count) { return kernels().poisonOf(x, count) == 0.0f; }

}  // namespace nibble

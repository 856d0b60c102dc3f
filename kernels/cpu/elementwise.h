// The small operations between products. Rows are contiguous; all arithmetic is fp32.
#pragma once
#include <cstdint>

namespace nibble {

/// y = x · rsqrt(mean(x²) + epsilon) · weight, for each of n rows of `columns`. y may be x. (RMSNorm, arXiv:1910.07467)
void rmsnorm(const float* x, const float* weight, float* y, std::int64_t n, std::int64_t columns, float epsilon);

/// cos and sin of position × inverseFrequencies[i] (the angle rounded to fp32), times `factor`, for one position: (half) each.
void rope_angles(std::int64_t position, const float* inverseFrequencies, int half, float factor, float* cosines, float* sines);

/// Rotates `heads` vectors of 2 × half in place, in the rotate-half layout, by one position's angles. (arXiv:2104.09864)
void rope(float* x, int heads, int half, const float* cosines, const float* sines);

/// out = gate · sigmoid(gate) · up, elementwise. out may be gate or up.
void swiglu(const float* gate, const float* up, float* out, std::int64_t count);

/// y += x.
void add(const float* x, float* y, std::int64_t count);

/// In place, over `count` values, after multiplying by `scale`.
void softmax(float* x, std::int64_t count, float scale);

/// The first index of the largest value; NaN is never the largest. -1 for no value.
std::int64_t argmax(const float* x, std::int64_t count);

/// Loads `bytes` bytes once, in order, and returns a checksum: what the speed of decoding is measured against.
std::uint64_t stream_read(const std::uint8_t* data, std::int64_t bytes);

/// True if every value is finite.
bool allFinite(const float* x, std::int64_t count);

}  // namespace nibble

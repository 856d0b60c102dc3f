// Launchers of the prefill kernels: the parts of a layer that run over many rows at once, around cuBLAS's products.
// Residual stream, norms, rotary and softmax are fp32; what products read and write is of the compute type.
// Every launcher only enqueues on `stream` and returns the launch's status; all pointers are device memory.
#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>

namespace nibble::gpu {

/// The type that products of a prefill are computed in.
enum class Element : std::uint8_t { f32, f16, bf16 };
constexpr int elementBytes(Element element) {
  return element == Element::f32 ? 4 : 2;
}

/// out[r] = x[r] · rsqrt(mean(x[r]²) + eps) · weight.  x (rows, width) fp32, weight (width) fp32, out (rows, width).
cudaError_t rms_norm_rows(cudaStream_t stream, const float* x, const float* weight, void* out, Element element,
                          int rows, int width, float eps);

/// angles[r][i] = (cos, sin)(fp32(position + r) · inverse[i]) · factor.  inverse (half), angles (rows, half).
cudaError_t rope_angles(cudaStream_t stream, const float* inverse, float factor, std::int64_t position, float2* angles,
                        int rows, int half);

/// a = silu(a + aBias) · (b + bBias), in place. a, b (rows, width); biases (width) fp32 or null.
cudaError_t swiglu_rows(cudaStream_t stream, void* a, const void* b, const float* aBias, const float* bBias,
                        Element element, int rows, int width);

/// x[r] += bias.  x (rows, width) fp32.
cudaError_t add_bias_rows(cudaStream_t stream, float* x, const float* bias, int rows, int width);

/// Sets *flag to min(*flag, value) if any of `count` fp32 values is NaN or Inf.
cudaError_t check_finite(cudaStream_t stream, const float* values, std::int64_t count, int value, int* flag);

}  // namespace nibble::gpu

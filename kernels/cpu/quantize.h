// Turning fp32 weights into the block formats of blocks.h, and numbers of 16 bits into fp32. Rows or blocks are independent, so
// that callers split the work; the bytes are the same at every level. Nothing here allocates.
#pragma once
#include <cstdint>

#include "kernels/blocks.h"

namespace nibble {

/// GGUF's Q8_0: scale = fp16(max / 127), values = round(x · (1 / (max / 127))), halves away from zero. A block with NaN or
/// infinity gets a NaN scale. `blocks` whole blocks of 32.
void quantize_q8(const float* x, std::int64_t blocks, BlockQ8* out);

/// IQ4_NL with a search for the scale: 18 candidates of both signs (the largest weight set near either end of the codebook), the one
/// with the least Σ w (x − d q)² for its best d = Σ w x q / Σ w q²; then q and d refitted twice. `importance` (32 × blocks
/// of it, ≥ 0) weighs the errors; null: all alike. A block with NaN or infinity gets a NaN scale.
void quantize_q4(const float* x, const float* importance, std::int64_t blocks, BlockQ4* out);

/// bitsandbytes' NF4: absmax per block of 64, codes of x · (1 / absmax) by fp32 thresholds, the even element in the high nibble; NaN
/// takes code 0; an odd count ends with code 7. `count` weights from a block boundary of the flattened tensor.
void quantize_nf4(const float* x, std::int64_t count, std::uint8_t* nibbles, float* absmax);

/// Double quantization of absmax: codes of (absmax − offset) · (1 / nested) in blocks of 256, nested = their largest magnitude.
void quantize_absmax(const float* absmax, std::int64_t blocks, float offset, std::uint8_t* codes, float* nested);

/// absmax = dynamic code × nested + offset, two fp32 roundings.
void dequantize_absmax(const std::uint8_t* codes, const float* nested, float offset, std::int64_t blocks, float* absmax);

void dequantize_q8(const BlockQ8* blocks, std::int64_t count, float* out);  ///< `count` blocks
void dequantize_q4(const BlockQ4* blocks, std::int64_t count, float* out);
void dequantize_nf4(const std::uint8_t* nibbles, const float* absmax, std::int64_t count, float* out);

/// Numbers of a file (any alignment) to fp32 and back, rounding to nearest even.
void f16_to_f32(const void* in, std::int64_t count, float* out);
void bf16_to_f32(const void* in, std::int64_t count, float* out);
void f32_to_f16(const float* in, std::int64_t count, std::uint16_t* out);
void f32_to_bf16(const float* in, std::int64_t count, std::uint16_t* out);

}  // namespace nibble

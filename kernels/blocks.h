// The byte layouts of quantized weights, defined once for the codecs in core, the CPU kernels and the CUDA kernels.
// C++17, plain data, little endian. Sources: GGUF Q8_0 and IQ4_NL (ggml), NF4 (bitsandbytes, QLoRA, arXiv:2305.14314).
#pragma once
#include <cstdint>

namespace nibble {

/// `q8`: 32 weights = value × scale. Block for block GGUF `Q8_0`. 8.5 bits per weight.
struct BlockQ8 {
  static constexpr int kCount = 32;
  std::uint16_t scale;      // IEEE half
  std::int8_t values[32];
};
static_assert(sizeof(BlockQ8) == 34, "BlockQ8 must match GGUF Q8_0");

/// `q4`: 32 weights = kQ4Codebook[nibble] × scale. Element i is the low nibble of byte i, element i+16 its high nibble.
/// Block for block GGUF `IQ4_NL`. 4.5 bits per weight.
struct BlockQ4 {
  static constexpr int kCount = 32;
  std::uint16_t scale;      // IEEE half
  std::uint8_t nibbles[16];
};
static_assert(sizeof(BlockQ4) == 18, "BlockQ4 must match GGUF IQ4_NL");

constexpr std::int8_t kQ4Codebook[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// `nf4`: 64 weights along the flattened tensor, two a byte, the even element in the high nibble; the fp32 absmax of every
/// block stands in an array of its own (as bitsandbytes stores it). 4.5 bits per weight.
constexpr int kNf4BlockCount = 64;
constexpr float kNf4Code[16] = {
    -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f,
    -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
    0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f};
/// The thresholds between the codes: code i is chosen when kNf4Threshold[i-1] < x <= kNf4Threshold[i] (strictly greater goes up; NaN
/// stays at 0). Midpoints in fp32; 0, 8, 12 and 14 are one rounding step off, as in bitsandbytes' CUDA code.
constexpr float kNf4Threshold[15] = {-0.8480964303016663f,  -0.6106328964233398f,  -0.4599952697753906f,  -0.33967941999435425f,
                                     -0.23460739850997925f, -0.13791173696517944f, -0.045525018125772476f, 0.03979014977812767f,
                                     0.1202552542090416f,   0.2035212516784668f,   0.2920137643814087f,   0.3893125355243683f,
                                     0.5016633868217468f,   0.6427869200706482f,   0.8614783883094788f};

/// Double quantization (`nf4-dq`): absmax minus its mean, in blocks of 256, as one byte of the 8-bit dynamic code.
constexpr int kNf4NestedBlockCount = 256;

}  // namespace nibble

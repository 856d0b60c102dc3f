// The number formats a tensor can be held in, and how many bytes they take. No algorithms here: see the codecs beside it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nibble {

enum class Format : std::uint8_t { f32, f16, bf16, q8, nf4, nf4dq, q4 };

/// The id used on the command line and in recipes: "f32", "f16", "bf16", "q8", "nf4", "nf4-dq", "q4".
std::string_view formatName(Format format);
std::optional<Format> formatFromName(std::string_view name);

/// Bits per weight, scales included (q8 8.5, q4 4.5, nf4 4.5, nf4-dq about 4.127).
double bitsPerWeight(Format format);

/// True for q8, nf4, nf4-dq, q4.
bool isQuantized(Format format);

/// Bytes of a (rows, columns) matrix in the format's file layout (blocks.h). Rows of block formats are padded to whole
/// blocks (q8, q4: 32 along a row); nf4 runs over the flattened tensor. Saturates at UINT64_MAX on overflow.
std::uint64_t storedBytes(Format format, std::int64_t rows, std::int64_t columns);

/// What products are computed in: weights and activations are turned to this type where they are not 8-bit.
enum class ComputeType : std::uint8_t { f32, f16, bf16 };
std::string_view computeTypeName(ComputeType type);
std::optional<ComputeType> computeTypeFromName(std::string_view name);

/// How the KV cache is held: 2 bytes (f16), 4 bytes (f32), or int8 with one fp16 scale per 32 values (q8),
/// 4-bit with a Hadamard rotation of K (q4).
enum class KvFormat : std::uint8_t { f32, f16, q8, q4 };
std::string_view kvFormatName(KvFormat format);
std::optional<KvFormat> kvFormatFromName(std::string_view name);

}  // namespace nibble

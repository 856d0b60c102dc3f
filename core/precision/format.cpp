// Names and sizes of the number formats: plain tables.
#include "core/precision/format.h"

#include <array>
#include <limits>

#include "kernels/blocks.h"

namespace nibble {
namespace {

constexpr std::array<std::string_view, 7> kFormatNames = {"f32", "f16", "bf16", "q8", "nf4", "nf4-dq", "q4"};
constexpr std::array<std::string_view, 3> kComputeNames = {"f32", "f16", "bf16"};
constexpr std::array<std::string_view, 4> kKvNames = {"f32", "f16", "q8", "q4"};
constexpr std::uint64_t kTooLarge = std::numeric_limits<std::uint64_t>::max();

template <typename Enum, std::size_t Count>
std::optional<Enum> findName(const std::array<std::string_view, Count>& names, std::string_view name) {
  for (std::size_t i = 0; i < Count; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? kTooLarge : result;
}

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? kTooLarge : result;
}

std::uint64_t divideUp(std::uint64_t a, std::uint64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

std::uint64_t rowBlockBytes(std::uint64_t rows, std::uint64_t columns, std::uint64_t count, std::uint64_t bytes) {
  return product(product(rows, divideUp(columns, count)), bytes);
}

std::uint64_t nf4Bytes(std::uint64_t rows, std::uint64_t columns, bool doubleQuantized) {
  const std::uint64_t count = product(rows, columns);
  if (count == kTooLarge) return kTooLarge;
  const std::uint64_t blocks = divideUp(count, kNf4BlockCount);
  const std::uint64_t packed = divideUp(count, 2);
  if (!doubleQuantized) return sum(packed, product(blocks, 4));
  // a byte a block, an fp32 absmax per 256 of them, and the fp32 offset
  return sum(packed, sum(blocks, sum(product(divideUp(blocks, kNf4NestedBlockCount), 4), 4)));
}

}  // namespace

std::string_view formatName(Format format) { return kFormatNames[static_cast<std::size_t>(format)]; }
std::optional<Format> formatFromName(std::string_view name) { return findName<Format>(kFormatNames, name); }
std::string_view computeTypeName(ComputeType type) { return kComputeNames[static_cast<std::size_t>(type)]; }
std::optional<ComputeType> computeTypeFromName(std::string_view name) {
  return findName<ComputeType>(kComputeNames, name);
}
std::string_view kvFormatName(KvFormat format) { return kKvNames[static_cast<std::size_t>(format)]; }
std::optional<KvFormat> kvFormatFromName(std::string_view name) { return findName<KvFormat>(kKvNames, name); }

double bitsPerWeight(Format format) {
  switch (format) {
    case Format::f32: return 32.0;
    case Format::f16:
    case Format::bf16: return 16.0;
    case Format::q8: return 8.0 * sizeof(BlockQ8) / BlockQ8::kCount;
    case Format::q4: return 8.0 * sizeof(BlockQ4) / BlockQ4::kCount;
    case Format::nf4: return 4.0 + 32.0 / kNf4BlockCount;
    case Format::nf4dq: return 4.0 + 8.0 / kNf4BlockCount + 32.0 / kNf4BlockCount / kNf4NestedBlockCount;
  }
  return 0.0;
}

bool isQuantized(Format format) { return format >= Format::q8; }

std::uint64_t storedBytes(Format format, std::int64_t rows, std::int64_t columns) {
  if (rows <= 0 || columns <= 0) return 0;
  const auto r = static_cast<std::uint64_t>(rows);
  const auto c = static_cast<std::uint64_t>(columns);
  switch (format) {
    case Format::f32: return product(product(r, c), 4);
    case Format::f16:
    case Format::bf16: return product(product(r, c), 2);
    case Format::q8: return rowBlockBytes(r, c, BlockQ8::kCount, sizeof(BlockQ8));
    case Format::q4: return rowBlockBytes(r, c, BlockQ4::kCount, sizeof(BlockQ4));
    case Format::nf4: return nf4Bytes(r, c, false);
    case Format::nf4dq: return nf4Bytes(r, c, true);
  }
  return 0;
}

}  // namespace nibble

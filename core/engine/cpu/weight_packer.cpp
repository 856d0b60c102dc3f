#include "core/engine/cpu/weight_packer.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstring>

#include "core/engine/cpu/cpu_layout.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/packed_matrix.h"

namespace nibble {
namespace {

/// One row of a source whose rows may lie in several segments.
const std::byte* sourceRow(const WeightSource& source, std::int64_t row) {
  for (const RowSegment& segment : source.segments) {
    if (row < segment.rows) return segment.data + row * source.columns * static_cast<std::int64_t>(dtypeBytes(source.dtype));
    row -= segment.rows;
  }
  return nullptr;
}

void toFloats(const std::byte* source, DType type, std::int64_t count, float* out) {
  if (type == DType::f32) {
    std::memcpy(out, source, static_cast<std::size_t>(count) * 4);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, source + 2 * i, 2);
    if (type == DType::bf16) out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
    else out[i] = static_cast<float>(std::bit_cast<_Float16>(bits));
  }
}

std::uint16_t toBf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fc0;  // NaN stays NaN
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/// One row in the file layout of a format that goes row by row.
void encodeRow(Format format, const float* row, std::int64_t columns, std::byte* out) {
  auto* words = reinterpret_cast<std::uint16_t*>(out);
  switch (format) {
    case Format::f32: std::memcpy(out, row, static_cast<std::size_t>(columns) * 4); return;
    case Format::f16:
      for (std::int64_t i = 0; i < columns; ++i) words[i] = std::bit_cast<std::uint16_t>(static_cast<_Float16>(row[i]));
      return;
    case Format::bf16:
      for (std::int64_t i = 0; i < columns; ++i) words[i] = toBf16(row[i]);
      return;
    default: return;
  }
}

std::uint64_t alignedBytes(std::uint64_t bytes) { return ByteCount(bytes).alignedTo(kCpuAlignment).value(); }

/// Scratch memory of one thread: 16 rows in fp32 and in the file layout.
struct PanelScratch {
  PanelScratch(Format format, std::int64_t columns)
      : floatBytes(alignedBytes(static_cast<std::uint64_t>(columns) * 4)),
        encodedRow(storedBytes(format, 1, columns)), bytes(floatBytes + alignedBytes(kPanelRows * encodedRow)) {}
  std::uint64_t floatBytes;  // of one row, aligned
  std::uint64_t encodedRow;  // of one row, dense
  std::uint64_t bytes;
};

bool runsOverTensor(Format format) { return format == Format::nf4 || format == Format::nf4dq; }

}  // namespace

ByteCount packingBytes(Format format, std::int64_t rows, std::int64_t columns, int threads) {
  (void)rows;
  return ByteCount(threads) * ByteCount(PanelScratch(format, columns).bytes);
}

WeightPacker::WeightPacker(ThreadPool& pool, std::byte* scratch, std::uint64_t scratchBytes)
    : m_pool(pool), m_scratch(scratch), m_scratchBytes(scratchBytes) {}

Result<void> WeightPacker::pack(const WeightSource& source, Format format, std::uint8_t* target, std::stop_token stop) {
  assert(packingBytes(format, source.rows, source.columns, m_pool.threads()).value() <= m_scratchBytes);
  m_stop = std::move(stop);
  if (runsOverTensor(format)) return fail(ErrorCode::fileUnsupported, "nf4");
  return packRows(source, format, target);
}

Result<void> WeightPacker::packRows(const WeightSource& source, Format format, std::uint8_t* target) {
  const PanelScratch sizes(format, source.columns);
  const std::int64_t panels = panelCount(source.rows);
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> finite{true};
  const auto packPanel = [&](std::int64_t panel, std::byte* scratch) {
    auto* floats = reinterpret_cast<float*>(scratch);
    std::byte* encoded = scratch + sizes.floatBytes;
    const std::int64_t first = panel * kPanelRows, last = std::min(first + kPanelRows, source.rows);
    for (std::int64_t row = first; row < last; ++row) {
      toFloats(sourceRow(source, row), source.dtype, source.columns, floats);
      if (!allFinite(floats, source.columns)) finite = false;
      encodeRow(format, floats, source.columns, encoded + static_cast<std::uint64_t>(row - first) * sizes.encodedRow);
    }
    pack_panel(weightTypeOf(format), source.rows, source.columns, panel, encoded, target);
  };
  // One item a thread, so that each has scratch memory of its own; panels are taken from a counter.
  m_pool.parallelFor(m_pool.threads(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t slot = begin; slot < end; ++slot) {
      for (std::int64_t panel = next++; panel < panels && finite && !m_stop.stop_requested(); panel = next++) {
        packPanel(panel, m_scratch + static_cast<std::uint64_t>(slot) * sizes.bytes);
      }
    }
  });
  if (!finite) return fail(ErrorCode::notANumber, "a weight is NaN or infinite", {}, source.name);
  if (m_stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped while quantizing", {}, source.name);
  return {};
}

}  // namespace nibble

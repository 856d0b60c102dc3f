#include "core/engine/cpu/weight_packer.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <new>

#include "core/engine/cpu/cpu_layout.h"
#include "core/precision/codec.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/packed_matrix.h"

namespace nibble {
namespace {

constexpr std::int64_t kNf4Rows = 64;  // rows quantized at a time: they begin at a block of 64 whatever the width

bool runsOverTensor(Format format) {
  return format == Format::nf4 || format == Format::nf4dq;
}

ByteCount floatRowBytes(std::int64_t columns) {
  return (ByteCount(columns) * ByteCount(4)).alignedTo(kCpuAlignment);
}

/// Scratch memory of one thread: a row in fp32 and 16 rows in the file layout, or the rows of NF4 that are quantized at
/// a time.
ByteCount threadBytes(Format format, std::int64_t columns) {
  if (runsOverTensor(format)) return ByteCount(kNf4Rows) * floatRowBytes(columns);
  return floatRowBytes(columns) + ByteCount(storedBytes(format, kPanelRows, columns)).alignedTo(kCpuAlignment);
}

/// Calls work(item, slot) for all items in [0, count), every slot on one thread at a time, while `go` says so.
template <typename Work, typename Go>
void forEachWithSlot(ThreadPool& pool, std::int64_t count, const Work& work, const Go& go) {
  std::atomic<std::int64_t> next{0};
  pool.parallelFor(pool.threads(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t slot = begin; slot < end; ++slot) {
      for (std::int64_t item = next++; item < count && go(); item = next++) work(item, slot);
    }
  });
}

}  // namespace

ByteCount packingBytes(Format format, std::int64_t columns, int threads) {
  return ByteCount(threads) * threadBytes(format, columns);
}

ByteCount packingTensorBytes(Format format, std::int64_t rows, std::int64_t columns) {
  if (!runsOverTensor(format)) return {};
  // nibbles and absmax; double quantization adds its codes before absmax goes
  return ByteCount(storedBytes(Format::nf4, rows, columns)) +
         (format == Format::nf4dq ? ByteCount(storedBytes(Format::nf4dq, rows, columns)) : ByteCount());
}

WeightPacker::WeightPacker(ThreadPool& pool, std::byte* scratch, std::uint64_t scratchBytes)
    : m_pool(pool), m_scratch(scratch), m_scratchBytes(scratchBytes) {}

Result<void> WeightPacker::pack(const WeightSource& source, Format format, std::uint8_t* target, std::stop_token stop) {
  assert(packingBytes(format, source.columns, m_pool.threads()).value() <= m_scratchBytes);
  m_stop = std::move(stop);
  m_finite = true;
  if (runsOverTensor(format))
    NIBBLE_CHECK(packNf4(source, format, target));
  else
    packRows(source, format, target);
  if (!m_finite) return fail(ErrorCode::notANumber, "a weight is NaN or infinite", {}, source.name);
  if (m_stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped while quantizing", {}, source.name);
  return {};
}

void WeightPacker::readRow(const WeightSource& source, std::int64_t row, float* out) {
  toFloat(source.dtype, source.row(row), source.columns, out);
  if (!allFinite(out, source.columns)) m_finite = false;
}

bool WeightPacker::goesOn() const {
  return m_finite && !m_stop.stop_requested();
}

void WeightPacker::packRows(const WeightSource& source, Format format, std::uint8_t* target) {
  const std::uint64_t slotBytes = threadBytes(format, source.columns).value();
  const std::uint64_t encodedRow = storedBytes(format, 1, source.columns);
  const auto packPanel = [&](std::int64_t panel, std::int64_t slot) {
    std::byte* scratch = m_scratch + static_cast<std::uint64_t>(slot) * slotBytes;
    std::byte* encoded = scratch + floatRowBytes(source.columns).value();
    const std::int64_t first = panel * kPanelRows, last = std::min(first + kPanelRows, source.rows);
    for (std::int64_t row = first; row < last; ++row) {
      auto* floats = reinterpret_cast<float*>(scratch);
      readRow(source, row, floats);
      quantizeRows(format, floats, 1, source.columns, {},
                   encoded + static_cast<std::uint64_t>(row - first) * encodedRow);
    }
    pack_panel(weightTypeOf(format), source.rows, source.columns, panel, encoded, target);
  };
  forEachWithSlot(m_pool, panelCount(source.rows), packPanel, [&] { return goesOn(); });
}

Result<void> WeightPacker::packNf4(const WeightSource& source, Format format, std::uint8_t* target) {
  Nf4Tensor tensor;
  try {
    tensor = makeNf4Tensor(source.rows * source.columns);
  } catch (const std::bad_alloc&) {
    return fail(Error{ErrorCode::outOfMemory,
                      "the system refused memory for a tensor",
                      {},
                      source.name,
                      packingTensorBytes(format, source.rows, source.columns).value(),
                      0});
  }
  const std::uint64_t slotBytes = threadBytes(format, source.columns).value();
  const auto quantize = [&](std::int64_t group, std::int64_t slot) {
    auto* floats = reinterpret_cast<float*>(m_scratch + static_cast<std::uint64_t>(slot) * slotBytes);
    const std::int64_t first = group * kNf4Rows, last = std::min(first + kNf4Rows, source.rows);
    for (std::int64_t row = first; row < last; ++row) readRow(source, row, floats + (row - first) * source.columns);
    quantizeNf4(tensor, floats, first * source.columns, last * source.columns);
  };
  forEachWithSlot(m_pool, (source.rows + kNf4Rows - 1) / kNf4Rows, quantize, [&] { return goesOn(); });
  if (!goesOn()) return {};
  const std::int64_t panels = panelCount(source.rows);
  if (format == Format::nf4dq) {
    doubleQuantize(tensor, meanAbsmax(tensor.absmax));
    pack_nested_nf4dq(source.rows, source.columns, tensor.nested.data(), tensor.offset, target);
  }
  m_pool.parallelFor(panels, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t panel = begin; panel < end; ++panel) {
      if (format == Format::nf4dq)
        pack_panel_nf4dq(source.rows, source.columns, panel, tensor.nibbles.data(), tensor.codes.data(), target);
      else
        pack_panel_nf4(source.rows, source.columns, panel, tensor.nibbles.data(), tensor.absmax.data(), target);
    }
  });
  return {};
}

}  // namespace nibble

#include "core/engine/cuda/module/weight_uploader.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/precision/codec.h"
#include "kernels/cuda/quantize.h"
#include "kernels/dynamic_code.h"

namespace nibble {

namespace {
gpu::SourceType sourceType(DType type) {
  return static_cast<gpu::SourceType>(type);
}
static_assert(static_cast<int>(DType::f32) == static_cast<int>(gpu::SourceType::f32));
static_assert(static_cast<int>(DType::bf16) == static_cast<int>(gpu::SourceType::bf16));

bool isNf4(gpu::MatrixFormat format) {
  return format == gpu::MatrixFormat::nf4 || format == gpu::MatrixFormat::nf4dq;
}

/// Rows of one piece: as many as fit, and for NF4 so many that every piece begins on a block of 64.
std::int64_t rowsAPiece(const WeightSource& source, gpu::MatrixFormat format) {
  const std::int64_t rowBytes = source.columns * static_cast<std::int64_t>(dtypeBytes(source.dtype));
  std::int64_t rows = static_cast<std::int64_t>(kUploadPieceBytes) / std::max<std::int64_t>(rowBytes, 1);
  if (isNf4(format)) rows -= rows % (64 / std::gcd<std::int64_t>(64, source.columns));
  return std::min(rows, source.rows);
}

/// The parts of the file that rows [first, first + rows) of a scattered matrix lie in.
std::vector<HostCopy> gather(const WeightSource& source, std::int64_t first, std::int64_t rows, std::byte* to) {
  const std::int64_t rowBytes = source.columns * static_cast<std::int64_t>(dtypeBytes(source.dtype));
  std::vector<HostCopy> copies;
  std::int64_t segmentFirst = 0;
  for (const RowSegment& segment : source.segments) {
    const std::int64_t begin = std::max(first, segmentFirst), end = std::min(first + rows, segmentFirst + segment.rows);
    if (begin < end)
      copies.push_back({to + (begin - first) * rowBytes, segment.data + (begin - segmentFirst) * rowBytes,
                        static_cast<std::size_t>((end - begin) * rowBytes)});
    segmentFirst += segment.rows;
  }
  return copies;
}
}  // namespace

Result<std::unique_ptr<WeightUploader>> WeightUploader::make(std::byte* staging, const StagingLayout& layout) {
  std::unique_ptr<WeightUploader> uploader(new WeightUploader());
  for (int i = 0; i < kSlots; ++i) {
    Slot& slot = uploader->m_slots[i];
    NIBBLE_TRY(slot.stream, Stream::make());
    NIBBLE_TRY(slot.done, Event::make());
    NIBBLE_TRY(slot.host, PinnedBuffer::allocate(kUploadPieceBytes));
    slot.device = staging + layout.pieces[i];
  }
  uploader->m_absmax = reinterpret_cast<float*>(staging + layout.absmax);
  uploader->m_absmaxBytes = layout.flags - layout.absmax;
  uploader->m_flags = reinterpret_cast<int*>(staging + layout.flags);
  uploader->m_flagCount = layout.flagCount;
  NIBBLE_CUDA(cudaMemset(uploader->m_flags, 0, layout.flagCount * sizeof(int)));
  NIBBLE_TRY(uploader->m_code, PinnedBuffer::allocate(256 * sizeof(float)));
  std::memcpy(uploader->m_code.data(), kDynamicCode, sizeof kDynamicCode);
  uploader->m_copier = std::make_unique<HostCopier>();
  return uploader;
}

WeightUploader::~WeightUploader() {
  if (!m_copier) return;
  m_copier->wait(m_slots[(m_next + kSlots - 1) % kSlots].ticket);  // nothing may still write the page-locked buffers …
  for (const Slot& slot : m_slots) cudaStreamSynchronize(slot.stream.get());  // … or read them
}

Result<void> WeightUploader::upload(const WeightSource& source, const gpu::MatrixView& matrix, std::stop_token stop) {
  if (source.rows != matrix.rows || source.columns != matrix.columns)
    return fail(ErrorCode::failed, "the matrix has not the model's shape", {}, source.name);
  const std::int64_t step = rowsAPiece(source, matrix.format);
  const std::uint64_t blocks =
      (static_cast<std::uint64_t>(source.rows) * static_cast<std::uint64_t>(source.columns) + 63) / 64;
  if (step < 1 || (isNf4(matrix.format) && blocks * sizeof(float) > m_absmaxBytes))
    return fail(ErrorCode::fileUnsupported, "a row of the matrix is longer than the upload buffer", {}, source.name);
  if (m_names.size() == m_flagCount)
    return fail(ErrorCode::failed, "more matrices than the model has", {}, source.name);
  m_names.push_back(source.name);
  if (isNf4(matrix.format)) NIBBLE_CHECK(drain());  // the scales of one matrix at a time
  for (std::int64_t row = 0; row < source.rows; row += step) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped while loading", {}, source.name);
    NIBBLE_CHECK(beginPiece(source, matrix, row, static_cast<std::int32_t>(std::min(step, source.rows - row))));
  }
  return matrix.format == gpu::MatrixFormat::nf4dq ? nestAbsmax(matrix) : Result<void>();
}

Result<void> WeightUploader::beginPiece(const WeightSource& source, const gpu::MatrixView& matrix,
                                        std::int64_t firstRow, std::int32_t rows) {
  if (m_reading == kSlots - 1) NIBBLE_CHECK(sendOldest());
  Slot& slot = m_slots[m_next];
  NIBBLE_CUDA(cudaEventSynchronize(slot.done.get()));
  slot.matrix = matrix;
  slot.piece = {slot.device, sourceType(source.dtype), firstRow, rows};
  slot.notFinite = m_flags + m_names.size() - 1;
  slot.ticket = m_copier->begin(gather(source, firstRow, rows, slot.host.data()));
  m_next = (m_next + 1) % kSlots;
  ++m_reading;
  return {};
}

Result<void> WeightUploader::sendOldest() {
  Slot& slot = m_slots[(m_next + kSlots - m_reading) % kSlots];
  --m_reading;
  m_copier->wait(slot.ticket);
  const std::size_t bytes = static_cast<std::size_t>(slot.piece.rows) * static_cast<std::size_t>(slot.matrix.columns) *
                            (slot.piece.type == gpu::SourceType::f32 ? 4 : 2);
  NIBBLE_CUDA(cudaMemcpyAsync(slot.device, slot.host.data(), bytes, cudaMemcpyHostToDevice, slot.stream.get()));
  NIBBLE_CHECK(quantize(slot));
  NIBBLE_CUDA(cudaEventRecord(slot.done.get(), slot.stream.get()));
  return {};
}

Result<void> WeightUploader::quantize(const Slot& slot) {
  const gpu::SourcePiece& piece = slot.piece;
  const gpu::MatrixView& matrix = slot.matrix;
  const cudaStream_t stream = slot.stream.get();
  NIBBLE_CUDA(
      gpu::find_not_finite(stream, piece, static_cast<std::int64_t>(piece.rows) * matrix.columns, slot.notFinite));
  switch (matrix.format) {
    case gpu::MatrixFormat::f32:
    case gpu::MatrixFormat::f16:
    case gpu::MatrixFormat::bf16:
      NIBBLE_CUDA(gpu::store_rows(stream, piece, matrix));
      break;
    case gpu::MatrixFormat::q8:
      NIBBLE_CUDA(gpu::quantize_q8(stream, piece, matrix));
      break;
    case gpu::MatrixFormat::q4:
      NIBBLE_CUDA(gpu::quantize_q4(stream, piece, matrix));
      break;
    case gpu::MatrixFormat::nf4:
    case gpu::MatrixFormat::nf4dq: {
      NIBBLE_CUDA(gpu::nf4_absmax(stream, piece, matrix.columns, m_absmax));
      NIBBLE_CUDA(gpu::quantize_nf4(stream, piece, matrix, m_absmax));
      const std::int64_t first = piece.firstRow * matrix.columns / 64;
      const std::int64_t count = (static_cast<std::int64_t>(piece.rows) * matrix.columns + 63) / 64;
      if (matrix.format == gpu::MatrixFormat::nf4)
        NIBBLE_CUDA(gpu::place_nf4_absmax(stream, m_absmax, first, count, matrix));
      break;
    }
  }
  return {};
}

Result<void> WeightUploader::nestAbsmax(const gpu::MatrixView& matrix) {
  NIBBLE_CHECK(drain());
  const std::size_t blocks =
      (static_cast<std::size_t>(matrix.rows) * static_cast<std::size_t>(matrix.columns) + 63) / 64;
  std::vector<float> absmax(blocks);
  NIBBLE_CUDA(cudaMemcpy(absmax.data(), m_absmax, blocks * sizeof(float), cudaMemcpyDeviceToHost));
  NIBBLE_CUDA(gpu::nest_nf4_absmax(m_slots[0].stream.get(), m_absmax, matrix, meanAbsmax(absmax),
                                   reinterpret_cast<const float*>(m_code.data())));
  return {};
}

Result<void> WeightUploader::drain() {
  while (m_reading > 0) NIBBLE_CHECK(sendOldest());
  for (const Slot& slot : m_slots) NIBBLE_CUDA(cudaStreamSynchronize(slot.stream.get()));
  return {};
}

Result<void> WeightUploader::finish() {
  NIBBLE_CHECK(drain());
  std::vector<int> flags(m_names.size());
  if (flags.empty()) return {};
  NIBBLE_CUDA(cudaMemcpy(flags.data(), m_flags, flags.size() * sizeof(int), cudaMemcpyDeviceToHost));
  const auto bad = std::find(flags.begin(), flags.end(), 1);
  if (bad == flags.end()) return {};
  return fail(ErrorCode::notANumber, "the tensor holds NaN or infinity", {},
              m_names[static_cast<std::size_t>(bad - flags.begin())]);
}

}  // namespace nibble

// How weights, KV cache and the decode workspace lie in device memory: read by the packing and prefill kernels, the
// decode kernels and the backend's plan. C++17, plain data and constexpr only; every size and offset in bytes unless
// said otherwise.
#pragma once
#include <cstdint>

#ifdef __CUDACC__
#define NIBBLE_HD __host__ __device__
#else
#define NIBBLE_HD
#endif

namespace nibble {
namespace gpu {

/// Same order as core's `Format` (asserted in the backend).
enum class MatrixFormat : std::uint8_t { f32, f16, bf16, q8, nf4, nf4dq, q4 };
/// Same order as core's `KvFormat`.
enum class KvCacheFormat : std::uint8_t { f32, f16, q8, q4 };

NIBBLE_HD constexpr std::uint64_t alignUp(std::uint64_t n, std::uint64_t a) {
  return (n + a - 1) / a * a;
}

/// A (rows, columns) matrix is `rows` records of `stride` bytes (a multiple of 16) or panels (below), then a tail that
/// only nf4/nf4-dq have.
///
///   f32 f16 bf16  record = values, row major, zero padded to 16 bytes.
///   q8            record = paddedColumns int8, then paddedColumns/32 fp16 scales.
///   q4            record = paddedColumns/2 bytes of nibbles, then paddedColumns/32 fp16 scales.
///   nf4           record = paddedColumns/2 bytes of nibbles, then paddedColumns/64 fp32 absmax.
///   nf4-dq        record = paddedColumns/2 bytes of nibbles, then paddedColumns/64 bytes of the dynamic 8-bit code.
///
/// Nibbles stand in natural order: column c is bits 4·(c%8) of the 32-bit word c/8, so even columns are low nibbles.
/// (File q4: element i low nibble of byte i, i+16 its high nibble; file nf4: even element in the high nibble. Packing
/// re-orders both.) Columns are padded to whole blocks of 32; the padding of a row is zero. nf4 blocks of 64 run along
/// the flattened tensor. If columns % 64 == 0 they are whole within a row and stand in the records as above; otherwise
/// (`flat`) the records hold nibbles alone and the absmax (or code bytes) of flattened block b stand at tail
/// `flatOffset` + b·(4 or 1). nf4-dq's tail begins at `nestedOffset` with: fp32 offset (mean of absmax) · 3 × fp32
/// unused · 256 fp32 dynamic code · one fp32 per 256 blocks (nested absmax). absmax of flattened block b = code[byte b]
/// · nested[b / 256] + offset.
///
/// Block formats whose columns are whole strips of 256 do not stand record by record but in panels of 16 rows (q8: 8),
/// and in a panel strip by strip: the rows' codes of the strip, row behind row, then the rows' scales of the strip. A
/// panel has panelRows · stride bytes, a multiple of 16; the last one is filled up with rows of no meaning. So a
/// product may ask for some columns of a panel by one copy. codeAt() and scaleAt() find a byte in either order.
struct MatrixLayout {
  std::int64_t rows = 0, columns = 0;
  std::int64_t paddedColumns = 0;
  std::uint64_t stride = 0;        ///< bytes of a record, or of a row's share of a panel
  std::uint64_t scaleOffset = 0;   ///< of the scales in a record (block formats that are neither flat nor in panels)
  std::int32_t panelRows = 1;      ///< 1: record by record
  std::uint32_t codeShift = 0;     ///< log2 of the bytes of a row's codes in a strip, where there are panels,
  std::uint32_t scaleShift = 0;    ///< and of its scales (shifts: a division by such a value slows dequantizing)
  bool flat = false;               ///< nf4, nf4-dq with columns % 64 != 0
  std::uint64_t flatOffset = 0;    ///< of the flat absmax or code bytes, from the matrix's start
  std::uint64_t nestedOffset = 0;  ///< nf4-dq: of {offset, code, nested}
  std::uint64_t totalBytes = 0;    ///< a multiple of 256

  NIBBLE_HD constexpr std::uint32_t codeBytes() const { return 1u << codeShift; }
  NIBBLE_HD constexpr std::uint32_t scaleBytes() const { return 1u << scaleShift; }

  /// Offset of byte `byte` of the row's codes or values.
  NIBBLE_HD constexpr std::uint64_t codeAt(std::int64_t row, std::int64_t byte) const {
    if (panelRows == 1) return static_cast<std::uint64_t>(row) * stride + static_cast<std::uint64_t>(byte);
    return stripAt(row, static_cast<std::uint32_t>(byte), codeShift, 0);
  }
  /// Offset of byte `byte` of the row's scales (block formats that are not flat).
  NIBBLE_HD constexpr std::uint64_t scaleAt(std::int64_t row, std::int64_t byte) const {
    if (panelRows == 1)
      return static_cast<std::uint64_t>(row) * stride + scaleOffset + static_cast<std::uint64_t>(byte);
    return stripAt(row, static_cast<std::uint32_t>(byte), scaleShift, panelShare(codeBytes()));
  }
  /// Offset of the absmax (or its code) of `size` bytes of a block of 64 along the flattened tensor (nf4, nf4-dq).
  NIBBLE_HD constexpr std::uint64_t absmaxAt(std::int64_t block, std::int64_t size) const {
    if (flat) return flatOffset + static_cast<std::uint64_t>(block * size);
    const std::int64_t ofRow = columns / 64, row = block / ofRow;
    return scaleAt(row, (block - row * ofRow) * size);
  }

 private:
  NIBBLE_HD constexpr std::uint32_t panelShare(std::uint32_t rowBytes) const {
    return static_cast<std::uint32_t>(panelRows) * rowBytes;
  }
  /// Of the row's bytes of one kind, 1 << shift a strip, which begin `behind` the strip's start.
  NIBBLE_HD constexpr std::uint64_t stripAt(std::int64_t row, std::uint32_t byte, std::uint32_t shift,
                                            std::uint32_t behind) const {
    const std::uint32_t inPanel = static_cast<std::uint32_t>(row) & static_cast<std::uint32_t>(panelRows - 1);
    const std::uint64_t panel = static_cast<std::uint64_t>(row) - inPanel;
    const std::uint32_t strip = byte >> shift, inStrip = byte - (strip << shift);
    return panel * stride + strip * panelShare(codeBytes() + scaleBytes()) + behind + (inPanel << shift) + inStrip;
  }
};

constexpr int kNestedCodeAt = 4, kNestedAbsmaxAt = 260;             // in that tail, in floats
constexpr std::uint64_t kNestedHeadBytes = kNestedAbsmaxAt * 4ull;  // before the nested absmax

/// Columns that share a scale in a rounded vector (rounded_vector.cuh), and in one rounded by halves.
constexpr int kRoundedGroup = 32, kRoundedHalf = 16;

/// Bytes of a rounded vector: an integer a column, a scale and a sum of squares a group, or a scale a half.
constexpr std::uint64_t roundedBytes(std::uint64_t columns) {
  return columns + alignUp(columns, kRoundedGroup) / kRoundedGroup * 2 * sizeof(float);
}

/// Columns of a strip, and rows of a panel of a block format.
constexpr int kStripColumns = 256;
NIBBLE_HD constexpr std::int32_t panelRowsOf(MatrixFormat format) {
  return format == MatrixFormat::q8 ? 8 : 16;
}

NIBBLE_HD constexpr MatrixLayout matrixLayout(MatrixFormat format, std::int64_t rows, std::int64_t columns) {
  MatrixLayout layout;
  layout.rows = rows;
  layout.columns = columns;
  const std::uint64_t r = static_cast<std::uint64_t>(rows);
  const std::uint64_t c = static_cast<std::uint64_t>(columns);
  const std::uint64_t padded = alignUp(c, 32);
  const std::uint64_t blocks = (r * c + 63) / 64;
  layout.flat = (format == MatrixFormat::nf4 || format == MatrixFormat::nf4dq) && c % 64 != 0;
  std::uint64_t tail = 0;
  switch (format) {
    case MatrixFormat::f32:
      layout.paddedColumns = static_cast<std::int64_t>(alignUp(c, 4));
      layout.stride = alignUp(c * 4, 16);
      break;
    case MatrixFormat::f16:
    case MatrixFormat::bf16:
      layout.paddedColumns = static_cast<std::int64_t>(alignUp(c, 8));
      layout.stride = alignUp(c * 2, 16);
      break;
    case MatrixFormat::q8:
      layout.scaleOffset = padded;
      layout.stride = alignUp(padded + padded / 32 * 2, 16);
      break;
    case MatrixFormat::q4:
      layout.scaleOffset = padded / 2;
      layout.stride = alignUp(padded / 2 + padded / 32 * 2, 16);
      break;
    case MatrixFormat::nf4:
      layout.scaleOffset = padded / 2;
      layout.stride = alignUp(padded / 2 + (layout.flat ? 0 : padded / 64 * 4), 16);
      tail = layout.flat ? alignUp(blocks * 4, 16) : 0;
      break;
    case MatrixFormat::nf4dq:
      layout.scaleOffset = padded / 2;
      layout.stride = alignUp(padded / 2 + (layout.flat ? 0 : padded / 64), 16);
      tail = layout.flat ? alignUp(blocks, 16) : 0;
      break;
  }
  if (layout.paddedColumns == 0) layout.paddedColumns = static_cast<std::int64_t>(padded);
  if (layout.scaleOffset != 0 && c % kStripColumns == 0) {
    const std::uint64_t strips = c / kStripColumns;
    layout.panelRows = panelRowsOf(format);
    layout.codeShift = format == MatrixFormat::q8 ? 8 : 7;      // 256 or 128 bytes
    layout.scaleShift = format == MatrixFormat::nf4dq ? 2 : 4;  // 4 or 16
    layout.stride = strips * (layout.codeBytes() + layout.scaleBytes());
    layout.scaleOffset = 0;
  }
  const std::uint64_t recordBytes = alignUp(r, static_cast<std::uint64_t>(layout.panelRows)) * layout.stride;
  layout.flatOffset = recordBytes;
  layout.nestedOffset = layout.flatOffset + tail;
  if (format == MatrixFormat::nf4dq) tail += kNestedHeadBytes + alignUp((blocks + 255) / 256 * 4, 16);
  layout.totalBytes = alignUp(recordBytes + tail, 256);
  return layout;
}

/// Bytes of a (rows, columns) matrix on the device, padding and tail included.
NIBBLE_HD constexpr std::uint64_t deviceBytes(MatrixFormat format, std::int64_t rows, std::int64_t columns) {
  return matrixLayout(format, rows, columns).totalBytes;
}

/// A matrix on the device (or, for the embedding, in mapped host memory). `data` is aligned to 256 bytes.
struct MatrixView {
  const void* data = nullptr;  // null: absent
  MatrixFormat format = MatrixFormat::f32;
  std::int32_t rows = 0, columns = 0;
};

/// K (or V) of one layer. Position p of KV head h:
///   f32 f16  values at (h·capacity + p)·head_dim, of 4 or 2 bytes.
///   q8       head_dim int8 at (h·capacity + p)·head_dim; fp16 scales, one per 32 values (the last block may be short),
///   at
///            scaleOffset + ((h·capacity + p)·scaleCount)·2. value = int8 · scale, scale = max|x| / 127.
///   q4       head_dim/2 bytes of nibbles in natural order (as above) at (h·capacity + p)·head_dim/2; scales as in q8.
///            value = kQ4Codebook[nibble] · scale, scale = (the value of largest magnitude) / -127, nearest code.
///            K is stored rotated by the orthonormal Walsh-Hadamard matrix of the largest power of two that divides
///            head_dim, block by block, after rope; queries are rotated alike. V is not rotated.
/// K is stored after rope (and key norm).
struct KvLayout {
  std::int32_t heads = 0, headDim = 0;
  std::int64_t capacity = 0;      ///< positions
  std::int32_t scaleCount = 0;    ///< per position and head
  std::uint64_t scaleOffset = 0;  ///< from the start of K (or V)
  std::uint64_t totalBytes = 0;   ///< of K alone (V takes the same), a multiple of 256
};

NIBBLE_HD constexpr KvLayout kvLayout(KvCacheFormat format, std::int32_t heads, std::int64_t capacity,
                                      std::int32_t headDim) {
  KvLayout layout;
  layout.heads = heads;
  layout.headDim = headDim;
  layout.capacity = capacity;
  const std::uint64_t positions = static_cast<std::uint64_t>(heads) * static_cast<std::uint64_t>(capacity);
  const std::uint64_t values = positions * static_cast<std::uint64_t>(headDim);
  const std::uint64_t bytes = format == KvCacheFormat::f32   ? values * 4
                              : format == KvCacheFormat::f16 ? values * 2
                              : format == KvCacheFormat::q8  ? values
                                                             : values / 2;
  const bool scaled = format == KvCacheFormat::q8 || format == KvCacheFormat::q4;
  layout.scaleCount = scaled ? (headDim + 31) / 32 : 0;
  layout.scaleOffset = alignUp(bytes, 256);
  layout.totalBytes = layout.scaleOffset + alignUp(positions * static_cast<std::uint64_t>(layout.scaleCount) * 2, 256);
  return layout;
}

/// The largest power of two that divides `headDim` (64 for 64 and 192, 128 for 128): the size of the Hadamard blocks.
NIBBLE_HD constexpr std::int32_t hadamardSize(std::int32_t headDim) {
  return headDim & -headDim;
}

struct KvView {
  void* keys = nullptr;
  void* values = nullptr;
  KvCacheFormat format = KvCacheFormat::f16;
};

}  // namespace gpu
}  // namespace nibble

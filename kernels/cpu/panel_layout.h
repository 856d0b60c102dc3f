// The bytes of a packed matrix: panels of 16 rows, one after the other. Inside a panel:
//   f32, f16, bf16   [column][16 rows]
//   q8               per 32 columns: 16 fp16 scales, then int8 [8 groups of 4 columns][16 rows][4 columns]        (544 bytes)
//   q4               per 32 columns: 16 fp16 scales, then bytes [4][16 rows][4]: low nibbles are columns 0-15,
//                    high nibbles columns 16-31 of the block                                                      (288 bytes)
//   nf4              per 64 columns: 16 fp32 absmax, then two times the 256 bytes of q4                           (576 bytes)
//   nf4-dq           per 64 columns: 16 absmax codes, then the same                                               (528 bytes)
// nf4 with columns that do not divide by 64 (blocks cross rows) stays flat, as in the file: nibbles, then absmax or codes.
// Behind the last panel of nf4-dq (and the flat codes): the nested absmax values and the offset, fp32.
#pragma once
#include <cstdint>

#include "kernels/blocks.h"
#include "kernels/cpu/packed_matrix.h"

namespace nibble {

constexpr std::int64_t kScaleBytes = 32;  // 16 fp16
constexpr std::int64_t kQ8PanelBlock = kScaleBytes + 512;
constexpr std::int64_t kQ4PanelBlock = kScaleBytes + 256;
constexpr std::int64_t kNf4PanelBlock = 64 + 512;
constexpr std::int64_t kNf4dqPanelBlock = 16 + 512;

static inline std::int64_t blocksOf(std::int64_t columns, std::int64_t count) { return (columns + count - 1) / count; }

static inline bool isFlatNf4(WeightType type, std::int64_t columns) {
  return (type == WeightType::nf4 || type == WeightType::nf4dq) && columns % kNf4BlockCount != 0;
}

/// Bytes from one panel to the next; 0 where the matrix is flat.
static inline std::int64_t panelBytes(WeightType type, std::int64_t columns) {
  switch (type) {
    case WeightType::f32: return columns * kPanelRows * 4;
    case WeightType::f16:
    case WeightType::bf16: return columns * kPanelRows * 2;
    case WeightType::q8: return blocksOf(columns, 32) * kQ8PanelBlock;
    case WeightType::q4: return blocksOf(columns, 32) * kQ4PanelBlock;
    case WeightType::nf4: return columns % 64 != 0 ? 0 : columns / 64 * kNf4PanelBlock;
    case WeightType::nf4dq: return columns % 64 != 0 ? 0 : columns / 64 * kNf4dqPanelBlock;
  }
  return 0;
}

/// Where the parts of an nf4 or nf4-dq matrix stand that are not in panels.
struct Nf4Parts {
  std::int64_t blocks = 0;        // of 64, over the flattened tensor
  std::int64_t nestedCount = 0;   // of 256 blocks
  std::int64_t statistics = 0;    // byte offset: absmax (flat nf4) or codes (flat nf4-dq)
  std::int64_t nested = 0;        // byte offset of nested absmax, followed by the offset (nf4-dq)
  std::int64_t end = 0;
};

static inline std::int64_t alignUp(std::int64_t bytes, std::int64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

static inline Nf4Parts nf4Parts(WeightType type, std::int64_t rows, std::int64_t columns) {
  Nf4Parts parts;
  parts.blocks = blocksOf(rows * columns, kNf4BlockCount);
  parts.nestedCount = blocksOf(parts.blocks, kNf4NestedBlockCount);
  const bool isDouble = type == WeightType::nf4dq;
  if (isFlatNf4(type, columns)) {
    parts.statistics = alignUp(blocksOf(rows * columns, 2), 4);
    parts.nested = alignUp(parts.statistics + parts.blocks * (isDouble ? 1 : 4), 4);
  } else {
    parts.nested = panelCount(rows) * panelBytes(type, columns);
  }
  parts.end = parts.nested + (isDouble ? parts.nestedCount * 4 + 4 : 0);
  return parts;
}

}  // namespace nibble

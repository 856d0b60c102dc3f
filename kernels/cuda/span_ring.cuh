// The rings of a span: how weights come into shared memory ahead of use. Each warp that multiplies has a ring of its
// own; a lane of one of the asking warps fills it through the bulk copy engine.
#pragma once
#include "kernels/cuda/bulk_copy.cuh"
#include "kernels/cuda/span.h"

namespace nibble {
namespace gpu {

/// The rows of a run that this warp has.
struct UnitRange {
  int begin, end;
};
__device__ __forceinline__ UnitRange unitsOfWarp(const SpanRun& run, int warpOfBlock) {
  const int grid = gridDim.x;
  int block = blockIdx.x + run.blockTurn;
  if (block >= grid) block -= grid;
  const int first = block * run.unitsOfBlock + min(block, run.unitsLeft);
  const int count = run.unitsOfBlock + (block < run.unitsLeft);
  const int warp = (warpOfBlock + run.warpTurn) & (kSpanWarps - 1);
  return {first + count * warp / kSpanWarps, first + count * (warp + 1) / kSpanWarps};
}
__device__ __forceinline__ int rowsAtOnce(const SpanRun& run, int unit, int end) {
  return run.kind == SpanKind::swiglu ? 2 : min(run.rowsAtOnce, end - unit);
}

/// What a warp and the lane that asks for its weights both know of the warp's ring in shared memory. A slot is a row
/// (or a piece of a long one), has the row's size and never straddles the end.
struct SpanRing {
  std::uint32_t memory;    // of the ring
  std::uint32_t barriers;  // one a slot, in turn: its row has come
  std::uint32_t returned;  // what the warp has given back so far: bytes (what was skipped included), slots
  std::uint32_t sizes;     // bytes of the slots, in turn; of the asking end alone

  __device__ __forceinline__ SpanRing(const SpanArgs& args, std::uint32_t rings, std::uint32_t tables, int warp) {
    memory = rings + warp * args.ringBytes;
    barriers = tables + warp * kSpanTableBytes;
    returned = barriers + kSpanBarriers * 8;
    sizes = returned + 8;
  }
  __device__ __forceinline__ std::uint32_t barrier(unsigned slot) const { return barriers + slot % kSpanBarriers * 8; }
  __device__ __forceinline__ std::uint32_t size(unsigned slot) const { return sizes + slot % kSpanBarriers * 4; }
  static __device__ __forceinline__ unsigned parity(unsigned slot) { return slot / kSpanBarriers & 1; }
};

/// The reading end of a ring.
class SpanReader {
 public:
  __device__ __forceinline__ explicit SpanReader(const SpanRing& ring) : m_ring(ring) {}

  /// Address of the next slot, once it has come.
  __device__ __forceinline__ std::uint32_t take(int size, int ringBytes) {
    const bool wraps = m_tail + size > ringBytes;
    m_bytes += size + (wraps ? ringBytes - m_tail : 0);
    if (wraps) m_tail = 0;
    waitBarrier(m_ring.barrier(m_slots), SpanRing::parity(m_slots));
    const std::uint32_t slot = m_ring.memory + m_tail;
    m_tail += size;
    ++m_slots;
    return slot;
  }
  /// Gives back all that was taken.
  __device__ __forceinline__ void giveBack() const {
    __syncwarp();
    if ((threadIdx.x & 31) == 0) storeShared8(m_ring.returned, m_bytes, m_slots);
  }

 private:
  SpanRing m_ring;
  int m_tail = 0;
  unsigned m_bytes = 0, m_slots = 0;
};

/// The asking end: one lane a ring. It asks for rows in the order in which the warp takes them, over the borders of
/// runs, while the ring has room and no more than `underWay` bytes are under way: more would not come sooner, and
/// whatever else is read from L2, above all the vectors that are handed over, would stand in line behind them.
class SpanWriter {
 public:
  __device__ __forceinline__ SpanWriter(const SpanArgs& args, const SpanRing& ring, int warp, bool works)
      : m_ring(ring), m_warp(warp), m_policy(streamingPolicy()) {
    if (works) enter(args, 0);
  }
  __device__ __forceinline__ bool done() const { return m_left == 0; }

  /// Asks for the next slot if it may; true if it did.
  __device__ __forceinline__ bool step(const SpanArgs& args) {
    if (m_arrived != m_asked && barrierPassed(m_ring.barrier(m_arrived), SpanRing::parity(m_arrived)))
      m_underWay -= static_cast<int>(loadShared4(m_ring.size(m_arrived++)));
    if (m_underWay > 0 && m_underWay + m_slotBytes > args.underWay) return false;
    const uint2 returned = loadShared8(m_ring.returned);
    const bool wraps = m_head + m_slotBytes > args.ringBytes;
    const int used = static_cast<int>(m_bytes - returned.x) + m_slotBytes + (wraps ? args.ringBytes - m_head : 0);
    if (used > args.ringBytes || m_asked - returned.y == kSpanBarriers) return false;
    m_bytes = returned.x + used;
    if (wraps) m_head = 0;
    storeShared4(m_ring.size(m_asked), m_slotBytes);
    ask(args);
    m_head += m_slotBytes;
    m_underWay += m_slotBytes;
    ++m_asked;
    advance(args);
    return true;
  }

 private:
  __device__ __forceinline__ void enter(const SpanArgs& args, int run) {
    m_left = 0;
    for (m_run = run; m_run < args.runs; ++m_run) {
      const SpanRun& next = args.run[m_run];
      const UnitRange units = unitsOfWarp(next, m_warp);
      m_left = units.end - units.begin;
      if (m_left <= 0) continue;
      m_pair = next.kind == SpanKind::swiglu;
      m_slotBytes = next.slotRowBytes, m_pieces = next.pieces, m_stride = next.stride;
      const std::uint64_t at = static_cast<std::uint64_t>(static_cast<std::uint32_t>(units.begin)) * m_stride;
      m_row = next.data[0] + at;
      m_other = m_pair ? next.data[1] - next.data[0] : 0;
      return;
    }
    m_left = 0;
  }
  /// The gate and the up row of a unit alternate, piece by piece.
  __device__ __forceinline__ void advance(const SpanArgs& args) {
    if (m_pair) {
      m_row += m_other;
      m_other = -m_other;
      m_side ^= 1;
      if (m_side) return;
    }
    if (++m_piece < m_pieces) return;
    m_piece = 0;
    m_row += m_stride;
    if (--m_left == 0) enter(args, m_run + 1);
  }
  __device__ __forceinline__ void ask(const SpanArgs& args) const {
    const std::uint32_t to = m_ring.memory + m_head, come = m_ring.barrier(m_asked);
    if (m_pieces == 1) {
      expectBytes(come, m_slotBytes);
      copyBulk(to, m_row, m_slotBytes, come, m_policy);
      return;
    }
    const SpanRun& run = args.run[m_run];
    const std::uint32_t bytes = min(run.pieceChunks, run.chunks - m_piece * run.pieceChunks) * 16;
    const std::uint32_t skipped = m_piece * run.pieceScaleBytes;
    const std::uint32_t scales = run.pieceScaleBytes == 0    ? 0
                                 : m_piece + 1 == run.pieces ? run.stride - run.scaleOffset - skipped
                                                             : run.pieceScaleBytes;
    expectBytes(come, bytes + scales);
    copyBulk(to, m_row + m_piece * run.pieceChunks * 16, bytes, come, m_policy);
    if (scales > 0) copyBulk(to + run.slotScalesAt, m_row + run.scaleOffset + skipped, scales, come, m_policy);
  }

  SpanRing m_ring;
  int m_warp;
  std::uint64_t m_policy;
  int m_head = 0, m_underWay = 0;  // bytes
  unsigned m_bytes = 0, m_asked = 0, m_arrived = 0;
  // The next slot to be asked for: of which run, how many units are left with it, where its row is.
  int m_run = 0, m_left = 0, m_side = 0, m_piece = 0, m_pieces = 1, m_slotBytes = 0;
  bool m_pair = false;
  std::uint32_t m_stride = 0;
  const std::uint8_t* m_row = nullptr;
  std::ptrdiff_t m_other = 0;  // from this row to the unit's other one
};

/// The whole work of one of the warps that ask: a few rings each, one a lane, all lanes together.
__device__ __forceinline__ void askForWeights(const SpanArgs& args, std::uint32_t rings, std::uint32_t tables,
                                              int asker) {
  constexpr int kRings = kSpanWarps / kSpanAskers;
  const int lane = threadIdx.x & 31, warp = asker * kRings + lane % kRings;
  SpanWriter writer(args, SpanRing(args, rings, tables, warp), warp, lane < kRings);
  while (__any_sync(0xffffffffu, !writer.done())) {
    const bool asked = !writer.done() && writer.step(args);
    if (!__any_sync(0xffffffffu, asked)) __nanosleep(args.pause);
  }
}

}  // namespace gpu
}  // namespace nibble

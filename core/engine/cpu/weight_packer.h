// Brings one matrix from its file into the CPU kernels' panels: read, quantize, pack, on all threads of a pool.
// Formats of row blocks go panel by panel; NF4 runs over the flattened tensor, so a whole one is held while it is
// packed.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "core/base/result.h"
#include "core/engine/byte_count.h"
#include "core/model/weights.h"
#include "core/precision/format.h"
#include "kernels/cpu/thread_pool.h"

namespace nibble {

/// Bytes of scratch memory pack() needs for rows of so many columns with so many threads.
ByteCount packingBytes(Format format, std::int64_t columns, int threads);

/// Bytes pack() takes from the heap while it works: a whole tensor for NF4, nothing for formats of row blocks.
ByteCount packingTensorBytes(Format format, std::int64_t rows, std::int64_t columns);

class WeightPacker {
 public:
  /// `scratch` is aligned to a cache line.
  WeightPacker(ThreadPool& pool, std::byte* scratch, std::uint64_t scratchBytes);

  /// Writes packedBytes() to `target`. Errors: cancelled (checked every panel); notANumber, if a weight is NaN or
  /// infinite.
  Result<void> pack(const WeightSource& source, Format format, std::uint8_t* target, std::stop_token stop);

 private:
  void packRows(const WeightSource& source, Format format, std::uint8_t* target);
  Result<void> packNf4(const WeightSource& source, Format format, std::uint8_t* target);
  void readRow(const WeightSource& source, std::int64_t row, float* out);
  bool goesOn() const;

  ThreadPool& m_pool;
  std::byte* m_scratch;
  std::uint64_t m_scratchBytes;
  std::stop_token m_stop;
  std::atomic<bool> m_finite{true};
};

}  // namespace nibble

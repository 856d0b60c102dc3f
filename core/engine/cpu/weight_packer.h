// Brings one matrix from its file into the CPU kernels' panels: read, quantize, pack, on all threads of a pool.
// Formats of row blocks go panel by panel; NF4 runs over the flattened tensor, so a whole one is held in the staging arena.
#pragma once
#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "core/base/result.h"
#include "core/engine/byte_count.h"
#include "core/model/weights.h"
#include "core/precision/format.h"
#include "kernels/cpu/thread_pool.h"

namespace nibble {

/// Bytes of scratch memory pack() needs for a (rows, columns) matrix with so many threads.
ByteCount packingBytes(Format format, std::int64_t rows, std::int64_t columns, int threads);

class WeightPacker {
 public:
  /// `scratch` is aligned to a cache line.
  WeightPacker(ThreadPool& pool, std::byte* scratch, std::uint64_t scratchBytes);

  /// Writes packedBytes() to `target`. Errors: cancelled (checked every panel); notANumber, if a weight is NaN or infinite.
  Result<void> pack(const WeightSource& source, Format format, std::uint8_t* target, std::stop_token stop);

 private:
  Result<void> packRows(const WeightSource& source, Format format, std::uint8_t* target);
  Result<void> packNf4(const WeightSource& source, Format format, std::uint8_t* target);

  ThreadPool& m_pool;
  std::byte* m_scratch;
  std::uint64_t m_scratchBytes;
  std::stop_token m_stop;
};

}  // namespace nibble

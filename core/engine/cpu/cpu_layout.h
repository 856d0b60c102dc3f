// How many bytes each arena of the CPU backend takes and where its buffers begin: pure arithmetic, read by the memory
// plan before a load and by backend_cpu when it allocates, so that the two cannot disagree.
#pragma once
#include <cstdint>

#include "core/engine/byte_count.h"
#include "core/engine/memory_plan.h"
#include "core/model/matrix_shape.h"
#include "core/model/model_config.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/packed_matrix.h"

namespace nibble {

/// Every buffer of the CPU arenas starts on a cache line.
constexpr std::uint64_t kCpuAlignment = 64;

WeightType weightTypeOf(Format format);

/// Bytes of a matrix as the CPU kernels hold it.
ByteCount cpuMatrixBytes(Format format, const MatrixShape& shape);

/// Floats in the vectors of a layer: norms and room for every bias (the config does not tell which exist).
struct CpuVectors {
  std::int64_t inputNorm = 0, postNorm = 0, queryNorm = 0, keyNorm = 0;  // offsets in floats
  std::int64_t biases[kLayerMatrixCount] = {};
  std::int64_t total = 0;
};
CpuVectors cpuVectors(const ModelConfig& config);
/// Bytes of all layers' vectors and the final norm.
ByteCount cpuVectorBytes(const ModelConfig& config);

/// The cache of one layer; K and V have kvBytes() of it each. Errors: wrongUsage for a format the CPU does
/// not hold; fileUnsupported for heads wider than its attention takes.
KvShape cpuKvShape(const ModelConfig& config, const PlanRequest& request);
Result<void> checkCpuKv(const ModelConfig& config, KvFormat format);
/// Bytes of K, and of V, of one layer in the arena.
ByteCount cpuKvBytes(const ModelConfig& config, const PlanRequest& request);

/// Where the activations stand in the workspace, in bytes. Rows: n = the prefill chunk.
struct CpuWorkspace {
  std::uint64_t residual = 0;            // (n, hidden) f32
  std::uint64_t normed = 0;              // (n, hidden) f32
  std::uint64_t qkv = 0;                 // (n, query + 2 kv) f32
  std::uint64_t attended = 0;            // (n, query) f32
  std::uint64_t gate = 0, up = 0;        // (n, intermediate) f32
  std::uint64_t activations = 0;         // 8-bit rows of the widest input
  std::uint64_t attention = 0;           // the attention kernel's own
  std::uint64_t cosines = 0, sines = 0;  // (n, head_dim / 2) f32
  std::uint64_t logits = 0;              // (logit rows, vocab) f32
  ByteCount total;
};
CpuWorkspace cpuWorkspace(const ModelConfig& config, const PlanRequest& request);

/// Held while loading only: the scratch memory of the codecs, and a whole tensor where a format needs one.
struct CpuStaging {
  ByteCount scratch, tensor;
};
CpuStaging cpuStaging(const ModelConfig& config, const PlanRequest& request);

/// Threads of the pool for a request (0: all the process may use).
int cpuThreads(const PlanRequest& request);

}  // namespace nibble

// How many bytes a CUDA load takes, part by part, and where every buffer of its three arenas (weights, KV cache,
// workspace) begins: pure arithmetic, read by the memory plan before a load and by the CUDA module when it allocates,
// so that the two cannot disagree.
#pragma once
#include <cstdint>
#include <vector>

#include "core/engine/memory_plan.h"
#include "core/model/matrix_shape.h"
#include "core/model/model_config.h"
#include "kernels/cuda/device_layout.h"

namespace nibble {

/// The device twin of a format; both enums have the same order.
constexpr gpu::MatrixFormat deviceFormat(Format format) {
  return static_cast<gpu::MatrixFormat>(format);
}
constexpr gpu::KvCacheFormat deviceKvFormat(KvFormat format) {
  return static_cast<gpu::KvCacheFormat>(format);
}

/// A shared head stands on the device, whatever embeddingOnHost says.
bool cudaEmbeddingOnHost(const ModelConfig& config, const PlanRequest& request);

/// Bytes of one element of the compute type: activations between products and dequantized weights.
constexpr std::uint64_t computeBytes(ComputeType type) {
  return type == ComputeType::f32 ? 4 : 2;
}

/// What the compute type becomes on a card: bf16 products need compute capability 8.0, older cards compute in fp32
/// instead.
ComputeType cudaComputeType(ComputeType wanted, int capabilityMajor);

/// Places buffers one after the other, each aligned to 256 bytes; its `bytes` is then the arena's size. Saturates.
class ArenaLayout {
 public:
  std::uint64_t place(std::uint64_t bytes);  ///< offset of the new buffer
  std::uint64_t bytes() const { return m_bytes; }

 private:
  std::uint64_t m_bytes = 0;
};

/// Norms and biases of one layer, fp32, offsets from the layer's start. Room for every bias is kept: the config does
/// not tell which exist.
struct LayerVectorLayout {
  std::uint64_t inputNorm = 0, postNorm = 0, queryNorm = 0, keyNorm = 0;
  std::uint64_t biases[kLayerMatrixCount] = {};
  std::uint64_t bytes = 0;
};
LayerVectorLayout layerVectorLayout(const ModelConfig& config);

/// Offsets in the workspace arena. R = rows of a prefill chunk, E = bytes of a compute element.
struct WorkspaceLayout {
  int rows = 0;                   ///< R
  std::uint64_t residual = 0;     ///< (R, hidden) fp32
  std::uint64_t narrow = 0;       ///< (R, max(hidden, query width)) E: normed rows, then attention's output
  std::uint64_t wide = 0;         ///< (R, q + k + v width) E, or gate and up (2, R, intermediate) E
  std::uint64_t tiles[2] = {};    ///< dequantized weights, tileBytes each
  std::uint64_t tileBytes = 0;    ///< 0 where no matrix needs turning into the compute type
  std::uint64_t angles = 0;       ///< (R, head_dim / 2) cos, sin
  std::uint64_t frequencies = 0;  ///< (head_dim / 2) fp32
  std::uint64_t logits = 0;       ///< (logit rows, vocab) fp32
  std::uint64_t ids = 0;          ///< (R) int32
  std::uint64_t flags = 0;        ///< 256 bytes: NaN flag and the like
  std::uint64_t finalNorm = 0;    ///< (hidden) fp32
  std::uint64_t cublas = 0, cublasBytes = 0;
  std::uint64_t decode = 0, decodeBytes = 0;  ///< the decode kernels' own workspace
  std::uint64_t stagingBytes = 0;  ///< while loading, the same arena holds what is on its way through the quantizer
  std::uint64_t bytes = 0;         ///< of the arena: the larger of running and loading, a multiple of 2 MiB
};
WorkspaceLayout workspaceLayout(const ModelConfig& config, const PlanRequest& request, int capabilityMajor);

/// While loading: raw bytes are uploaded in pieces of this size, so many in flight.
constexpr std::uint64_t kUploadPieceBytes = 8ull << 20;
constexpr int kUploadPieces = 4;
/// Offsets in the workspace arena while loading.
struct StagingLayout {
  std::uint64_t pieces[kUploadPieces] = {};
  std::uint64_t absmax = 0;  ///< NF4: fp32 absmax of every block of a matrix, before it is placed or quantized again
  std::uint64_t flags = 0;   ///< (matrices) int32: 1 where a matrix holds NaN or Inf
  std::uint64_t flagCount = 0;
  std::uint64_t bytes = 0;
};
StagingLayout stagingLayout(const ModelConfig& config, const PlanRequest& request);

/// Everything in bytes. Arenas are multiples of 2 MiB, the driver's granularity.
struct CudaMemory {
  std::uint64_t layers = 0, head = 0, embedding = 0;  ///< with vectors; padded matrices
  bool embeddingOnHost = false;
  std::uint64_t weightArena = 0, kvArena = 0, workspaceArena = 0;
  std::uint64_t hostPinned = 0;  ///< upload pieces, logits
};
CudaMemory cudaMemory(const ModelConfig& config, const PlanRequest& request, int capabilityMajor);

/// The parts of a plan for a CUDA device. Their sum on the device is what is allocated, plus the context's size.
std::vector<PlanPart> cudaPlanParts(const ModelConfig& config, const PlanRequest& request, const DeviceInfo& device);

/// "9.0" → 9; 0 if it is not a capability.
int capabilityMajor(const DeviceInfo& device);

}  // namespace nibble

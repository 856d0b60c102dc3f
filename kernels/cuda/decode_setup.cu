// What a decode step needs before its first token: the workspace, carved out of one allocation, and what the card can
// do.
#include <cuda_runtime.h>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/matvec.h"

namespace nibble {
namespace gpu {

namespace {

/// Hands out pieces of a buffer, or only counts them where there is none.
class Carver {
 public:
  explicit Carver(void* base) : m_base(static_cast<std::uint8_t*>(base)) {}
  template <typename T>
  T* take(std::uint64_t count) {
    T* piece = m_base ? reinterpret_cast<T*>(m_base + m_used) : nullptr;
    m_used += alignUp(count * sizeof(T), 256);
    return piece;
  }
  std::uint64_t used() const { return m_used; }

 private:
  std::uint8_t* m_base;
  std::uint64_t m_used = 0;
};

std::uint64_t carve(const DecodeShape& shape, void* base, DecodeWorkspace& w) {
  Carver carver(base);
  const std::uint64_t heads = static_cast<std::uint64_t>(shape.heads);
  const std::uint64_t kvHeads = static_cast<std::uint64_t>(shape.kvHeads);
  const std::uint64_t headDim = static_cast<std::uint64_t>(shape.headDim);
  w.x = carver.take<float>(static_cast<std::uint64_t>(shape.hidden));
  w.roundedX = carver.take<std::uint8_t>(roundedBytes(static_cast<std::uint64_t>(shape.hidden)));
  w.qkv = carver.take<float>((heads + 2 * kvHeads) * headDim);
  w.attention = carver.take<float>(heads * headDim);
  w.roundedAttention = carver.take<std::uint8_t>(roundedBytes(heads * headDim));
  w.gated = carver.take<float>(static_cast<std::uint64_t>(shape.intermediate));
  w.roundedGated = carver.take<std::uint8_t>(roundedBytes(static_cast<std::uint64_t>(shape.intermediate)));
  w.logits = carver.take<float>(static_cast<std::uint64_t>(shape.vocab));
  w.rope = carver.take<float>(headDim);
  w.partials = carver.take<float>(attentionPartialCount(shape));
  w.counters = carver.take<std::uint32_t>(static_cast<std::uint64_t>(shape.layers) * kvHeads);
  w.candidates = carver.take<std::uint64_t>(static_cast<std::uint64_t>(kSampleBlocks) * kSampleTopKMax);
  w.history = carver.take<std::int32_t>(static_cast<std::uint64_t>(shape.capacity));
  w.flags = carver.take<std::uint32_t>(64);
  return carver.used();
}

}  // namespace

std::uint64_t decodeWorkspaceBytes(const DecodeShape& shape) {
  DecodeWorkspace unused;
  return carve(shape, nullptr, unused);
}

DecodeWorkspace carveDecodeWorkspace(const DecodeShape& shape, void* base) {
  DecodeWorkspace workspace;
  carve(shape, base, workspace);
  return workspace;
}

cudaError_t decodeTuning(int device, DecodeTuning& tuning) {
  int major = 0, minor = 0;
  cudaError_t error = cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  if (error == cudaSuccess)
    error = cudaDeviceGetAttribute(&tuning.multiprocessors, cudaDevAttrMultiProcessorCount, device);
  if (error != cudaSuccess) return error;
  tuning.capability = major * 10 + minor;
  tuning.dependentLaunch = tuning.capability >= 90;
  int shared = 0, all = 0;
  error = cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  if (error == cudaSuccess) error = cudaDeviceGetAttribute(&all, cudaDevAttrMaxSharedMemoryPerMultiprocessor, device);
  if (error != cudaSuccess) return error;
  tuning.blockKiB = shared / 1024;
  tuning.aloneKiB = tuning.dependentLaunch ? all / 2048 + 1 : 0;
  tuning.tensorAttention = tuning.capability >= 80;
  tuning.fastProducts = true;
  if (tuning.capability < 90) return cudaSuccess;
  return tensorProductsCompiled(tuning.tensorProducts);
}

}  // namespace gpu
}  // namespace nibble

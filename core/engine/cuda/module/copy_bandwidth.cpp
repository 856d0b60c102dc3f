// What the card's memory moves in a copy, read and write counted: the yardstick of every GB/s that `bench` prints.
// The two buffers are taken for the measurement alone and given back, so they are no part of the plan.
#include <algorithm>
#include <chrono>

#include "core/engine/cuda/module/backend_cuda.h"

namespace nibble {

namespace {

constexpr std::uint64_t kLargest = std::uint64_t{1} << 30;  // each; far beyond any L2
constexpr std::uint64_t kSmallest = std::uint64_t{128} << 20;
constexpr int kCopiesATime = 8;
constexpr int kTimes = 6;

Result<DeviceBuffer> take(std::uint64_t bytes) {
  void* data = nullptr;
  NIBBLE_CUDA(cudaMalloc(&data, bytes));
  return DeviceBuffer(data, bytes);
}

}  // namespace

Result<double> BackendCuda::measureBandwidth() {
  m_card->use();
  std::size_t free = 0, total = 0;
  NIBBLE_CUDA(cudaMemGetInfo(&free, &total));
  const std::uint64_t bytes = std::min<std::uint64_t>(kLargest, free / 3) >> 20 << 20;
  if (bytes < kSmallest) return 0.0;
  NIBBLE_TRY(const DeviceBuffer from, take(bytes));
  NIBBLE_TRY(const DeviceBuffer to, take(bytes));
  const cudaStream_t stream = m_card->stream().get();
  NIBBLE_CUDA(cudaMemsetAsync(from.data(), 1, bytes, stream));
  NIBBLE_CUDA(cudaStreamSynchronize(stream));
  double best = 0;
  for (int i = 0; i < kTimes; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    for (int k = 0; k < kCopiesATime; ++k)
      NIBBLE_CUDA(cudaMemcpyAsync(to.data(), from.data(), bytes, cudaMemcpyDeviceToDevice, stream));
    NIBBLE_CUDA(cudaStreamSynchronize(stream));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    best = std::max(best, 2.0 * kCopiesATime * static_cast<double>(bytes) / seconds / 1e9);
  }
  return best;
}

}  // namespace nibble

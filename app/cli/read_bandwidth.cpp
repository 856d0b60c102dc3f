#include "app/cli/read_bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "core/engine/device.h"

namespace nibble {

namespace {

constexpr std::size_t kLargest = std::size_t{1} << 30;
constexpr std::size_t kSmallest = std::size_t{64} << 20;
constexpr double kSeconds = 0.6;  // a pass that no other program disturbs is among those of so long a time, mostly
constexpr int kLeastPasses = 6;

using Lanes = std::uint64_t __attribute__((vector_size(64)));  // the compiler makes it two or four registers where there are no wider ones

/// Sums with eight independent accumulators, so that additions never wait for each other.
std::uint64_t sum(const Lanes* data, std::size_t count) {
  Lanes parts[8] = {};
  for (std::size_t i = 0; i + 8 <= count; i += 8)
    for (int k = 0; k < 8; ++k) parts[k] += data[i + static_cast<std::size_t>(k)];
  std::uint64_t total = 0;
  for (const Lanes& part : parts)
    for (int k = 0; k < 8; ++k) total += part[k];
  return total;
}

std::size_t bufferBytes() {
  const auto devices = listDevices();
  const std::uint64_t free = devices.empty() ? 0 : devices.front().freeBytes;
  return std::clamp<std::size_t>(static_cast<std::size_t>(free / 4), kSmallest, kLargest) / 4096 * 4096;
}

}  // namespace

double measureReadBandwidth(int threads) {
  const unsigned count = threads > 0 ? static_cast<unsigned>(threads) : std::max(1u, std::thread::hardware_concurrency());
  const std::size_t bytes = bufferBytes();
  const std::unique_ptr<void, void (*)(void*)> owner(std::aligned_alloc(4096, bytes), std::free);
  if (!owner) return 0;
  const auto* data = static_cast<const Lanes*>(owner.get());
  const std::size_t each = bytes / sizeof(Lanes) / count / 8 * 8;
  std::atomic<std::uint64_t> sink{0};
  const auto run = [&](auto&& work) {
    std::vector<std::thread> pool;
    const auto start = std::chrono::steady_clock::now();
    for (unsigned i = 0; i < count; ++i) pool.emplace_back([&work, i] { work(i); });
    for (std::thread& thread : pool) thread.join();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  // Every thread touches its own part first: pages that were never written are one page of zeros in the cache.
  run([&](unsigned i) {
    auto* part = static_cast<Lanes*>(owner.get()) + i * each;
    for (std::size_t k = 0; k < each; ++k) part[k] = Lanes{} + (k + i);
  });
  double best = 0, spent = 0;
  for (int pass = 0; pass < kLeastPasses || spent < kSeconds; ++pass) {
    const double seconds = run([&](unsigned i) { sink += sum(data + i * each, each); });
    spent += seconds;
    best = std::max(best, static_cast<double>(each * count * sizeof(Lanes)) / seconds / 1e9);
  }
  return sink.load() == 1 ? 0 : best;
}

}  // namespace nibble

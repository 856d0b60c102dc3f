// See thread_pool.h. The order that makes it correct: the job is written, then m_generation is raised; a worker that leaves the
// job lowers m_busy; the caller returns when m_busy is 0, so no worker can still look at the old job.
#include "kernels/cpu/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <chrono>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nibble {
namespace {

constexpr auto kSpinTime = std::chrono::microseconds(50);
constexpr int kPiecesPerThread = 4;  // so that a thread that another program holds up does not hold up the rest

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

int usableThreads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  const int count = threads > 0 ? threads : usableThreads();
  for (int i = 1; i < count; ++i) m_workers.emplace_back([this] { workerLoop(); });
}

ThreadPool::~ThreadPool() {
  m_stop = true;
  m_generation.fetch_add(1);
  m_generation.notify_all();
  for (std::thread& worker : m_workers) worker.join();
}

void ThreadPool::run(std::int64_t count, std::int64_t grain, Function function, const void* context) {
  if (count <= 0) return;
  grain = std::max<std::int64_t>(1, grain);
  if (m_workers.empty() || count <= grain) {
    function(context, 0, count);
    return;
  }
  m_function = function;
  m_context = context;
  m_count = count;
  m_piece = std::max(grain, (count + kPiecesPerThread * threads() - 1) / (kPiecesPerThread * threads()));
  m_next.store(0, std::memory_order_relaxed);
  m_busy.store(static_cast<int>(m_workers.size()), std::memory_order_relaxed);
  m_generation.fetch_add(1);
  if (m_sleeping.load() > 0) m_generation.notify_all();
  takePieces();
  for (int spins = 0; m_busy.load(std::memory_order_acquire) > 0; ++spins) {
    if (spins < 20000) {
      pause();
    } else {
      std::this_thread::yield();  // more threads than cores: let the worker finish
    }
  }
}

void ThreadPool::takePieces() {
  for (;;) {
    const std::int64_t begin = m_next.fetch_add(m_piece, std::memory_order_relaxed);
    if (begin >= m_count) return;
    m_function(m_context, begin, std::min(begin + m_piece, m_count));
  }
}

void ThreadPool::workerLoop() {
  std::uint32_t seen = 0;
  for (;;) {
    const auto start = std::chrono::steady_clock::now();
    std::uint32_t generation = m_generation.load(std::memory_order_acquire);
    for (int spins = 0; generation == seen; ++spins) {
      pause();
      generation = m_generation.load(std::memory_order_acquire);
      if (spins % 64 == 63 && std::chrono::steady_clock::now() - start > kSpinTime) break;
    }
    if (generation == seen) {
      m_sleeping.fetch_add(1);
      m_generation.wait(seen);
      m_sleeping.fetch_sub(1);
      continue;
    }
    seen = generation;
    if (m_stop.load()) return;
    takePieces();
    m_busy.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace nibble

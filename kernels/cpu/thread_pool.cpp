// See thread_pool.h. What makes it correct: the job is written before its ticket; only who has taken a piece off the ticket reads the
// job; the caller returns when every piece is finished. So a worker that the system holds up delays nobody unless it has a piece.
#include "kernels/cpu/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nibble {
namespace {

constexpr auto kSpinTime = std::chrono::microseconds(50);
constexpr int kCallerSpins = 2000;
constexpr int kPiecesPerThread = 32;  // so that a thread that another program holds up does not hold up the rest

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
  m_workers.reserve(static_cast<std::size_t>(count));
  try {
    for (int i = 1; i < count; ++i) m_workers.emplace_back([this] { workerLoop(); });
  } catch (const std::system_error&) {
    // The system gives no more threads. Those that run do the work; letting the exception out would end the program, as they
    // are not joined then.
  }
}

ThreadPool::~ThreadPool() {
  m_stop = true;
  m_alarm.fetch_add(1);
  m_alarm.notify_all();
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
  m_pieces = static_cast<std::uint32_t>((count + m_piece - 1) / m_piece);
  m_unfinished.store(m_pieces, std::memory_order_relaxed);
  const std::uint64_t job = (m_ticket.load(std::memory_order_relaxed) >> 32) + 1;
  m_ticket.store(job << 32 | m_pieces);
  m_alarm.fetch_add(1);
  if (m_sleeping.load() > 0) m_alarm.notify_all();
  while (takePiece()) {
  }
  for (int spins = 0; m_unfinished.load(std::memory_order_acquire) > 0; ++spins) {
    if (spins < kCallerSpins) {
      pause();
    } else {
      std::this_thread::yield();  // more threads than cores: let the worker finish its piece
    }
  }
}

/// Takes and does one piece of the current job, if one is left.
bool ThreadPool::takePiece() {
  std::uint64_t ticket = m_ticket.load(std::memory_order_acquire);
  do {
    if (static_cast<std::uint32_t>(ticket) == 0) return false;
  } while (!m_ticket.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel, std::memory_order_acquire));
  const std::int64_t begin = static_cast<std::int64_t>(m_pieces - static_cast<std::uint32_t>(ticket)) * m_piece;
  m_function(m_context, begin, std::min(begin + m_piece, m_count));
  m_unfinished.fetch_sub(1, std::memory_order_release);
  return true;
}

void ThreadPool::workerLoop() {
  for (;;) {
    // First the alarm, then whether to stop: an alarm that rings in between is seen by the wait below.
    const std::uint32_t alarm = m_alarm.load();
    if (m_stop.load()) return;
    const auto start = std::chrono::steady_clock::now();
    bool worked = false;
    for (int spins = 0; !worked; ++spins) {
      worked = takePiece();
      pause();
      if (spins % 64 == 63 && std::chrono::steady_clock::now() - start > kSpinTime) break;
    }
    if (worked) continue;
    m_sleeping.fetch_add(1);
    if (m_alarm.load() == alarm) m_alarm.wait(alarm);
    m_sleeping.fetch_sub(1);
  }
}

}  // namespace nibble

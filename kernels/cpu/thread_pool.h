// A pool for kernels: threads that spin for some microseconds for the next piece of work and then sleep.
// One caller at a time; the calling thread works too. Results of kernels do not depend on the number of threads.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace nibble {

class ThreadPool {
 public:
  /// `threads` in all, the caller included; 0: as many as the process may use. Fewer where the system gives no more.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(m_workers.size()) + 1; }

  /// Calls work(begin, end) for pieces that cover [0, count), at least `grain` each (but the last), and returns when all are
  /// done. `work` must not throw and must not call the pool.
  template <typename Work>
  void parallelFor(std::int64_t count, std::int64_t grain, const Work& work) {
    run(count, grain, [](const void* context, std::int64_t begin, std::int64_t end) { (*static_cast<const Work*>(context))(begin, end); },
        &work);
  }

 private:
  using Function = void (*)(const void* context, std::int64_t begin, std::int64_t end);
  void run(std::int64_t count, std::int64_t grain, Function function, const void* context);
  bool takePiece();
  void workerLoop();

  std::vector<std::thread> m_workers;
  // The job. Written by the caller while no piece is out, read by whoever has taken a piece.
  Function m_function = nullptr;
  const void* m_context = nullptr;
  std::int64_t m_count = 0;
  std::int64_t m_piece = 0;
  std::uint32_t m_pieces = 0;
  alignas(64) std::atomic<std::uint64_t> m_ticket{0};  // number of the job << 32 | pieces not yet taken
  alignas(64) std::atomic<std::uint32_t> m_unfinished{0};
  alignas(64) std::atomic<std::uint32_t> m_alarm{0};   // what sleeping workers wait for
  std::atomic<int> m_sleeping{0};
  std::atomic<bool> m_stop{false};
};

}  // namespace nibble

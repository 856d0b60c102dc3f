// Copies from mapped files into page-locked memory with several threads, several pieces under way: one thread cannot
// feed PCIe. The threads look for work without sleeping while pieces follow each other: waking a dozen threads per
// piece would cost more than the copy.
#pragma once
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace nibble {

struct HostCopy {
  std::byte* to = nullptr;
  const std::byte* from = nullptr;
  std::size_t bytes = 0;
};

/// One thread calls begin() and wait().
class HostCopier {
 public:
  HostCopier();
  ~HostCopier();
  HostCopier(const HostCopier&) = delete;
  HostCopier& operator=(const HostCopier&) = delete;

  /// Begins to copy; both ends must stay until wait() for the returned ticket.
  std::uint64_t begin(const std::vector<HostCopy>& copies);
  /// Returns when all copies up to the ticket are done; the calling thread helps.
  void wait(std::uint64_t ticket);

 private:
  static constexpr std::uint64_t kRing = 1024;
  struct Share {
    HostCopy copy;
    std::atomic<std::uint64_t> doneAs{~0ull};  ///< number of the last share that was copied out of this place
  };
  void publish(const HostCopy& copy);
  bool copyOne();
  void work();
  std::array<Share, kRing> m_ring;            ///< share n stands at n % kRing
  std::atomic<std::uint64_t> m_published{0};  ///< shares [m_taken, m_published) wait for a thread
  std::atomic<std::uint64_t> m_taken{0};
  std::uint64_t m_waited = 0;  ///< shares before this one are known to be done
  std::atomic<bool> m_stop{false};
  std::atomic<int> m_sleeping{0};
  std::mutex m_mutex;
  std::condition_variable m_wake;
  std::vector<std::thread> m_threads;
};

}  // namespace nibble

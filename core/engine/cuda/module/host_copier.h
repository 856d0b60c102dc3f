// Copies from mapped files into page-locked memory with several threads, several pieces under way: one thread cannot feed PCIe.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace nibble {

struct HostCopy {
  std::byte* to = nullptr;
  const std::byte* from = nullptr;
  std::size_t bytes = 0;
};

class HostCopier {
 public:
  HostCopier();
  ~HostCopier();
  HostCopier(const HostCopier&) = delete;
  HostCopier& operator=(const HostCopier&) = delete;

  /// Begins to copy; both ends must stay until wait() for the returned ticket. Tickets are waited for in their order.
  std::uint64_t begin(const std::vector<HostCopy>& copies);
  /// Returns when all copies up to the ticket are done; the calling thread helps.
  void wait(std::uint64_t ticket);

 private:
  struct Job {
    std::uint64_t ticket;
    std::vector<HostCopy> shares;
    std::size_t next = 0, open = 0;
  };
  bool copyOne(std::unique_lock<std::mutex>& lock);
  void work();
  std::mutex m_mutex;
  std::condition_variable m_wake, m_done;
  std::deque<Job> m_jobs;
  std::uint64_t m_tickets = 0;
  bool m_stop = false;
  std::vector<std::thread> m_threads;
};

}  // namespace nibble

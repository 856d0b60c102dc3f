// Copies from mapped files into page-locked memory with several threads: one thread cannot feed PCIe.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <span>
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
  /// Copies all pieces; returns when they are there.
  void copy(std::span<const HostCopy> pieces);

 private:
  void work();
  void takeShares();
  std::mutex m_mutex;
  std::condition_variable m_wake, m_done;
  std::vector<HostCopy> m_shares;
  std::size_t m_next = 0, m_open = 0;
  bool m_stop = false;
  std::vector<std::thread> m_threads;
};

}  // namespace nibble

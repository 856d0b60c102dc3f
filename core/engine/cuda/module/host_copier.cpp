#include "core/engine/cuda/module/host_copier.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace nibble {

namespace {
constexpr unsigned kMostThreads = 8;
constexpr std::size_t kShareBytes = 1 << 20;

void copyShare(const HostCopy& share) {
#ifdef MADV_POPULATE_READ
  // One call instead of a page fault every few pages. It may fail (old kernel, not a mapping): the copy then faults pages in.
  static const std::uintptr_t page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(share.from) / page * page;
  const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(share.from) + share.bytes;
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_READ);
#endif
  std::memcpy(share.to, share.from, share.bytes);
}
}  // namespace

HostCopier::HostCopier() {
  const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  for (unsigned i = 1; i < threads; ++i) m_threads.emplace_back([this] { work(); });
}

HostCopier::~HostCopier() {
  {
    const std::lock_guard lock(m_mutex);
    m_stop = true;
  }
  m_wake.notify_all();
  for (std::thread& thread : m_threads) thread.join();
}

void HostCopier::copy(std::span<const HostCopy> pieces) {
  {
    const std::lock_guard lock(m_mutex);
    m_shares.clear();
    for (const HostCopy& piece : pieces)
      for (std::size_t at = 0; at < piece.bytes; at += kShareBytes)
        m_shares.push_back({piece.to + at, piece.from + at, std::min(kShareBytes, piece.bytes - at)});
    m_next = 0;
    m_open = m_shares.size();
  }
  m_wake.notify_all();
  takeShares();
  std::unique_lock lock(m_mutex);
  m_done.wait(lock, [this] { return m_open == 0; });
}

void HostCopier::takeShares() {
  std::unique_lock lock(m_mutex);
  while (m_next < m_shares.size()) {
    const HostCopy share = m_shares[m_next++];
    lock.unlock();
    copyShare(share);
    lock.lock();
    if (--m_open == 0) m_done.notify_all();
  }
}

void HostCopier::work() {
  for (;;) {
    {
      std::unique_lock lock(m_mutex);
      m_wake.wait(lock, [this] { return m_stop || m_next < m_shares.size(); });
      if (m_stop) return;
    }
    takeShares();
  }
}

}  // namespace nibble

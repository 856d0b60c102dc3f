#include "core/base/mapped_file.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace nibble {

// Where a mapped file lies. The signal handler reads these, so they are lock-free and never freed.
struct MappedRange {
  std::atomic<bool> taken{false};
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::atomic<bool> faulted{false};

  bool holds(std::uintptr_t address) const { return address >= begin.load() && address < end.load(); }
};

namespace {

std::array<MappedRange, 4096> ranges;
struct sigaction previousAction;
std::uintptr_t pageSize = 4096;

void passOn(int signal, siginfo_t* info, void* context) {
  if (previousAction.sa_flags & SA_SIGINFO) {
    previousAction.sa_sigaction(signal, info, context);
  } else if (previousAction.sa_handler != SIG_DFL && previousAction.sa_handler != SIG_IGN) {
    previousAction.sa_handler(signal);
  } else {
    ::signal(SIGBUS,
             SIG_DFL);  // the faulting instruction runs again and now ends the process, as it would have without us
  }
}

void handleLostPage(int signal, siginfo_t* info, void* context) {
  const int savedErrno = errno;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (MappedRange& range : ranges) {
    if (!range.holds(address)) continue;
    range.faulted.store(true);
    // One zero page at a time: the rest of the map stays the file's.
    void* page = reinterpret_cast<void*>(address & ~(pageSize - 1));
    const void* placed = ::mmap(page, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    errno = savedErrno;
    if (placed != MAP_FAILED) return;
    break;
  }
  passOn(signal, info, context);
}

void installHandler() {
  pageSize = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  struct sigaction action {};
  action.sa_sigaction = handleLostPage;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, &previousAction);
}

MappedRange* takeRange(std::uintptr_t begin, std::size_t size) {
  for (MappedRange& range : ranges) {
    bool expected = false;
    if (!range.taken.compare_exchange_strong(expected, true)) continue;
    range.faulted.store(false);
    range.begin.store(begin);
    range.end.store(begin + size);
    return &range;
  }
  return nullptr;
}

void giveBack(MappedRange& range) {
  range.end.store(0);
  range.begin.store(0);
  range.taken.store(false);
}

}  // namespace

MappedFile::MappedFile(OpenFile file, std::string path)
    : m_file(std::move(file)), m_path(std::move(path)), m_size(static_cast<std::size_t>(m_file.size())) {}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  static std::once_flag once;
  std::call_once(once, installHandler);
  NIBBLE_TRY(OpenFile file, OpenFile::open(path));
  std::shared_ptr<MappedFile> mapped(new MappedFile(std::move(file), path.string()));
  if (mapped->m_size == 0) return mapped;
  void* data = ::mmap(nullptr, mapped->m_size, PROT_READ, MAP_PRIVATE, mapped->m_file.descriptor(), 0);
  if (data == MAP_FAILED)
    return fail(ErrorCode::failed, std::string("cannot be mapped: ") + std::strerror(errno), mapped->m_path);
  mapped->m_data = static_cast<const std::byte*>(data);
  mapped->m_range = takeRange(reinterpret_cast<std::uintptr_t>(data), mapped->m_size);
  if (!mapped->m_range) return fail(ErrorCode::failed, "too many mapped files", mapped->m_path);
  return mapped;
}

MappedFile::~MappedFile() {
  if (m_range) giveBack(*m_range);
  if (m_data) ::munmap(const_cast<std::byte*>(m_data), m_size);
}

Result<void> MappedFile::intact() const {
  // A cut inside a page faults nowhere (its rest reads as zeros), so the size is asked too.
  const bool faulted = m_range && m_range->faulted.load();
  if (!faulted && m_file.currentSize() >= m_size) return {};
  return fail(ErrorCode::fileMalformed, "became shorter while it was read", m_path);
}

void releaseFilePages(const std::byte* data, std::uint64_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  for (const MappedRange& range : ranges) {
    if (!range.holds(begin) || range.faulted.load()) continue;
    const std::uintptr_t end = std::min<std::uintptr_t>(begin + bytes, range.end.load());
    const std::uintptr_t first = (begin + pageSize - 1) & ~(pageSize - 1);
    const std::uintptr_t last = end & ~(pageSize - 1);
    if (last > first) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
    return;
  }
}

}  // namespace nibble

#include "core/engine/cpu/arena.h"

#include <sys/mman.h>

#include <cassert>
#include <limits>
#include <utility>

#include "core/engine/byte_count.h"
#include "core/engine/cpu/cpu_device.h"
#include "core/engine/cpu/cpu_layout.h"

namespace nibble {

Arena::~Arena() {
  if (m_data) munmap(m_data, m_size);
}

Arena::Arena(Arena&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)),
      m_size(std::exchange(other.m_size, 0)),
      m_used(std::exchange(other.m_used, 0)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(m_data, other.m_data);
  std::swap(m_size, other.m_size);
  std::swap(m_used, other.m_used);
  return *this;
}

Result<Arena> Arena::allocate(std::uint64_t bytes, const std::string& name) {
  Arena arena;
  if (bytes == 0) return arena;
  void* memory = MAP_FAILED;
  if (bytes < std::numeric_limits<std::size_t>::max() / 2) {
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  if (memory == MAP_FAILED) {
    Error error{ErrorCode::outOfMemory, "the system refused memory for " + name, {}, name, bytes, availableMemory()};
    return fail(std::move(error));
  }
  madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: fewer TLB misses when weights are streamed
  arena.m_data = static_cast<std::byte*>(memory);
  arena.m_size = bytes;
  return arena;
}

std::byte* Arena::take(std::uint64_t bytes) {
  const std::uint64_t aligned = ByteCount(bytes).alignedTo(kCpuAlignment).value();
  assert(aligned <= m_size - m_used);
  std::byte* start = m_data + m_used;
  m_used += aligned;
  return start;
}

}  // namespace nibble

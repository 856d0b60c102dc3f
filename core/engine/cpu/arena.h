// One block of host memory, taken from the system at once and given back at once; buffers are cut from it in order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/result.h"

namespace nibble {

class Arena {
 public:
  Arena() = default;
  ~Arena();
  Arena(Arena&& other) noexcept;
  Arena& operator=(Arena&& other) noexcept;

  /// Zeroed pages, huge ones where the system gives them. `name` is the part of the plan. Errors: outOfMemory.
  static Result<Arena> allocate(std::uint64_t bytes, const std::string& name);

  /// The next `bytes`, aligned to a cache line. Running out is a bug: the plan and the arena's user disagree.
  std::byte* take(std::uint64_t bytes);

  std::byte* data() const { return m_data; }
  std::uint64_t size() const { return m_size; }
  std::uint64_t used() const { return m_used; }

 private:
  std::byte* m_data = nullptr;
  std::uint64_t m_size = 0;
  std::uint64_t m_used = 0;
};

}  // namespace nibble

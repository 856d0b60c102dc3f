#include "app/token_buffer.h"

#include <utility>

namespace nibble {

TokenBuffer::TokenBuffer(std::function<void()> wake, std::size_t capacity) : m_wake(std::move(wake)), m_capacity(capacity) {}

void TokenBuffer::append(RunId run, const GenerateEvent& event, std::stop_token stop) {
  bool wake = false;
  {
    std::unique_lock lock(m_mutex);
    m_room.wait(lock, stop, [this, run] {
      return m_content.bytes.size() < m_capacity && (m_content.run == run || m_content.tokens == 0);
    });
    if (m_content.run != run) m_content = Drained{run, {}, {}, 0};
    m_content.bytes += event.text;
    m_content.last = event;
    m_content.last.text.clear();
    ++m_content.tokens;
    wake = !std::exchange(m_wakePending, true);
  }
  if (wake) m_wake();
}

TokenBuffer::Drained TokenBuffer::drain() {
  Drained out;
  {
    const std::lock_guard lock(m_mutex);
    out = std::exchange(m_content, Drained{});
    m_wakePending = false;
  }
  m_room.notify_all();
  return out;
}

}  // namespace nibble

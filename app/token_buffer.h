// The bounded buffer between the thread that makes text and the one that shows it: many tokens, one wake-up.
// The writer waits when the reader is far behind, so a flood cannot grow memory or queue events without end.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

#include "app/engine_types.h"

namespace nibble {

class TokenBuffer {
 public:
  struct Drained {
    RunId run = 0;
    std::string bytes;       ///< UTF-8, may end inside a character
    GenerateEvent last;      ///< of the newest token in `bytes`
    std::uint64_t tokens = 0;
  };

  /// `wake` is called from the writer's thread once per filling: it must only post an event.
  explicit TokenBuffer(std::function<void()> wake, std::size_t capacity = 64 * 1024);

  /// Writer. Waits while the buffer is full or holds another run's text, unless `stop` is asked for (then the text is kept nevertheless).
  void append(RunId run, const GenerateEvent& event, std::stop_token stop);
  /// Reader. Takes everything; the next append wakes again.
  Drained drain();

 private:
  std::function<void()> m_wake;
  const std::size_t m_capacity;
  std::mutex m_mutex;
  std::condition_variable_any m_room;
  Drained m_content;
  bool m_wakePending = false;
};

}  // namespace nibble

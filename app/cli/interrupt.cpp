#include "app/cli/interrupt.h"

#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace nibble {

namespace {

constexpr int kInterruptedStatus = 130;

struct Watch {
  std::mutex mutex;
  std::stop_source source;
  bool endsProgram = true;
};

Watch& watch() {
  static Watch instance;
  return instance;
}

void onSignal() {
  Watch& state = watch();
  const std::lock_guard lock(state.mutex);
  if (state.endsProgram || state.source.stop_requested()) std::_Exit(kInterruptedStatus);
  state.source.request_stop();
}

}  // namespace

void startInterruptWatch() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  watch();
  std::thread([signals] {
    for (int received = 0; sigwait(&signals, &received) == 0;) onSignal();
  }).detach();
}

std::stop_token interruptToken() {
  Watch& state = watch();
  const std::lock_guard lock(state.mutex);
  if (state.source.stop_requested()) state.source = std::stop_source();
  state.endsProgram = false;
  return state.source.get_token();
}

bool interrupted() {
  Watch& state = watch();
  const std::lock_guard lock(state.mutex);
  return state.source.stop_requested();
}

void interruptEndsProgram() {
  Watch& state = watch();
  const std::lock_guard lock(state.mutex);
  state.endsProgram = true;
}

}  // namespace nibble

// Ctrl-C and SIGTERM as a stop token. One thread waits for the signals, so that no handler has to be async-signal-safe.
#pragma once
#include <stop_token>

namespace nibble {

/// Blocks the signals in this thread (call first of all, every later thread inherits it) and starts the waiting one.
void startInterruptWatch();

/// A token that the next Ctrl-C stops; a second one ends the process with status 130.
std::stop_token interruptToken();
/// True once the current token was stopped.
bool interrupted();

/// `chat` at its prompt: Ctrl-C ends the program at once. interruptToken() turns that off again.
void interruptEndsProgram();

}  // namespace nibble

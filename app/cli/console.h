// What the command line prints: results on stdout, everything else on stderr, progress bars only where stderr is a terminal.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "app/cli/argument_parser.h"
#include "core/base/error.h"

namespace nibble {

class Console {
 public:
  Console(bool json, bool quiet);
  bool json() const { return m_json; }
  bool quiet() const { return m_quiet; }
  /// True where a person reads stdout and types on stdin.
  bool interactive() const;

  /// A line (or, with `endLine` false, a piece) of the result.
  void result(std::string_view text, bool endLine = true);
  /// One line for people on stderr; silent with --quiet.
  void note(std::string_view text);
  void warning(std::string_view text);

  /// Draws a bar at most ten times a second; nothing without a terminal, with --quiet or --json on no terminal.
  void progress(std::string_view label, double share);
  void endProgress();

  /// Says what failed and the next step, and returns the exit status. `usage` is shown where the arguments were wrong;
  /// `hint` is one more line, `hintJson` the same as members of the error object.
  int failure(const Error& error, const std::string& usage, const std::string& hint = {}, const std::string& hintJson = {});

  /// Flushes stdout. False: the result could not be written.
  bool flush();

 private:
  bool m_json, m_quiet, m_terminal;
  bool m_barDrawn = false;
  std::chrono::steady_clock::time_point m_lastBar{};
};

}  // namespace nibble

#include "app/cli/console.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/cli/json_line.h"
#include "app/error_text.h"

namespace nibble {

Console::Console(bool json, bool quiet) : m_json(json), m_quiet(quiet), m_terminal(isatty(STDERR_FILENO) == 1) {}

bool Console::interactive() const { return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1; }

void Console::result(std::string_view text, bool endLine) {
  endProgress();
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (endLine) std::fputc('\n', stdout);
  std::fflush(stdout);
}

void Console::note(std::string_view text) {
  if (m_quiet) return;
  endProgress();
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

void Console::warning(std::string_view text) { note("warning: " + std::string(text)); }

void Console::progress(std::string_view label, double share) {
  if (m_quiet || !m_terminal) return;
  const auto now = std::chrono::steady_clock::now();
  if (m_barDrawn && share < 1 && now - m_lastBar < std::chrono::milliseconds(100)) return;
  m_lastBar = now;
  m_barDrawn = true;
  constexpr int kWidth = 30;
  const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kWidth));
  const std::string bar = std::string(static_cast<std::size_t>(full), '#') + std::string(static_cast<std::size_t>(kWidth - full), '.');
  std::fprintf(stderr, "\r\033[K%.*s [%s] %3d %%", static_cast<int>(label.size()), label.data(), bar.c_str(), static_cast<int>(std::clamp(share, 0.0, 1.0) * 100));
  std::fflush(stderr);
}

void Console::endProgress() {
  if (!m_barDrawn) return;
  m_barDrawn = false;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

int Console::failure(const Error& error, const std::string& usage, const std::string& hint, const std::string& hintJson) {
  endProgress();
  const bool wrongUsage = error.code == ErrorCode::wrongUsage;
  const ErrorText words = errorText(error);
  // "--kv needs …" goes on from its option, "kv: the CPU holds …" is a sentence of its own.
  const std::string joint = error.field.starts_with('-') ? " " : ": ";
  std::string message = wrongUsage && !error.field.empty() ? error.field + joint + error.detail : words.text().toStdString();
  if (wrongUsage && !error.field.empty() && !error.file.empty()) message = error.file + ": " + message;
  if (m_json) {
    JsonLine inner;
    inner.add("code", errorCodeName(error.code)).add("message", message + (wrongUsage && !usage.empty() ? "; " + usage : ""));
    if (!error.file.empty()) inner.add("file", error.file);
    if (!error.field.empty()) inner.add("field", error.field);
    if (error.needed > 0) inner.add("needed", error.needed).add("available", error.available);
    if (!hintJson.empty()) inner.addRaw("fits", hintJson);
    std::fprintf(stderr, "%s\n", JsonLine().add("error", inner).text().c_str());
  } else {
    std::fprintf(stderr, "nibble-cli: %s\n", message.c_str());
    if (!hint.empty()) std::fprintf(stderr, "%s\n", hint.c_str());
    if (wrongUsage && !usage.empty()) std::fprintf(stderr, "%s\n", usage.c_str());
  }
  return exitStatus(error.code);
}

bool Console::flush() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

}  // namespace nibble

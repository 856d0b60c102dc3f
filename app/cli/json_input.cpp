#include "app/cli/json_input.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace nibble {

namespace {
constexpr const char* kName = "standard input";
constexpr int kPollMs = 100;  // how often a waiting reader looks for Ctrl-C

/// Appends what is there. False at the end.
Result<bool> readMore(std::string& buffer, std::stop_token stop) {
  while (true) {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, kPollMs) == 0) continue;
    std::array<char, 65536> block;
    const ssize_t got = read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return fail(ErrorCode::failed, std::strerror(errno), kName);
    buffer.append(block.data(), static_cast<std::size_t>(got));
    return got > 0;
  }
}
}  // namespace

Result<void> forEachInputLine(const std::function<Result<void>(const std::string& line, std::int64_t number)>& handle, std::stop_token stop) {
  std::string buffer;
  std::size_t begin = 0, searched = 0;
  std::int64_t number = 0;
  for (bool more = true; more;) {
    NIBBLE_TRY(more, readMore(buffer, stop));
    for (std::size_t end = buffer.find('\n', searched); end != std::string::npos || (!more && begin < buffer.size()); end = buffer.find('\n', searched)) {
      const std::size_t stopAt = std::min(end, buffer.size());
      std::string line = buffer.substr(begin, stopAt - begin);
      begin = searched = std::min(stopAt + 1, buffer.size());
      ++number;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (line.find_first_not_of(" \t") == std::string::npos) continue;
      if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
      NIBBLE_CHECK(handle(line, number));
    }
    buffer.erase(0, begin);
    begin = 0;
    searched = buffer.size();
  }
  return {};
}

Result<JsonDocument> parseInputLine(const std::string& line, std::int64_t number) {
  auto document = JsonDocument::parse(line, kName);
  if (!document) return wrongInputLine(number, document.error().detail);
  return document;
}

tl::unexpected<Error> wrongInputLine(std::int64_t number, std::string detail) { return fail(ErrorCode::fileMalformed, std::move(detail), kName, "line " + std::to_string(number)); }

}  // namespace nibble

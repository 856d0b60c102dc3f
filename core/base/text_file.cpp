#include "core/base/text_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/open_file.h"

namespace nibble {

Result<std::string> readTextFile(const std::filesystem::path& path, std::uint64_t maxBytes) {
  NIBBLE_TRY(const OpenFile file, OpenFile::open(path));
  if (file.size() > maxBytes) {
    return fail(ErrorCode::fileUnsupported,
                std::to_string(file.size()) + " bytes, more than " + std::to_string(maxBytes), path.string());
  }
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::pread(file.descriptor(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::fileMissing, std::strerror(errno), path.string());
    if (got == 0) break;  // it shrank meanwhile: what is there is the file
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return text;
}

}  // namespace nibble

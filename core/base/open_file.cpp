#include "core/base/open_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace nibble {

Result<OpenFile> OpenFile::open(const std::filesystem::path& path) {
  const std::string name = path.string();
  if (name.find('\0') != std::string::npos)
    return fail(ErrorCode::fileMissing, "a NUL in the path", name.substr(0, name.find('\0')));
  int descriptor = -1;
  do {
    descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) {
    const ErrorCode code = errno == ENXIO ? ErrorCode::fileUnsupported : ErrorCode::fileMissing;
    return fail(code, std::strerror(errno), name);
  }
  OpenFile file(descriptor, 0);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return fail(ErrorCode::fileMissing, std::strerror(errno), name);
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::fileUnsupported, "a folder, not a file", name);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::fileUnsupported, "a pipe or device, not a regular file", name);
  file.m_size = static_cast<std::uint64_t>(status.st_size);
  return file;
}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(m_descriptor, other.m_descriptor);
  std::swap(m_size, other.m_size);
  return *this;
}

OpenFile::~OpenFile() {
  if (m_descriptor >= 0) ::close(m_descriptor);
}

std::uint64_t OpenFile::currentSize() const {
  struct stat status {};
  return ::fstat(m_descriptor, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

}  // namespace nibble

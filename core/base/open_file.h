// Opens a regular file for reading without ever waiting (a FIFO would block) and without following into devices.
#pragma once
#include <cstdint>
#include <filesystem>

#include "core/base/result.h"

namespace nibble {

/// Owns a file descriptor.
class OpenFile {
 public:
  /// Errors: fileMissing (not there, not readable), fileUnsupported (a pipe, device or folder).
  static Result<OpenFile> open(const std::filesystem::path& path);
  OpenFile(OpenFile&& other) noexcept : m_descriptor(other.m_descriptor), m_size(other.m_size) {
    other.m_descriptor = -1;
  }
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile();

  int descriptor() const { return m_descriptor; }
  std::uint64_t size() const { return m_size; }  ///< when it was opened
  std::uint64_t currentSize() const;             ///< now; 0 if that cannot be told

 private:
  OpenFile(int descriptor, std::uint64_t size) : m_descriptor(descriptor), m_size(size) {}
  int m_descriptor = -1;
  std::uint64_t m_size = 0;
};

}  // namespace nibble

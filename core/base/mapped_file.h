// A read-only map of a file that survives the file being truncated while it is mapped: a touched page that is gone
// reads as zeros (a SIGBUS handler puts it there), and `intact` tells afterwards.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "core/base/open_file.h"
#include "core/base/result.h"

namespace nibble {

struct MappedRange;

class MappedFile {
 public:
  /// Errors: fileMissing (not there, not readable), fileUnsupported (a pipe, device or folder), failed (the system
  /// refuses the map).
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {m_data, m_size}; }
  std::uint64_t size() const { return m_size; }
  const std::string& path() const { return m_path; }

  /// Whether all that was read so far was really the file's: call it after the last read of a load.
  /// Errors: fileMalformed ("became shorter while it was read").
  Result<void> intact() const;

 private:
  MappedFile(OpenFile file, std::string path);
  OpenFile m_file;
  std::string m_path;
  const std::byte* m_data = nullptr;
  std::size_t m_size = 0;
  MappedRange* m_range = nullptr;
};

/// Lets the system take back the memory of whole pages inside [data, data + bytes) if they belong to a mapped file
/// (they are read again if touched); does nothing for other memory. For loaders, so that a file's pages don't count
/// twice.
void releaseFilePages(const std::byte* data, std::uint64_t bytes);

}  // namespace nibble

// Writes a safetensors file with one fp32 tensor `logits`, row by row; it appears under its name only once it is whole.
#pragma once
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>

#include "core/base/result.h"

namespace nibble {

class LogitsFile {
 public:
  /// Errors: fileMissing (the folder), failed (not writable) with the path.
  static Result<LogitsFile> create(const std::filesystem::path& path, std::int64_t rows, std::int64_t columns);
  LogitsFile(LogitsFile&&) = default;
  LogitsFile& operator=(LogitsFile&&) = delete;
  /// Removes what was begun unless finish() succeeded.
  ~LogitsFile();

  /// (rows, columns) of the next rows, in order. Errors: failed (the disk is full).
  Result<void> append(std::span<const float> rows);
  /// Checks that all rows are there, syncs, and gives the file its name.
  Result<void> finish();

 private:
  LogitsFile() = default;
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> m_file;
  std::filesystem::path m_path, m_part;
  std::int64_t m_missing = 0;  ///< values still to come
};

}  // namespace nibble

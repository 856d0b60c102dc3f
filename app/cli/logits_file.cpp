#include "app/cli/logits_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace nibble {

namespace {
tl::unexpected<Error> cannotWrite(const std::filesystem::path& path) { return fail(ErrorCode::failed, std::string("cannot be written: ") + std::strerror(errno), path.string()); }
}  // namespace

Result<LogitsFile> LogitsFile::create(const std::filesystem::path& path, std::int64_t rows, std::int64_t columns) {
  std::error_code status;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder, status)) return fail(ErrorCode::fileMissing, "no such folder", folder.string());
  if (std::filesystem::is_directory(path, status)) return fail(ErrorCode::failed, "is a folder", path.string());
  // The finished file takes its name's place: a device or pipe would be lost, a link shall go on leading to the file.
  if (std::filesystem::exists(path, status) && !std::filesystem::is_regular_file(path, status)) return fail(ErrorCode::failed, "is a device or pipe, not a regular file", path.string());
  const std::filesystem::path target = std::filesystem::canonical(path, status);
  LogitsFile out;
  out.m_path = status ? path : target;
  out.m_part = out.m_path;
  out.m_part += "." + std::to_string(getpid()) + ".part";
  out.m_file.reset(std::fopen(out.m_part.c_str(), "wb"));
  if (!out.m_file) return cannotWrite(path);
  out.m_missing = rows * columns;
  std::string header = "{\"logits\":{\"dtype\":\"F32\",\"shape\":[" + std::to_string(rows) + "," + std::to_string(columns) + "],\"data_offsets\":[0," + std::to_string(out.m_missing * 4) + "]}}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = header.size();  // little endian, as every machine this is built for
  if (std::fwrite(&length, sizeof length, 1, out.m_file.get()) != 1 || std::fwrite(header.data(), 1, header.size(), out.m_file.get()) != header.size()) return cannotWrite(path);
  return out;
}

LogitsFile::~LogitsFile() {
  if (!m_file) return;
  m_file.reset();
  std::error_code status;
  std::filesystem::remove(m_part, status);
}

Result<void> LogitsFile::append(std::span<const float> rows) {
  if (static_cast<std::int64_t>(rows.size()) > m_missing) return fail(ErrorCode::failed, "more rows than planned", m_path.string());
  if (std::fwrite(rows.data(), sizeof(float), rows.size(), m_file.get()) != rows.size()) return cannotWrite(m_path);
  m_missing -= static_cast<std::int64_t>(rows.size());
  return {};
}

Result<void> LogitsFile::finish() {
  if (m_missing != 0) return fail(ErrorCode::failed, "rows are missing", m_path.string());
  if (std::fflush(m_file.get()) != 0 || fsync(fileno(m_file.get())) != 0) return cannotWrite(m_path);
  std::error_code status;
  std::filesystem::rename(m_part, m_path, status);
  if (status) return fail(ErrorCode::failed, "cannot be written: " + status.message(), m_path.string());
  m_file.reset();
  return {};
}

}  // namespace nibble

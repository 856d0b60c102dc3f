// A folder that is removed again, to put hostile or tiny model files into.
#pragma once
#include <QTemporaryDir>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace nibble::test {

class TempFolder {
 public:
  std::filesystem::path path() const { return m_folder.path().toStdString(); }
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    const auto file = path() / name;
    std::ofstream(file, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
    return file;
  }

 private:
  QTemporaryDir m_folder;
};

inline std::string littleEndian64(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

/// A safetensors file of a header and so many bytes of data.
inline std::string safetensorsBytes(const std::string& header, std::size_t dataBytes) {
  return littleEndian64(header.size()) + header + std::string(dataBytes, '\1');
}

}  // namespace nibble::test

// A folder that is removed again, to put hostile or tiny model files into.
#pragma once
#include <QTemporaryDir>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace nibble::test {

class TempFolder {
 public:
  std::filesystem::path path() const { return m_folder.path().toStdString(); }
  std::filesystem::path write(const std::string& name, std::string_view content) const {
    const auto file = path() / name;
    std::filesystem::remove(file);  // overwriting in place makes ext4 flush to disk at every close
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

struct TensorSpec {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::size_t elementBytes;
};

/// A good safetensors file with these tensors, every byte 1.
inline std::string safetensorsOf(const std::vector<TensorSpec>& tensors) {
  std::string header = "{";
  std::size_t data = 0;
  for (const TensorSpec& tensor : tensors) {
    std::size_t bytes = tensor.elementBytes;
    std::string shape;
    for (const std::int64_t size : tensor.shape) {
      bytes *= static_cast<std::size_t>(size);
      shape += (shape.empty() ? "" : ",") + std::to_string(size);
    }
    header += (data > 0 ? ",\"" : "\"") + tensor.name + "\":{\"dtype\":\"" + tensor.dtype + "\",\"shape\":[" + shape +
              "],\"data_offsets\":[" + std::to_string(data) + "," + std::to_string(data + bytes) + "]}";
    data += bytes;
  }
  return safetensorsBytes(header + "}", data);
}

}  // namespace nibble::test

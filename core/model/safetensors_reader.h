// One safetensors file, mapped and completely checked. Also reads adapters and reference logits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/base/result.h"
#include "core/model/safetensors_header.h"

namespace nibble {

/// A view of one tensor; name, shape and data live as long as the file object.
struct TensorView {
  std::string_view name;
  TensorType type = TensorType::f32;
  std::span<const std::int64_t> shape;
  std::span<const std::byte> data;  ///< row major, any alignment
};

class SafetensorsFile {
 public:
  /// Checks everything (header, types, spans, exact tiling) before returning.
  /// Errors: fileMissing, fileMalformed, fileUnsupported with file and tensor.
  static Result<std::shared_ptr<const SafetensorsFile>> open(const std::filesystem::path& path);

  std::size_t tensorCount() const { return m_header.entries().size(); }
  TensorView tensor(std::size_t index) const {
    return view(m_header.entries()[index]);
  }  ///< in the order of the header
  std::optional<TensorView> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& metadata() const { return m_header.metadata(); }
  const MappedFile& file() const { return *m_file; }

 private:
  SafetensorsFile() = default;
  TensorView view(const SafetensorsHeader::Entry& entry) const;
  std::shared_ptr<const MappedFile> m_file;
  std::uint64_t m_dataStart = 0;
  SafetensorsHeader m_header;
};

/// A tensor of F32, F16 or BF16 as floats. Errors: fileUnsupported for other types.
Result<std::vector<float>> tensorAsFloats(const TensorView& tensor, const std::string& file);

}  // namespace nibble

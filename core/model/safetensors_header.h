// The JSON header of a safetensors file as a compact table: 32 bytes a tensor plus names and shapes, so that a header
// with a million tensors is no burden. Checked completely: types, spans, and that the tensors tile the data exactly.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/model/tensor_type.h"

namespace nibble {

class SafetensorsHeader {
 public:
  struct Entry {
    std::uint64_t begin = 0;  ///< relative to the data section
    std::uint64_t end = 0;
    std::uint32_t nameStart = 0, nameSize = 0;
    std::uint32_t shapeStart = 0;
    std::uint16_t rank = 0;
    TensorType type = TensorType::f32;
  };

  /// `text` is the header's JSON, `dataBytes` the size of what follows it. Errors: fileMalformed, fileUnsupported
  /// (unknown dtype); `field` is the tensor's name (or "header").
  static Result<SafetensorsHeader> parse(std::string_view text, std::uint64_t dataBytes, const std::string& file);

  const std::vector<Entry>& entries() const { return m_entries; }  ///< in the order of the header
  std::string_view nameOf(const Entry& entry) const {
    return std::string_view(m_names).substr(entry.nameStart, entry.nameSize);
  }
  std::span<const std::int64_t> shapeOf(const Entry& entry) const {
    return {m_shapes.data() + entry.shapeStart, entry.rank};
  }
  /// The entry of that name, or null.
  const Entry* find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& metadata() const { return m_metadata; }

 private:
  friend class SafetensorsHeaderEvents;
  struct NameKey {
    std::uint64_t hash;
    std::uint32_t index;
  };
  Result<void> checkSpans(std::uint64_t dataBytes, const std::string& file) const;
  Result<void> checkTiling(std::uint64_t dataBytes, const std::string& file) const;
  Result<void> indexNames(const std::string& file);

  std::vector<Entry> m_entries;
  std::vector<NameKey> m_byName;  // sorted by hash
  std::string m_names;
  std::vector<std::int64_t> m_shapes;
  std::vector<std::pair<std::string, std::string>> m_metadata;
};

}  // namespace nibble

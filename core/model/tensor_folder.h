// All tensors of a model folder: model.safetensors, or the shards that model.safetensors.index.json names.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/safetensors_reader.h"

namespace nibble {

class TensorFolder {
 public:
  /// Errors: fileMissing (no weights, a shard), fileMalformed (broken file or index, one tensor in two shards, a shard
  /// outside the folder), fileUnsupported (only pickled weights are there).
  static Result<TensorFolder> open(const std::filesystem::path& folder);

  struct Found {
    TensorView tensor;
    const SafetensorsFile* file = nullptr;
  };
  std::optional<Found> find(std::string_view name) const;

  const std::vector<std::shared_ptr<const SafetensorsFile>>& files() const { return m_files; }
  const std::vector<std::string>& warnings() const { return m_warnings; }  ///< odd, but loadable

 private:
  struct Index;
  Result<void> openShards(const std::filesystem::path& folder, const std::filesystem::path& indexPath);
  Result<void> checkAgainst(const Index& index);
  Result<void> checkUnique(const std::string& indexPath) const;
  std::vector<std::shared_ptr<const SafetensorsFile>> m_files;
  std::vector<std::string> m_warnings;
};

}  // namespace nibble

#include "core/model/tensor_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "core/base/json_fields.h"

namespace nibble {
namespace {

constexpr std::size_t kMaxShards = 2000;

// A shard's name from the index; it may not lead out of the folder. (A symbolic link may: that is how download caches
// store shards.)
Result<void> checkShardName(const std::string& name, const std::string& indexFile, std::string_view tensor) {
  const auto wrong = [&](std::string detail) {
    return fail(ErrorCode::fileMalformed, std::move(detail), indexFile,
                "weight_map." + std::string(tensor.substr(0, 300)));
  };
  if (name.empty()) return wrong("an empty shard name");
  if (name.find('\0') != std::string::npos) return wrong("a NUL in a shard name");
  const std::filesystem::path path(name);
  if (path.is_absolute()) return wrong("an absolute shard name");
  for (const auto& part : path) {
    if (part == "..") return wrong("a shard name that leaves the folder");
  }
  return {};
}

tl::unexpected<Error> noWeights(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const char* pickle : {"pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth"}) {
    if (std::filesystem::exists(folder / pickle, ignored)) {
      return fail(ErrorCode::fileUnsupported,
                  "pickled weights can run code and are not read: a model in safetensors is needed",
                  (folder / pickle).string());
    }
  }
  return fail(ErrorCode::fileMissing, "neither model.safetensors nor model.safetensors.index.json", folder.string());
}

}  // namespace

struct TensorFolder::Index {
  std::string file;
  std::map<std::string, std::size_t> shards;  // file name → place in m_files
  JsonValue weightMap;
};

Result<TensorFolder> TensorFolder::open(const std::filesystem::path& folder) {
  TensorFolder opened;
  const auto single = folder / "model.safetensors";
  const auto index = folder / "model.safetensors.index.json";
  std::error_code ignored;
  if (std::filesystem::exists(single, ignored)) {
    NIBBLE_TRY(auto file, SafetensorsFile::open(single));
    opened.m_files.push_back(std::move(file));
  } else if (std::filesystem::exists(index, ignored)) {
    NIBBLE_CHECK(opened.openShards(folder, index));
  } else {
    return noWeights(folder);
  }
  return opened;
}

Result<void> TensorFolder::openShards(const std::filesystem::path& folder, const std::filesystem::path& indexPath) {
  NIBBLE_TRY(const JsonDocument document, JsonDocument::open(indexPath));
  const JsonFields root(document.root(), indexPath.string());
  NIBBLE_TRY(const JsonFields weightMap, root.object("weight_map"));
  Index index{indexPath.string(), {}, root.value("weight_map")};
  for (const auto& member : index.weightMap.members()) {
    if (!member.value().isString()) {
      return fail(ErrorCode::fileMalformed, "is no file name", index.file,
                  "weight_map." + std::string(member.key().substr(0, 300)));
    }
    const std::string name(member.value().string());
    NIBBLE_CHECK(checkShardName(name, index.file, member.key()));
    index.shards.emplace(name, 0);
    if (index.shards.size() > kMaxShards)
      return fail(ErrorCode::fileUnsupported, "too many shards", index.file, "weight_map");
  }
  if (index.shards.empty()) return fail(ErrorCode::fileMalformed, "names no shard", index.file, "weight_map");
  for (auto& [name, place] : index.shards) {
    NIBBLE_TRY(auto file, SafetensorsFile::open(folder / name));
    place = m_files.size();
    m_files.push_back(std::move(file));
  }
  NIBBLE_CHECK(checkUnique(index.file));
  NIBBLE_CHECK(checkAgainst(index));
  std::uint64_t total = 0;
  for (const auto& file : m_files) {
    for (std::size_t i = 0; i < file->tensorCount(); ++i) total += file->tensor(i).data.size();
  }
  const JsonValue stated = root.value("metadata")["total_size"];
  if (stated && (!stated.isNumber() || stated.number() != static_cast<double>(total))) {
    m_warnings.push_back(
        fmt::format("{}: metadata.total_size is not the {} bytes that the shards hold", index.file, total));
  }
  return {};
}

Result<void> TensorFolder::checkUnique(const std::string& indexPath) const {
  struct Key {
    std::size_t hash;
    std::string_view name;
  };
  std::vector<Key> keys;
  for (const auto& file : m_files) {
    for (std::size_t i = 0; i < file->tensorCount(); ++i) {
      const std::string_view name = file->tensor(i).name;
      keys.push_back({std::hash<std::string_view>{}(name), name});
    }
  }
  std::sort(keys.begin(), keys.end(),
            [](const Key& a, const Key& b) { return a.hash != b.hash ? a.hash < b.hash : a.name < b.name; });
  const auto twice = std::adjacent_find(
      keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.hash == b.hash && a.name == b.name; });
  if (twice == keys.end()) return {};
  return fail(ErrorCode::fileMalformed, "the tensor is in two shards", indexPath,
              std::string(twice->name.substr(0, 300)));
}

Result<void> TensorFolder::checkAgainst(const Index& index) {
  std::size_t named = 0;
  for (const auto& member : index.weightMap.members()) {
    const auto& file = m_files[index.shards.at(std::string(member.value().string()))];
    if (!file->find(member.key())) {
      return fail(ErrorCode::fileMalformed, "the tensor is not in " + file->file().path(), index.file,
                  "weight_map." + std::string(member.key().substr(0, 300)));
    }
    ++named;
  }
  std::size_t there = 0;
  for (const auto& file : m_files) there += file->tensorCount();
  if (there > named)
    m_warnings.push_back(
        fmt::format("{}: the shards hold {} tensors that weight_map does not name", index.file, there - named));
  return {};
}

std::optional<TensorFolder::Found> TensorFolder::find(std::string_view name) const {
  for (const auto& file : m_files) {
    if (const auto tensor = file->find(name)) return Found{*tensor, file.get()};
  }
  return std::nullopt;
}

}  // namespace nibble

// Finds model folders: the bundled sample by its name, anything else by its path.
#include <system_error>

#include "core/engine/engine.h"

namespace nibble {
namespace {

bool isModelFolder(const std::filesystem::path& folder) {
  std::error_code status;
  return std::filesystem::is_regular_file(folder / "config.json", status);
}

}  // namespace

std::optional<std::filesystem::path> bundledSampleModel() {
  std::error_code status;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", status);
  if (status) return std::nullopt;
  std::filesystem::path folder = program.parent_path();
  for (const char* place : {"sample-model", "../share/nibble/sample-model"}) {
    const auto candidate = (folder / place).lexically_normal();
    if (isModelFolder(candidate)) return candidate;
  }
  // A build folder lies a few levels below the source tree.
  for (int level = 0; level < 5 && folder.has_relative_path(); ++level, folder = folder.parent_path()) {
    const auto candidate = folder / "resources/sample-model";
    if (isModelFolder(candidate)) return candidate;
  }
  return std::nullopt;
}

Result<std::filesystem::path> resolveModel(const std::string& nameOrPath) {
  if (nameOrPath.empty()) return fail(ErrorCode::wrongUsage, "no model was named", {}, "model");
  if (nameOrPath == "sample") {
    if (auto sample = bundledSampleModel()) return *sample;
    return fail(ErrorCode::fileMissing, "the bundled sample model is not beside the program", nameOrPath);
  }
  std::error_code status;
  const std::filesystem::path path(nameOrPath);
  if (!std::filesystem::exists(path, status)) return fail(ErrorCode::fileMissing, "no such folder", nameOrPath);
  if (std::filesystem::is_directory(path, status)) return path;
  if (path.extension() == ".gguf") return fail(ErrorCode::fileUnsupported, "GGUF files cannot be opened", nameOrPath);
  if (path.filename() == "config.json" || path.extension() == ".safetensors")
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  return fail(ErrorCode::fileUnsupported, "a model is a folder with config.json, tokenizer and safetensors",
              nameOrPath);
}

}  // namespace nibble

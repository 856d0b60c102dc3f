#include "core/model/inspect_model.h"

#include <algorithm>
#include <cctype>

#include "core/base/json.h"
#include "core/base/text_file.h"
#include "core/model/generation_config.h"
#include "core/model/tensor_folder.h"
#include "core/model/weights.h"

namespace nibble {
namespace {

constexpr std::size_t kMaxListed = 10'000;

std::vector<std::string> fileNames(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (auto at = std::filesystem::directory_iterator(folder, failed);
       !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    if (names.size() == kMaxListed) break;
    names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool isLicence(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (const char* start : {"LICENSE", "LICENCE", "COPYING", "NOTICE", "USE_POLICY"}) {
    if (name.rfind(start, 0) == 0) return true;
  }
  return false;
}

bool isTokenizer(const std::string& name) {
  static constexpr const char* kNames[] = {"tokenizer.model",  "tokenizer.json", "tokenizer_config.json",
                                           "vocab.json",       "merges.txt",     "special_tokens_map.json",
                                           "added_tokens.json"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

void sortFiles(const std::filesystem::path& folder, ModelInspection& result) {
  result.weightsMissing = true;
  for (const std::string& name : fileNames(folder)) {
    if (name.ends_with(".safetensors")) result.weightsMissing = false;
    if (isLicence(name)) result.licenceFiles.push_back(name);
    if (isTokenizer(name)) result.tokenizerFiles.push_back(name);
    if (name == "chat_template.jinja" || name == "chat_template.json") result.templateFiles.push_back(name);
    if (name != "tokenizer_config.json") continue;
    const auto document = JsonDocument::open(folder / name);
    if (!document)
      result.warnings.push_back(name + ": " + document.error().detail);
    else if (document->root()["chat_template"])
      result.templateFiles.push_back(name);
  }
}

void listTensors(const std::filesystem::path& folder, const TensorFolder& tensors, ModelInspection& result) {
  for (const auto& file : tensors.files()) {
    const std::string name = std::filesystem::path(file->file().path()).lexically_relative(folder).string();
    result.weightFiles.push_back(name);
    for (std::size_t i = 0; i < file->tensorCount(); ++i) {
      const TensorView tensor = file->tensor(i);
      result.tensors.push_back({std::string(tensor.name),
                                std::string(tensorTypeName(tensor.type)),
                                {tensor.shape.begin(), tensor.shape.end()},
                                tensor.data.size(),
                                name});
      result.tensorBytes += tensor.data.size();
      result.parameters += tensor.data.size() * 8 / tensorTypeBits(tensor.type);
    }
  }
}

}  // namespace

Result<ModelInspection> inspectModel(const std::filesystem::path& folder) {
  ModelInspection result;
  NIBBLE_TRY(result.config, readModelConfig(folder));
  NIBBLE_TRY(result.configJson, readTextFile(folder / "config.json"));
  result.suggestedSampling = readGenerationConfig(folder, result.config).sampling;
  result.warnings = result.config.warnings;
  sortFiles(folder, result);
  if (result.weightsMissing) {
    result.warnings.push_back("the folder holds no weights");
    return result;
  }
  NIBBLE_TRY(const TensorFolder tensors, TensorFolder::open(folder));
  listTensors(folder, tensors, result);
  NIBBLE_TRY(const Weights weights, openWeights(folder, result.config));
  result.warnings.insert(result.warnings.end(), weights.warnings.begin(), weights.warnings.end());
  return result;
}

}  // namespace nibble

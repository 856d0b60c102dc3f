#include "tests/support/golden_model.h"

#include <QtTest>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/model/safetensors_reader.h"

namespace nibble::test {
namespace {

std::vector<std::int32_t> toIds(const QJsonArray& array) {
  std::vector<std::int32_t> ids;
  for (const auto& value : array) ids.push_back(value.toInt());
  return ids;
}

}  // namespace

std::vector<float> readTensor(const std::filesystem::path& path, const std::string& name) {
  const auto file = SafetensorsFile::open(path);
  if (!file) return {};
  const auto tensor = (*file)->find(name);
  if (!tensor) return {};
  return tensorAsFloats(*tensor, path.string()).value_or(std::vector<float>{});
}

std::vector<GoldenPrompt> readGoldenPrompts(const std::filesystem::path& path) {
  std::vector<GoldenPrompt> prompts;
  const auto file = SafetensorsFile::open(path);
  if (!file) return prompts;
  for (std::size_t i = 0; i < (*file)->tensorCount(); ++i) {
    const TensorView tensor = (*file)->tensor(i);
    if (tensor.name.rfind("ids_", 0) != 0 || tensor.type != TensorType::i32) continue;
    GoldenPrompt prompt;
    prompt.ids.resize(tensor.data.size() / 4);
    std::memcpy(prompt.ids.data(), tensor.data.data(), tensor.data.size());
    prompt.logits = readTensor(path, "logits_" + std::string(tensor.name.substr(4)));
    prompts.push_back(std::move(prompt));
  }
  std::sort(prompts.begin(), prompts.end(), [](const auto& a, const auto& b) { return a.ids.size() < b.ids.size(); });
  return prompts;
}

std::vector<GoldenAnswer> readGoldenAnswers(const std::filesystem::path& path) {
  QFile file(QString::fromStdString(path.string()));
  std::vector<GoldenAnswer> answers;
  if (!file.open(QIODevice::ReadOnly)) return answers;
  const QJsonObject prompts = QJsonDocument::fromJson(file.readAll()).object()["prompts"].toObject();
  for (auto it = prompts.begin(); it != prompts.end(); ++it) {
    const QJsonObject prompt = it.value().toObject();
    answers.push_back({it.key().toStdString(), toIds(prompt["ids"].toArray()), toIds(prompt["greedy_ids"].toArray()),
                       prompt["greedy_text"].toString().toStdString()});
  }
  return answers;
}

Recipe recipeFor(Format format, ComputeType compute, int activationBits) {
  Recipe recipe = uniformRecipe(format);
  recipe.compute = compute;
  recipe.activationBits = activationBits;
  return recipe;
}

std::unique_ptr<Engine> loadOnCpu(const std::filesystem::path& folder, const Recipe& recipe, KvFormat kv,
                                  std::int64_t context, int prefillChunk, int logitRows) {
  return loadOn("cpu", folder, recipe, kv, context, prefillChunk, logitRows);
}

std::unique_ptr<Engine> loadOn(const std::string& device, const std::filesystem::path& folder, const Recipe& recipe,
                               KvFormat kv, std::int64_t context, int prefillChunk, int logitRows) {
  LoadRequest request;
  request.model = folder.string();
  request.recipe = recipe;
  request.kv = kv;
  request.context = context;
  request.device = device;
  request.prefillChunk =
      prefillChunk > 0 ? prefillChunk : static_cast<int>(std::clamp<std::int64_t>(context, logitRows, 512));
  request.logitRows = logitRows;
  auto engine = makeEngine();
  const auto report = engine->load(request, {}, {});
  if (report) return engine;
  const Error& error = report.error();
  qWarning("%s does not load: %s (%s, %s)", folder.c_str(), error.detail.c_str(), error.file.c_str(),
           error.field.c_str());
  return nullptr;
}

std::vector<float> allLogits(Engine& engine, const std::vector<std::int32_t>& ids, int chunk) {
  std::vector<float> result;
  const auto sink = [&](std::int64_t, std::span<const float> rows, int) -> Result<void> {
    result.insert(result.end(), rows.begin(), rows.end());
    return {};
  };
  if (const auto done = engine.logits(ids, chunk, sink, {}); !done) {
    qWarning("logits failed: %s", done.error().detail.c_str());
    return {};
  }
  return result;
}

double relativeError(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size() || a.empty()) return std::numeric_limits<double>::infinity();
  double difference = 0.0, size = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    size += double(b[i]) * b[i];
  }
  return std::sqrt(difference / size);
}

}  // namespace nibble::test

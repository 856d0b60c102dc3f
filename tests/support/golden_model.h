// Reads reference logits and loads models for the golden tests.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/engine/engine.h"

namespace nibble::test {

struct GoldenPrompt {
  std::vector<std::int32_t> ids;
  std::vector<float> logits;  // (ids, vocab)
};
/// ids_N and logits_N of a reference.safetensors, shortest first. Empty if the file cannot be read.
std::vector<GoldenPrompt> readGoldenPrompts(const std::filesystem::path& file);

/// A tensor of a safetensors file as floats; empty if it is not there.
std::vector<float> readTensor(const std::filesystem::path& file, const std::string& name);

/// A prompt of a trained model's reference.json.
struct GoldenAnswer {
  std::string name;
  std::vector<std::int32_t> ids, greedyIds;
  std::string greedyText;
};
std::vector<GoldenAnswer> readGoldenAnswers(const std::filesystem::path& file);

/// Every linear layer in `format`, with this compute type and so many bits of activations.
Recipe recipeFor(Format format, ComputeType compute, int activationBits);

/// An engine with the model loaded on the CPU; null (and a printed reason) where it does not load.
std::unique_ptr<Engine> loadOnCpu(const std::filesystem::path& folder, const Recipe& recipe, KvFormat kv,
                                  std::int64_t context, int prefillChunk = 0, int logitRows = 64);

/// The same on any device: "cpu", "cuda:0".
std::unique_ptr<Engine> loadOn(const std::string& device, const std::filesystem::path& folder, const Recipe& recipe,
                               KvFormat kv, std::int64_t context, int prefillChunk = 0, int logitRows = 64);

/// Logits of all positions (ids, vocab); empty on failure.
std::vector<float> allLogits(Engine& engine, const std::vector<std::int32_t>& ids, int chunk);

/// ‖a − b‖ / ‖b‖; infinity where sizes differ.
double relativeError(std::span<const float> a, std::span<const float> b);

}  // namespace nibble::test

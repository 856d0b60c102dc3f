// A model's weight matrices and vectors by role, as views into mapped files; no tensor is copied.
// A matrix may be scattered over its file (InternLM2's interleaved wqkv), so it is a list of row segments.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/base/result.h"
#include "core/model/model_config.h"
#include "core/precision/recipe.h"

namespace nibble {

enum class DType : std::uint8_t { f32, f16, bf16 };
constexpr std::size_t dtypeBytes(DType type) { return type == DType::f32 ? 4 : 2; }

struct RowSegment {
  const std::byte* data = nullptr;  // (rows, columns) row major, densely packed, any alignment
  std::int64_t rows = 0;
};

/// A (rows, columns) weight matrix, y = W x, in the file's own type.
struct WeightSource {
  std::string name;  ///< tensor name in the file, for messages
  DType dtype = DType::f32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<RowSegment> segments;  ///< their rows add up to `rows`
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(columns) * dtypeBytes(dtype); }
  /// Where a row (< rows) begins in the file's bytes.
  const std::byte* row(std::int64_t index) const;
};

struct LayerWeights {
  WeightSource matrices[kLayerMatrixCount];      ///< indexed by MatrixRole query … down
  std::vector<float> inputNorm, postNorm;        // (hidden)
  std::vector<float> biases[kLayerMatrixCount];  ///< (rows) or empty: present if and only if the tensor exists
  std::vector<float> queryNorm, keyNorm;         // (head_dim) or empty (Qwen3)
  const WeightSource& matrix(MatrixRole role) const { return matrices[static_cast<int>(role)]; }
};

/// Everything the loader needs. Owns the mapped files (or the random pool) that the sources point into.
struct Weights {
  std::vector<LayerWeights> layers;
  WeightSource embedding;         // (vocab, hidden)
  WeightSource head;              // (vocab, hidden); the embedding again where tied
  std::vector<float> finalNorm;   // (hidden)
  bool tiedHead = false;          ///< head is the embedding
  std::vector<std::shared_ptr<const void>> owners;
  std::vector<std::shared_ptr<const MappedFile>> files;  ///< empty for random weights
  std::vector<std::string> warnings;                     ///< odd, but loadable
  std::uint64_t bytes() const;    ///< of all matrices in the file, the tied head counted once
  /// Call after the last matrix was read: fileMalformed if a file became shorter meanwhile (what was missing read as zeros).
  Result<void> intact() const;
};

/// Maps the safetensors of a model folder and finds every tensor by its family's names, shapes checked against `config`.
/// Errors: fileMissing, fileMalformed, fileUnsupported with file and tensor.
Result<Weights> openWeights(const std::filesystem::path& folder, const ModelConfig& config);

/// Lets the system take back the memory of a matrix that was read (its pages belong to mapped files); harmless otherwise.
void releasePages(const WeightSource& source);

/// Random Gaussian weights (bf16, standard deviation 0.02) of a shape, for benchmarks: all matrices share one pool of a few MB.
Weights randomWeights(const ModelConfig& config, std::uint64_t seed);

}  // namespace nibble

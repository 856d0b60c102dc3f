#include "core/model/weights.h"

#include <fmt/format.h>

#include <set>

#include "core/model/matrix_shape.h"
#include "core/model/tensor_folder.h"
#include "core/model/tensor_names.h"

namespace nibble {
namespace {

std::string shapeText(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

// Finds a family's tensors in a folder and checks each against the config.
class WeightFinder {
 public:
  WeightFinder(const TensorFolder& folder, const ModelConfig& config, std::string path)
      : m_folder(folder), m_config(config), m_names(tensorNames(config.family)), m_path(std::move(path)) {}

  Result<void> find(Weights& weights) {
    const auto name = [](std::string_view stem) { return std::string(stem) + ".weight"; };
    NIBBLE_TRY(weights.embedding, matrix(name(m_names.embedding), m_config.vocab, m_config.hidden));
    NIBBLE_TRY(weights.finalNorm, vector(name(m_names.finalNorm), m_config.hidden));
    weights.tiedHead = m_config.tiedEmbeddings;
    if (weights.tiedHead) {
      weights.head = weights.embedding;
      m_used.insert(name(m_names.head));  // some files carry the copy; the embedding is what counts
    } else {
      NIBBLE_TRY(weights.head, matrix(name(m_names.head), m_config.vocab, m_config.hidden));
    }
    weights.layers.reserve(static_cast<std::size_t>(m_config.layers));
    for (int layer = 0; layer < m_config.layers; ++layer) {
      NIBBLE_CHECK(findLayer(layer, weights.layers.emplace_back()));
    }
    warnOfUnused(weights.warnings);
    return {};
  }

 private:
  Result<void> findLayer(int layer, LayerWeights& out) {
    const auto name = [layer](std::string_view stem) { return layerTensor(layer, stem, ".weight"); };
    NIBBLE_TRY(out.inputNorm, vector(name(m_names.inputNorm), m_config.hidden));
    NIBBLE_TRY(out.postNorm, vector(name(m_names.postNorm), m_config.hidden));
    if (!m_names.queryNorm.empty()) {
      NIBBLE_TRY(out.queryNorm, vector(name(m_names.queryNorm), m_config.headDim));
      NIBBLE_TRY(out.keyNorm, vector(name(m_names.keyNorm), m_config.headDim));
    }
    if (!m_names.fusedQkv.empty()) NIBBLE_CHECK(findFusedQkv(layer, out));
    for (int role = 0; role < kLayerMatrixCount; ++role) {
      if (m_names.matrices[role].empty()) continue;
      const auto [rows, columns] = matrixShape(m_config, static_cast<MatrixRole>(role));
      NIBBLE_TRY(out.matrices[role], matrix(name(m_names.matrices[role]), rows, columns));
      NIBBLE_TRY(out.biases[role], bias(layerTensor(layer, m_names.matrices[role], ".bias"), rows));
    }
    return {};
  }

  // wqkv's rows are [kv_heads, heads/kv_heads + 2, head_dim]: a group's query heads, then its key, then its value.
  Result<void> findFusedQkv(int layer, LayerWeights& out) {
    const std::int64_t groupRows = static_cast<std::int64_t>(m_config.groupSize() + 2) * m_config.headDim;
    NIBBLE_TRY(const WeightSource fused,
               matrix(layerTensor(layer, m_names.fusedQkv, ".weight"), groupRows * m_config.kvHeads, m_config.hidden));
    NIBBLE_TRY(const std::vector<float> fusedBias, bias(layerTensor(layer, m_names.fusedQkv, ".bias"), fused.rows));
    const std::int64_t queryRows = static_cast<std::int64_t>(m_config.groupSize()) * m_config.headDim;
    const std::int64_t firstRow[3] = {0, queryRows, queryRows + m_config.headDim};
    const std::int64_t rowCount[3] = {queryRows, m_config.headDim, m_config.headDim};
    const std::size_t rowBytes = static_cast<std::size_t>(fused.columns) * dtypeBytes(fused.dtype);
    for (int role = 0; role < 3; ++role) {
      WeightSource& part = out.matrices[role];
      part = {fused.name, fused.dtype, rowCount[role] * m_config.kvHeads, fused.columns, {}};
      for (int group = 0; group < m_config.kvHeads; ++group) {
        const std::int64_t row = group * groupRows + firstRow[role];
        part.segments.push_back({fused.segments[0].data + static_cast<std::size_t>(row) * rowBytes, rowCount[role]});
        if (fusedBias.empty()) continue;
        out.biases[role].insert(out.biases[role].end(), fusedBias.begin() + row,
                                fusedBias.begin() + row + rowCount[role]);
      }
    }
    return {};
  }

  Result<TensorFolder::Found> require(const std::string& name, std::initializer_list<std::int64_t> shape) {
    const auto found = m_folder.find(name);
    if (!found) return fail(ErrorCode::fileMalformed, "the tensor is missing", m_path, name);
    m_used.insert(name);
    const auto& has = found->tensor.shape;
    if (!std::equal(has.begin(), has.end(), shape.begin(), shape.end())) {
      return fail(ErrorCode::fileMalformed,
                  fmt::format("has shape {}, config.json asks for {}", shapeText(has),
                              shapeText({shape.begin(), shape.size()})),
                  found->file->file().path(), name);
    }
    return *found;
  }

  Result<WeightSource> matrix(const std::string& name, std::int64_t rows, std::int64_t columns) {
    NIBBLE_TRY(const TensorFolder::Found found, require(name, {rows, columns}));
    WeightSource source{name, DType::f32, rows, columns, {{found.tensor.data.data(), rows}}};
    switch (found.tensor.type) {
      case TensorType::f32:
        break;
      case TensorType::f16:
        source.dtype = DType::f16;
        break;
      case TensorType::bf16:
        source.dtype = DType::bf16;
        break;
      default:
        return fail(ErrorCode::fileUnsupported,
                    fmt::format("is {}, expected F32, F16 or BF16", tensorTypeName(found.tensor.type)),
                    found.file->file().path(), name);
    }
    return source;
  }

  Result<std::vector<float>> vector(const std::string& name, std::int64_t size) {
    NIBBLE_TRY(const TensorFolder::Found found, require(name, {size}));
    return tensorAsFloats(found.tensor, found.file->file().path());
  }

  // A bias counts if and only if its tensor is there, whatever the config says.
  Result<std::vector<float>> bias(const std::string& name, std::int64_t size) {
    if (!m_folder.find(name)) return std::vector<float>();
    return vector(name, size);
  }

  void warnOfUnused(std::vector<std::string>& warnings) const {
    std::size_t count = 0;
    std::string first;
    for (const auto& file : m_folder.files()) {
      for (std::size_t i = 0; i < file->tensorCount(); ++i) {
        const std::string_view name = file->tensor(i).name;
        const bool derived =
            name.ends_with(".rotary_emb.inv_freq");  // old checkpoints store it; it follows from the config
        if (derived || m_used.find(name) != m_used.end()) continue;
        if (count++ == 0) first = name.substr(0, 200);
      }
    }
    if (count > 0) warnings.push_back(fmt::format("{} tensors are not used, the first is {}", count, first));
  }

  const TensorFolder& m_folder;
  const ModelConfig& m_config;
  const TensorNames& m_names;
  std::string m_path;
  std::set<std::string, std::less<>> m_used;
};

std::uint64_t layerBytes(const LayerWeights& layer) {
  std::uint64_t total = 0;
  for (const auto& matrix : layer.matrices) total += matrix.bytes();
  return total;
}

}  // namespace

const std::byte* WeightSource::row(std::int64_t index) const {
  const auto rowBytes = columns * static_cast<std::int64_t>(dtypeBytes(dtype));
  for (const RowSegment& segment : segments) {
    if (index < segment.rows) return segment.data + index * rowBytes;
    index -= segment.rows;
  }
  return nullptr;
}

std::uint64_t Weights::bytes() const {
  std::uint64_t total = embedding.bytes() + (tiedHead ? 0 : head.bytes());
  for (const auto& layer : layers) total += layerBytes(layer);
  return total;
}

Result<void> Weights::intact() const {
  for (const auto& file : files) NIBBLE_CHECK(file->intact());
  return {};
}

Result<Weights> openWeights(const std::filesystem::path& folder, const ModelConfig& config) {
  NIBBLE_TRY(const TensorFolder tensors, TensorFolder::open(folder));
  Weights weights;
  weights.warnings = tensors.warnings();
  for (const auto& file : tensors.files()) {
    weights.owners.push_back(file);
    weights.files.push_back(std::shared_ptr<const MappedFile>(file, &file->file()));
  }
  NIBBLE_CHECK(WeightFinder(tensors, config, folder.string()).find(weights));
  NIBBLE_CHECK(weights.intact());
  return weights;
}

void releasePages(const WeightSource& source) {
  const std::uint64_t rowBytes = static_cast<std::uint64_t>(source.columns) * dtypeBytes(source.dtype);
  for (const RowSegment& segment : source.segments)
    releaseFilePages(segment.data, static_cast<std::uint64_t>(segment.rows) * rowBytes);
}

}  // namespace nibble

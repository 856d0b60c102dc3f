// Random weights of any shape in a few MB: every matrix is made of row segments that point into one shared pool.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "core/model/tensor_names.h"
#include "core/model/weights.h"

namespace nibble {
namespace {

constexpr std::int64_t kPoolValues = 4 << 20;  // 8 MiB of bf16
constexpr float kDeviation = 0.02f;

// splitmix64 (Steele, Lea, Flood 2014): the same numbers on every machine, unlike std::normal_distribution.
class Random {
 public:
  explicit Random(std::uint64_t seed) : m_state(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (m_state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  float uniform() { return (static_cast<float>(next() >> 40) + 0.5f) * 0x1p-24f; }  // (0, 1)

 private:
  std::uint64_t m_state;
};

std::uint16_t roundToBf16(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

class Pool {
 public:
  Pool(std::uint64_t seed, std::int64_t widest) : m_random(seed) {
    const auto size = static_cast<std::size_t>(std::max(kPoolValues, 4 * widest));
    m_values = std::make_shared<std::vector<std::uint16_t>>(size);
    for (std::size_t i = 0; i + 1 < size; i += 2) {  // Box–Muller, two at a time
      const float radius = kDeviation * std::sqrt(-2.0f * std::log(m_random.uniform()));
      const float angle = 2.0f * std::numbers::pi_v<float> * m_random.uniform();
      (*m_values)[i] = roundToBf16(radius * std::cos(angle));
      (*m_values)[i + 1] = roundToBf16(radius * std::sin(angle));
    }
  }

  // Segments of up to half the pool, each from another place of it, so that no two runs of rows are alike.
  WeightSource matrix(std::string name, std::int64_t rows, std::int64_t columns) {
    WeightSource source{std::move(name), DType::bf16, rows, columns, {}};
    const auto size = static_cast<std::int64_t>(m_values->size());
    const std::int64_t most = std::max<std::int64_t>(1, size / 2 / columns);
    for (std::int64_t done = 0; done < rows;) {
      const std::int64_t count = std::min(most, rows - done);
      const auto places = static_cast<std::uint64_t>(size - count * columns + 1);
      const std::uint64_t start = m_random.next() % places;
      source.segments.push_back({reinterpret_cast<const std::byte*>(m_values->data() + start), count});
      done += count;
    }
    return source;
  }

  std::shared_ptr<const void> owner() const { return m_values; }

 private:
  Random m_random;
  std::shared_ptr<std::vector<std::uint16_t>> m_values;
};

}  // namespace

Weights randomWeights(const ModelConfig& config, std::uint64_t seed) {
  Pool pool(seed, std::max({config.hidden, config.intermediate, config.queryWidth()}));
  Weights weights;
  const std::vector<float> ones(static_cast<std::size_t>(config.hidden), 1.0f);
  const std::vector<float> headOnes(static_cast<std::size_t>(config.qkNorm ? config.headDim : 0), 1.0f);
  const TensorNames& names = tensorNames(Family::llama);
  weights.tiedHead = config.tiedEmbeddings;
  weights.embedding = pool.matrix("model.embed_tokens.weight", config.vocab, config.hidden);
  weights.head = weights.tiedHead ? weights.embedding : pool.matrix("lm_head.weight", config.vocab, config.hidden);
  weights.finalNorm = ones;
  for (int layer = 0; layer < config.layers; ++layer) {
    LayerWeights& out = weights.layers.emplace_back();
    out.inputNorm = out.postNorm = ones;
    out.queryNorm = out.keyNorm = headOnes;
    const std::int64_t q = config.queryWidth(), kv = config.kvWidth(), h = config.hidden, i = config.intermediate;
    const std::int64_t sizes[kLayerMatrixCount][2] = {{q, h}, {kv, h}, {kv, h}, {h, q}, {i, h}, {i, h}, {h, i}};
    for (int role = 0; role < kLayerMatrixCount; ++role) {
      out.matrices[role] =
          pool.matrix(layerTensor(layer, names.matrices[role], ".weight"), sizes[role][0], sizes[role][1]);
    }
  }
  weights.owners.push_back(pool.owner());
  return weights;
}

}  // namespace nibble

#include "tests/support/fake_backend.h"

namespace nibble::test {
namespace {

/// Memory of the fake device, given back at the end of its life.
class FakeBuffer {
 public:
  explicit FakeBuffer(FakeDevice& device) : m_device(device) {}
  ~FakeBuffer() { m_device.giveBack(m_bytes); }
  FakeBuffer(const FakeBuffer&) = delete;
  Result<void> grow(std::uint64_t bytes, const std::string& what) {
    NIBBLE_CHECK(m_device.take(bytes, what));
    m_bytes += bytes;
    return {};
  }

 private:
  FakeDevice& m_device;
  std::uint64_t m_bytes = 0;
};

class FakeBackend : public Backend {
 public:
  FakeBackend(FakeDevice& device, const BackendRequest& request)
      : m_device(device), m_request(request), m_memory(device) {
    ++m_device.backends;
  }
  ~FakeBackend() override { --m_device.backends; }

  Result<void> allocateArenas() {
    for (const PlanPart& part : m_request.memory.parts) NIBBLE_CHECK(m_memory.grow(part.bytes, part.name));
    return {};
  }

  Result<void> loadMatrix(MatrixRole, int, const WeightSource& source, Format, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
    FakeBuffer staging(m_device);
    return staging.grow(64 << 10, source.name);
  }
  Result<void> shareHead() override { return {}; }
  Result<void> loadVectors(int, const LayerWeights&) override { return {}; }
  Result<void> loadFinalNorm(std::span<const float>) override { return {}; }
  Result<void> finishLoading() override { return m_memory.grow(1 << 20, "graphs"); }

  void begin(std::span<const std::int32_t> ids, std::int64_t position) override {
    m_ids.assign(ids.begin(), ids.end());
    note("begin " + std::to_string(ids.size()) + " at " + std::to_string(position));
  }
  void normQkvRope(int layer) override { note("normQkvRope " + std::to_string(layer)); }
  void attend(int layer) override { note("attend " + std::to_string(layer)); }
  void projectAdd(int layer, MatrixRole role) override {
    note("projectAdd " + std::string(matrixRoleName(role)) + " " + std::to_string(layer));
  }
  void normGateUp(int layer) override { note("normGateUp " + std::to_string(layer)); }
  void normLogits(int firstRow, int rows) override {
    note("normLogits " + std::to_string(firstRow) + " " + std::to_string(rows));
    m_firstRow = firstRow, m_logitRows = rows;
  }
  Result<void> end() override {
    if (m_device.badNumbers) return fail(ErrorCode::notANumber, "fake NaN", {}, "logits");
    return m_device.take(0, "a step");
  }
  Result<std::span<const float>> logits() override {
    const auto vocab = static_cast<std::size_t>(m_request.config.vocab);
    m_logits.assign(vocab * static_cast<std::size_t>(m_logitRows), 0.0f);
    for (int row = 0; row < m_logitRows; ++row) {
      const auto next = static_cast<std::size_t>(m_ids[static_cast<std::size_t>(m_firstRow + row)] + 1) % vocab;
      m_logits[static_cast<std::size_t>(row) * vocab + next] = 20.0f;
    }
    return std::span<const float>(m_logits);
  }
  Result<std::optional<std::int32_t>> decodeAndSample(const SampledStep& step, const SamplingOptions&) override {
    if (!m_device.canSample) return std::nullopt;
    NIBBLE_CHECK(m_device.take(0, "a step"));
    m_device.sampledSteps.push_back(step);
    return (step.id + 1) % m_request.config.vocab;
  }
  int firstBadLayer() override { return m_device.badLayer; }
  BackendCounters counters() const override { return {m_device.used(), m_device.budget - m_device.used(), 1, "fake"}; }

 private:
  void note(std::string what) {
    if (m_device.onOperation) m_device.onOperation(what);
    if (m_device.logs) m_device.log.push_back(std::move(what));
  }
  FakeDevice& m_device;
  BackendRequest m_request;
  FakeBuffer m_memory;
  std::vector<std::int32_t> m_ids;
  std::vector<float> m_logits;
  int m_firstRow = 0, m_logitRows = 0;
};

}  // namespace

Result<void> FakeDevice::take(std::uint64_t bytes, const std::string& what) {
  ++m_requests;
  const bool failing = failAt > 0 && (m_requests == failAt || (failsFromThenOn && m_requests > failAt));
  if (failing || bytes > budget - m_used)
    return fail(Error{ErrorCode::outOfMemory, "no memory for " + what, {}, what, bytes, budget - m_used});
  m_used += bytes;
  return {};
}

std::unique_ptr<LocalEngine> makeFakeEngine(FakeDevice& device) {
  const auto makeBackend = [&device](const BackendRequest& request) -> Result<std::unique_ptr<Backend>> {
    auto backend = std::make_unique<FakeBackend>(device, request);
    NIBBLE_CHECK(backend->allocateArenas());
    return backend;
  };
  const auto find = [&device](const std::string&) -> Result<DeviceInfo> {
    DeviceInfo info;
    info.id = "cpu";
    info.name = "fake";
    info.totalBytes = device.budget;
    info.freeBytes = device.budget - device.used();
    return info;
  };
  return std::make_unique<LocalEngine>(makeBackend, find);
}

}  // namespace nibble::test

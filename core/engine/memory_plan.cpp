#include "core/engine/memory_plan.h"

#include <map>

#include "core/engine/byte_count.h"
#include "core/engine/cpu/cpu_layout.h"
#include "core/engine/cuda/cuda_layout.h"

namespace nibble {
namespace {

constexpr std::int64_t kMostContext = std::int64_t{1} << 30;

Result<void> checkRequest(const PlanRequest& request) {
  const auto wrong = [](const char* field, const char* rule) { return fail(ErrorCode::wrongUsage, rule, {}, field); };
  if (request.context < 1 || request.context > kMostContext)
    return wrong("context", "must be at least 1 and at most 1073741824");
  if (request.prefillChunk < 1 || request.prefillChunk > 65536)
    return wrong("prefill chunk", "must be from 1 to 65536 rows");
  if (request.logitRows < 1 || request.logitRows > request.prefillChunk) {
    return wrong("logit rows", "must be from 1 to the prefill chunk");
  }
  if (request.threads < 0 || request.threads > 4096) return wrong("threads", "must be from 0 (all) to 4096");
  return {};
}

std::string partName(const char* what, Format format) {
  return std::string(what) + " " + std::string(formatName(format));
}

/// Bytes of the layers' matrices by format, and of norms and biases under f32.
template <typename MatrixBytes>
std::map<Format, ByteCount> weightBytes(const ModelConfig& config, const Recipe& recipe,
                                        const MatrixBytes& matrixBytes) {
  std::map<Format, ByteCount> sums;
  for (int layer = 0; layer < config.layers; ++layer) {
    for (int role = 0; role < kLayerMatrixCount; ++role) {
      const Format format = recipe.formatOf(static_cast<MatrixRole>(role), layer);
      sums[format] += matrixBytes(format, matrixShape(config, static_cast<MatrixRole>(role)));
    }
  }
  sums[Format::f32] += cpuVectorBytes(config);
  return sums;
}

std::vector<PlanPart> cpuParts(const ModelConfig& config, const PlanRequest& request) {
  const Recipe& recipe = request.recipe;
  const MatrixShape vocabulary = matrixShape(config, MatrixRole::embedding);
  std::vector<PlanPart> parts;
  for (const auto& [format, bytes] : weightBytes(config, recipe, cpuMatrixBytes)) {
    parts.push_back({PartKind::weights, partName("weights", format), "cpu", bytes.value()});
  }
  if (!headIsShared(config, recipe)) {
    parts.push_back(
        {PartKind::head, partName("head", recipe.head), "cpu", cpuMatrixBytes(recipe.head, vocabulary).value()});
  }
  parts.push_back({PartKind::embedding, partName("embedding", recipe.embedding), "cpu",
                   cpuMatrixBytes(recipe.embedding, vocabulary).value()});
  const ByteCount cache = ByteCount(2) * ByteCount(config.layers) * cpuKvBytes(config, request);
  parts.push_back({PartKind::kvCache, "KV cache " + std::string(kvFormatName(request.kv)), "cpu", cache.value()});
  parts.push_back({PartKind::workspace, "workspace", "cpu", cpuWorkspace(config, request).total.value()});
  const CpuStaging staging = cpuStaging(config, request);
  parts.push_back({PartKind::staging, "staging", "cpu", (staging.scratch + staging.tensor).value()});
  return parts;
}

}  // namespace

std::uint64_t MemoryPlan::totalBytes() const {
  ByteCount sum;
  for (const PlanPart& part : parts) sum += part.bytes;
  return sum.value();
}

std::uint64_t MemoryPlan::bytesOn(const std::string& where) const {
  ByteCount sum;
  for (const PlanPart& part : parts) {
    if (part.device == where) sum += part.bytes;
  }
  return sum.value();
}

std::uint64_t MemoryPlan::bytesOf(PartKind kind) const {
  ByteCount sum;
  for (const PlanPart& part : parts) {
    if (part.kind == kind) sum += part.bytes;
  }
  return sum.value();
}

Result<MemoryPlan> makeMemoryPlan(const ModelConfig& config, const PlanRequest& request, const DeviceInfo& device) {
  NIBBLE_CHECK(checkRequest(request));
  MemoryPlan plan;
  plan.device = device.id;
  plan.freeBytes = request.vramLimit > 0 && device.id != "cpu" ? request.vramLimit : device.freeBytes;
  if (device.id == "cpu") {
    NIBBLE_CHECK(checkCpuKv(config, request.kv));
    plan.parts = cpuParts(config, request);
  } else {
    plan.parts = cudaPlanParts(config, request, device);
  }
  return plan;
}

}  // namespace nibble

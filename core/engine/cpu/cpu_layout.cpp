#include "core/engine/cpu/cpu_layout.h"

#include <algorithm>

#include "core/engine/cpu/cpu_device.h"
#include "core/engine/cpu/weight_packer.h"
#include "kernels/cpu/matmul.h"

namespace nibble {
namespace {

static_assert(static_cast<int>(Format::q4) == static_cast<int>(WeightType::q4), "WeightType follows Format's order");

/// Sizes beyond this are answered by saturation; below it the kernels' own arithmetic cannot wrap.
constexpr std::uint64_t kLargest = std::uint64_t{1} << 48;

ByteCount floats(ByteCount rows, ByteCount columns) {
  return rows * columns * ByteCount(4);
}

/// Hands out aligned offsets one after the other.
class Placer {
 public:
  std::uint64_t place(ByteCount bytes) {
    const std::uint64_t offset = m_end.value();
    m_end += bytes.alignedTo(kCpuAlignment);
    return offset;
  }
  ByteCount end() const { return m_end; }

 private:
  ByteCount m_end;
};

KvType kvTypeOf(KvFormat format) {
  if (format == KvFormat::f32) return KvType::f32;
  return format == KvFormat::f16 ? KvType::f16 : KvType::q8;
}

std::int64_t widestInput(const ModelConfig& config) {
  return std::max({static_cast<std::int64_t>(config.hidden), static_cast<std::int64_t>(config.queryWidth()),
                   static_cast<std::int64_t>(config.intermediate)});
}

}  // namespace

WeightType weightTypeOf(Format format) {
  return static_cast<WeightType>(format);
}

ByteCount cpuMatrixBytes(Format format, const MatrixShape& shape) {
  const ByteCount upper = floats(shape.rows + kPanelRows, shape.columns + 64);
  if (upper.value() > kLargest) return upper;
  return ByteCount(packedBytes(weightTypeOf(format), shape.rows, shape.columns)).alignedTo(kCpuAlignment);
}

CpuVectors cpuVectors(const ModelConfig& config) {
  CpuVectors layout;
  const auto place = [&](std::int64_t count) {
    const std::int64_t offset = layout.total;
    layout.total += (count + 15) / 16 * 16;
    return offset;
  };
  layout.inputNorm = place(config.hidden);
  layout.postNorm = place(config.hidden);
  if (config.qkNorm) layout.queryNorm = place(config.headDim), layout.keyNorm = place(config.headDim);
  for (int role = 0; role < kLayerMatrixCount; ++role) {
    layout.biases[role] = place(matrixShape(config, static_cast<MatrixRole>(role)).rows);
  }
  return layout;
}

ByteCount cpuVectorBytes(const ModelConfig& config) {
  const ByteCount layer = ByteCount(cpuVectors(config).total) * ByteCount(4);
  return ByteCount(config.layers) * layer + floats(1, config.hidden).alignedTo(kCpuAlignment);
}

KvShape cpuKvShape(const ModelConfig& config, const PlanRequest& request) {
  return {kvTypeOf(request.kv), request.context, config.kvHeads, config.headDim};
}

Result<void> checkCpuKv(const ModelConfig& config, KvFormat format) {
  if (format == KvFormat::q4)
    return fail(ErrorCode::wrongUsage, "the CPU holds the KV cache in f32, f16 or q8; q4 needs a card", {}, "kv");
  if (config.headDim > kMaxHeadDim) {
    return fail(ErrorCode::fileUnsupported,
                "heads of " + std::to_string(config.headDim) + " values, the CPU attends with at most " +
                    std::to_string(kMaxHeadDim),
                "config.json", "head_dim");
  }
  if (format == KvFormat::q8 && config.headDim % 32 != 0) {
    return fail(ErrorCode::wrongUsage,
                "a q8 cache needs heads of a multiple of 32, this model's have " + std::to_string(config.headDim), {},
                "kv");
  }
  return {};
}

ByteCount cpuKvBytes(const ModelConfig& config, const PlanRequest& request) {
  const ByteCount upper = floats(request.context + kPanelRows, config.kvWidth());
  if (upper.value() > kLargest) return upper;
  return ByteCount(kvBytes(cpuKvShape(config, request))).alignedTo(kCpuAlignment);
}

CpuWorkspace cpuWorkspace(const ModelConfig& config, const PlanRequest& request) {
  const ByteCount n = request.prefillChunk;
  Placer placer;
  CpuWorkspace layout;
  layout.residual = placer.place(floats(n, config.hidden));
  layout.normed = placer.place(floats(n, config.hidden));
  layout.qkv = placer.place(floats(n, config.queryWidth() + 2 * config.kvWidth()));
  layout.attended = placer.place(floats(n, config.queryWidth()));
  layout.gate = placer.place(floats(n, config.intermediate));
  layout.up = placer.place(floats(n, config.intermediate));
  layout.activations = placer.place(ByteCount(activationBytes(request.prefillChunk, widestInput(config))));
  layout.attention =
      placer.place(ByteCount(attentionWorkspace(request.prefillChunk, config.heads, config.headDim, request.context)) *
                   ByteCount(4));
  layout.cosines = placer.place(floats(n, config.headDim / 2));
  layout.sines = placer.place(floats(n, config.headDim / 2));
  layout.logits = placer.place(floats(request.logitRows, config.vocab));
  layout.total = placer.end();
  return layout;
}

CpuStaging cpuStaging(const ModelConfig& config, const PlanRequest& request) {
  CpuStaging most;
  const auto keepLarger = [](ByteCount& kept, ByteCount other) { kept = other.value() > kept.value() ? other : kept; };
  const auto consider = [&](MatrixRole role, int layer) {
    const MatrixShape shape = matrixShape(config, role);
    const Format format = request.recipe.formatOf(role, layer);
    keepLarger(most.scratch, packingBytes(format, shape.columns, cpuThreads(request)));
    keepLarger(most.tensor, packingTensorBytes(format, shape.rows, shape.columns));
  };
  consider(MatrixRole::embedding, 0);
  consider(MatrixRole::head, 0);
  for (int layer = 0; layer < config.layers; ++layer) {
    for (int role = 0; role < kLayerMatrixCount; ++role) consider(static_cast<MatrixRole>(role), layer);
  }
  return most;
}

int cpuThreads(const PlanRequest& request) {
  return request.threads > 0 ? request.threads : usableThreads();
}

}  // namespace nibble

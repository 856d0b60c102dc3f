#include "core/engine/cuda/cuda_layout.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace nibble {

namespace {
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max() / 8;  // a sum of a few of these still fits
constexpr std::uint64_t kAlignment = 256;
constexpr std::uint64_t kArenaGranularity = 2ull << 20;
constexpr std::uint64_t kTileBytes = 80ull << 20;  // one gate or up matrix of InternLM3-8B in 16 bits
constexpr std::uint64_t kFlagBytes = 256;
constexpr std::int64_t kLongestContext = 1ll << 32;

std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  return std::min(kMost, std::min(a, kMost) + std::min(b, kMost));
}
std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? kMost : std::min(product, kMost);
}
std::uint64_t times(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return times(times(a, b), c);
}
std::uint64_t unsignedOf(std::int64_t value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}
std::uint64_t arena(std::uint64_t bytes) {
  return bytes >= kMost ? kMost : gpu::alignUp(bytes, kArenaGranularity);
}

std::uint64_t matrixBytes(const ModelConfig& config, MatrixRole role, Format format) {
  const auto [rows, columns] = matrixShape(config, role);
  return gpu::deviceBytes(deviceFormat(format), rows, columns);
}

bool nativeFormat(Format format, ComputeType compute) {
  return (format == Format::f16 && compute == ComputeType::f16) ||
         (format == Format::bf16 && compute == ComputeType::bf16) ||
         (format == Format::f32 && compute == ComputeType::f32);
}

/// Bytes of the largest matrix that products need in the compute type, at most kTileBytes; 0 if none needs turning.
std::uint64_t tileBytesFor(const ModelConfig& config, const Recipe& recipe, ComputeType compute) {
  std::uint64_t most = 0;
  const auto consider = [&](MatrixRole role, Format format) {
    if (nativeFormat(format, compute)) return;
    const auto [rows, columns] = matrixShape(config, role);
    most = std::max(most, times(unsignedOf(rows), gpu::alignUp(unsignedOf(columns), 8), computeBytes(compute)));
  };
  for (int layer = 0; layer < config.layers; ++layer) {
    for (int role = 0; role < kLayerMatrixCount; ++role)
      consider(static_cast<MatrixRole>(role), recipe.formatOf(static_cast<MatrixRole>(role), layer));
    const std::uint64_t qkvRows = unsignedOf(config.queryWidth()) + 2 * unsignedOf(config.kvWidth());
    if (most > 0)
      most = std::max(most, times(qkvRows, gpu::alignUp(unsignedOf(config.hidden), 8), computeBytes(compute)));
  }
  consider(MatrixRole::head, recipe.head);
  return gpu::alignUp(std::min(most, kTileBytes), kAlignment);
}

/// Room for decode_step.h's workspace: its vectors (three of them rounded as well), the partial results of split
/// attention (at most 320 blocks or one a KV head) and their counters, the sampler's candidates, the history of ids,
/// and a step's input and output. The module refuses to start if its kernels want more.
std::uint64_t decodeRoom(const ModelConfig& config, const PlanRequest& request) {
  constexpr std::uint64_t kAttentionBlocks = 320, kCandidateFloats = 64 * 128 * 2, kBuffers = 20;
  const std::uint64_t headDim = unsignedOf(config.headDim), group = unsignedOf(config.groupSize());
  const std::uint64_t vectors = unsignedOf(config.hidden) + 2 * unsignedOf(config.queryWidth()) +
                                2 * unsignedOf(config.kvWidth()) + unsignedOf(config.intermediate) +
                                unsignedOf(config.vocab) + headDim +
                                times(unsignedOf(config.layers), unsignedOf(config.kvHeads));
  const std::uint64_t partials = times(std::max(kAttentionBlocks, unsignedOf(config.kvHeads)), group, headDim + 4);
  std::uint64_t rounded = 0;
  for (const std::int64_t width : {config.hidden, config.queryWidth(), config.intermediate})
    rounded += gpu::roundedBytes(unsignedOf(width));
  return times(plus(plus(vectors, partials), plus(kCandidateFloats, unsignedOf(request.context))), 4) + rounded +
         kBuffers * kAlignment;
}

/// Weights of the largest matrix held in NF4, plain or doubly quantized; 0 if there is none.
std::uint64_t largestNf4(const ModelConfig& config, const Recipe& recipe) {
  std::uint64_t most = 0;
  const auto consider = [&](MatrixRole role, Format format) {
    if (format != Format::nf4 && format != Format::nf4dq) return;
    const auto [rows, columns] = matrixShape(config, role);
    most = std::max(most, times(unsignedOf(rows), unsignedOf(columns)));
  };
  for (int layer = 0; layer < config.layers; ++layer)
    for (int role = 0; role < kLayerMatrixCount; ++role)
      consider(static_cast<MatrixRole>(role), recipe.formatOf(static_cast<MatrixRole>(role), layer));
  consider(MatrixRole::embedding, recipe.embedding);
  consider(MatrixRole::head, recipe.head);
  return most;
}

std::uint64_t kvBytes(const ModelConfig& config, const PlanRequest& request) {
  if (request.context > kLongestContext) return kMost;
  const auto layout = gpu::kvLayout(deviceKvFormat(request.kv), config.kvHeads,
                                    std::max<std::int64_t>(request.context, 1), config.headDim);
  return times(layout.totalBytes, 2, unsignedOf(config.layers));
}
}  // namespace

bool cudaEmbeddingOnHost(const ModelConfig& config, const PlanRequest& request) {
  return request.embeddingOnHost && !headIsShared(config, request.recipe);
}

ComputeType cudaComputeType(ComputeType wanted, int capabilityMajor) {
  return wanted == ComputeType::bf16 && capabilityMajor < 8 ? ComputeType::f32 : wanted;
}

std::uint64_t ArenaLayout::place(std::uint64_t bytes) {
  const std::uint64_t offset = m_bytes;
  m_bytes = plus(m_bytes, bytes >= kMost ? kMost : gpu::alignUp(bytes, kAlignment));
  return offset;
}

LayerVectorLayout layerVectorLayout(const ModelConfig& config) {
  LayerVectorLayout layout;
  ArenaLayout arena;
  const auto floats = [&](std::int64_t count) { return arena.place(times(unsignedOf(count), 4)); };
  layout.inputNorm = floats(config.hidden);
  layout.postNorm = floats(config.hidden);
  layout.queryNorm = floats(config.headDim);
  layout.keyNorm = floats(config.headDim);
  for (int role = 0; role < kLayerMatrixCount; ++role)
    layout.biases[role] = floats(matrixShape(config, static_cast<MatrixRole>(role)).rows);
  layout.bytes = arena.bytes();
  return layout;
}

StagingLayout stagingLayout(const ModelConfig& config, const PlanRequest& request) {
  StagingLayout layout;
  ArenaLayout arena;
  for (auto& piece : layout.pieces) piece = arena.place(kUploadPieceBytes);
  layout.absmax = arena.place((largestNf4(config, request.recipe) + 63) / 64 * 4);
  layout.flagCount = unsignedOf(config.layers) * kLayerMatrixCount + 2;
  layout.flags = arena.place(times(layout.flagCount, 4));
  layout.bytes = arena.bytes();
  return layout;
}

WorkspaceLayout workspaceLayout(const ModelConfig& config, const PlanRequest& request, int capabilityMajor) {
  const ComputeType compute = cudaComputeType(request.recipe.compute, capabilityMajor);
  const std::uint64_t element = computeBytes(compute);
  WorkspaceLayout layout;
  layout.rows = static_cast<int>(
      std::clamp<std::int64_t>(std::min<std::int64_t>(request.prefillChunk, request.context), 1, 1 << 16));
  const std::uint64_t rows = unsignedOf(layout.rows), hidden = unsignedOf(config.hidden),
                      query = unsignedOf(config.queryWidth());
  const std::uint64_t qkv = query + 2 * unsignedOf(config.kvWidth()), inner = unsignedOf(config.intermediate);
  const std::uint64_t half = unsignedOf(config.headDim) / 2, vocab = unsignedOf(config.vocab);
  layout.tileBytes = tileBytesFor(config, request.recipe, compute);
  layout.cublasBytes = capabilityMajor >= 9 ? 32ull << 20 : 8ull << 20;  // what cuBLAS's manual recommends
  layout.decodeBytes = decodeRoom(config, request);

  ArenaLayout arena;
  layout.residual = arena.place(times(rows, hidden, 4));
  layout.narrow = arena.place(times(rows, std::max(hidden, query), element));
  layout.wide = arena.place(std::max(times(rows, qkv, element), times(2 * rows, inner, element)));
  for (auto& tile : layout.tiles) tile = arena.place(layout.tileBytes);
  layout.angles = arena.place(times(rows, half, 8));
  layout.frequencies = arena.place(half * 4);
  layout.logits = arena.place(times(unsignedOf(request.logitRows), vocab, 4));
  layout.ids = arena.place(rows * 4);
  layout.flags = arena.place(kFlagBytes);
  layout.finalNorm = arena.place(hidden * 4);
  layout.cublas = arena.place(layout.cublasBytes);
  layout.decode = arena.place(layout.decodeBytes);
  layout.stagingBytes = stagingLayout(config, request).bytes;
  layout.bytes = nibble::arena(std::max(arena.bytes(), layout.stagingBytes));
  return layout;
}

CudaMemory cudaMemory(const ModelConfig& config, const PlanRequest& request, int capabilityMajor) {
  CudaMemory memory;
  const std::uint64_t vectors = layerVectorLayout(config).bytes;
  for (int layer = 0; layer < config.layers; ++layer) {
    memory.layers = plus(memory.layers, vectors);
    for (int role = 0; role < kLayerMatrixCount; ++role) {
      const auto matrix = static_cast<MatrixRole>(role);
      memory.layers = plus(memory.layers, matrixBytes(config, matrix, request.recipe.formatOf(matrix, layer)));
    }
  }
  const bool shared = headIsShared(config, request.recipe);
  memory.head = shared ? 0 : matrixBytes(config, MatrixRole::head, request.recipe.head);
  memory.embedding = matrixBytes(config, MatrixRole::embedding, request.recipe.embedding);
  memory.embeddingOnHost = cudaEmbeddingOnHost(config, request);
  memory.weightArena = arena(plus(memory.layers, plus(memory.head, memory.embeddingOnHost ? 0 : memory.embedding)));
  memory.kvArena = arena(kvBytes(config, request));
  memory.workspaceArena = workspaceLayout(config, request, capabilityMajor).bytes;
  memory.hostPinned =
      plus(kUploadPieces * kUploadPieceBytes, times(unsignedOf(request.logitRows), unsignedOf(config.vocab), 4));
  return memory;
}

std::vector<PlanPart> cudaPlanParts(const ModelConfig& config, const PlanRequest& request, const DeviceInfo& device) {
  const CudaMemory memory = cudaMemory(config, request, capabilityMajor(device));
  const std::uint64_t onDevice = plus(memory.head, memory.embeddingOnHost ? 0 : memory.embedding);
  const std::string layers(formatName(request.recipe.layers)), head(formatName(request.recipe.head)),
      embedding(formatName(request.recipe.embedding)), kv(kvFormatName(request.kv));
  std::vector<PlanPart> parts;
  parts.push_back(
      {PartKind::weights, "weights " + layers, device.id, memory.weightArena - std::min(memory.weightArena, onDevice)});
  if (memory.head > 0) parts.push_back({PartKind::head, "head " + head, device.id, memory.head});
  parts.push_back(
      {PartKind::embedding, "embedding " + embedding, memory.embeddingOnHost ? "cpu" : device.id, memory.embedding});
  parts.push_back({PartKind::kvCache, "KV cache " + kv, device.id, memory.kvArena});
  parts.push_back({PartKind::workspace, "workspace", device.id, memory.workspaceArena});
  parts.push_back({PartKind::staging, "staging", "cpu", memory.hostPinned});
  parts.push_back({PartKind::deviceContext, "CUDA context", device.id, device.contextBytes});
  return parts;
}

int capabilityMajor(const DeviceInfo& device) {
  return std::atoi(device.capability.c_str());
}

}  // namespace nibble

// What a load will take, to the byte, before anything is allocated: from config × recipe × context × KV format ×
// placement. The loader, the allocators, the "will it fit" bar and the memory chart all read this struct.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/engine/device.h"
#include "core/model/model_config.h"
#include "core/precision/recipe.h"

namespace nibble {

enum class PartKind : std::uint8_t { weights, head, embedding, kvCache, workspace, staging, deviceContext };

struct PlanPart {
  PartKind kind = PartKind::weights;
  std::string
      name;  ///< "weights q4", "head q8", "embedding q8", "KV cache f16", "workspace", "staging", "CUDA context"
  std::string device;  ///< "cpu" or "cuda:0": embedding and staging may be in host memory of a CUDA plan
  std::uint64_t bytes = 0;
};

struct MemoryPlan {
  std::vector<PlanPart> parts;
  std::string device;                ///< where the model runs
  std::uint64_t freeBytes = 0;       ///< of `device` when the plan was made (or the --vram-limit)
  std::uint64_t totalBytes() const;  ///< all parts on all devices
  std::uint64_t bytesOn(const std::string& device) const;
  std::uint64_t bytesOf(PartKind kind) const;
  bool fits() const { return bytesOn(device) <= freeBytes; }
};

/// What the plan is made for; also what a backend is created with.
struct PlanRequest {
  Recipe recipe;
  KvFormat kv = KvFormat::f16;
  std::int64_t context = 4096;   ///< positions of the KV cache
  int prefillChunk = 512;        ///< rows of one prefill pass
  int logitRows = 1;             ///< rows of logits kept at once (evaluation: up to 256)
  bool embeddingOnHost = false;  ///< CUDA: the embedding stays in host memory, one row a token is read
  int threads = 0;               ///< CPU; 0: all cores
  std::uint64_t vramLimit = 0;   ///< plan and allocate as if the card had only that much; 0: what is free
};

/// Errors: wrongUsage (context < 1 …). Never allocates more than the plan itself.
Result<MemoryPlan> makeMemoryPlan(const ModelConfig& config, const PlanRequest& request, const DeviceInfo& device);

}  // namespace nibble

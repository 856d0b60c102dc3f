// The KV cache's layout on the CPU and causal grouped attention over it (flash style: blocks of keys, running maximum).
// One cache buffer per layer for K and one for V. Keys stand in panels of 16 positions, interleaved like weights; values in rows.
#pragma once
#include <cstdint>

namespace nibble {

enum class KvType : std::uint8_t { f32, f16, q8 };  ///< q8: int8 with an fp16 scale per 32 values (head_dim must divide by 32)

constexpr int kMaxHeadDim = 256;

struct KvShape {
  KvType type = KvType::f16;
  std::int64_t positions = 0;  ///< capacity
  int kvHeads = 0;
  int headDim = 0;             ///< at most kMaxHeadDim
};

/// Bytes of the K buffer, and of the V buffer (they are equal): capacity rounded up to 16 positions.
std::uint64_t kvBytes(const KvShape& shape);

/// Stores k and v (n, kvHeads, headDim) fp32 at positions first … first + n - 1.
void append_kv(const KvShape& shape, const float* k, const float* v, std::int64_t rowStride, std::int64_t first, std::int64_t n,
               std::uint8_t* keys, std::uint8_t* values);

struct AttentionArguments {
  KvShape shape;
  const std::uint8_t* keys = nullptr;
  const std::uint8_t* values = nullptr;
  const float* q = nullptr;          // (n, heads, head_dim), rows qStride floats apart
  std::int64_t qStride = 0;
  float* out = nullptr;              // (n, heads, head_dim), rows outStride floats apart
  std::int64_t outStride = 0;
  int heads = 0;                     ///< a multiple of kvHeads
  std::int64_t n = 0;                ///< query rows at positions first … first + n - 1, whose keys are in the cache
  std::int64_t first = 0;
  std::int64_t window = 0;           ///< a query sees the last `window` positions, its own included; 0: all
  float scale = 0;                   ///< of q·k, usually 1/sqrt(head_dim)
  float* workspace = nullptr;        ///< attentionWorkspace() floats
};

/// Floats of workspace for up to n rows and `positions` cached positions.
std::uint64_t attentionWorkspace(std::int64_t n, int heads, int headDim, std::int64_t positions);

/// Work items of one attention: run attend() over all of them (in any split over threads), then, when all are done,
/// attend_combine() over all heads × rows. Neither depends on the split.
std::int64_t attentionItems(const AttentionArguments& arguments);
void attend(const AttentionArguments& arguments, std::int64_t firstItem, std::int64_t lastItem);

/// Joins the parts of a long cache that several items worked on. Returns at once where nothing was split.
void attend_combine(const AttentionArguments& arguments);

}  // namespace nibble

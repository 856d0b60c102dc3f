// Causal grouped attention at one level. An item is up to 48 queries of one KV head (rows × heads of the group, row by row)
// against one part of the cache. Keys come in blocks of 32: scores by register tiles, running maximum and sum (flash attention,
// arXiv:2205.14135), then weighted values by the same tiles.
#pragma once
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/kv_layout.h"
#include "kernels/cpu/sgemm_impl.h"

namespace nibble {
namespace {

constexpr int kQueries = kAttentionQueries;
constexpr int kKeys = 32;

struct Item {
  int kvHead = 0;
  std::int64_t firstQuery = 0;  // of row × group + head in group
  int queries = 0;
  std::int64_t part = 0;
};

struct AttentionState {
  alignas(64) float q[kQueries * kMaxHeadDim];
  alignas(64) float sums[kQueries * kMaxHeadDim];
  alignas(64) float scores[kQueries * kKeys];
  alignas(64) float tile[kKeys * kMaxHeadDim];  // keys [head_dim][16] or values [32][head_dim]
  float peak[kQueries];
  float total[kQueries];
};

inline std::int64_t itemTiles(const AttentionArguments& a) {
  return (a.n * (a.heads / a.shape.kvHeads) + kQueries - 1) / kQueries;
}

inline Item itemAt(const AttentionArguments& a, std::int64_t index) {
  const std::int64_t parts = partCount(a.n, a.first + a.n);
  const std::int64_t tiles = itemTiles(a);
  Item item;
  item.part = index % parts;
  item.kvHead = static_cast<int>(index / parts / tiles);
  item.firstQuery = index / parts % tiles * kQueries;
  const std::int64_t left = a.n * (a.heads / a.shape.kvHeads) - item.firstQuery;
  item.queries = static_cast<int>(left < kQueries ? left : kQueries);
  return item;
}

/// 16 keys as [head_dim][16] fp32.
inline void loadKeys(const AttentionArguments& a, const std::uint8_t* panel, float* out) {
  const int headDim = a.shape.headDim;
  if (a.shape.type == KvType::f32) {
    std::memcpy(out, panel, static_cast<std::size_t>(headDim) * kKeyPanel * 4);
  } else if (a.shape.type == KvType::f16) {
    for (int i = 0; i < headDim * kKeyPanel; i += kLanes) store(out + i, loadHalf(reinterpret_cast<const std::uint16_t*>(panel) + i));
  } else {
    for (int first = 0; first < headDim; first += 32, panel += kKeyPanel * sizeof(BlockQ8)) {
      for (int i = 0; i < 32 * kKeyPanel; i += kLanes) {
        const Vec scale = loadHalf(reinterpret_cast<const std::uint16_t*>(panel) + i % kKeyPanel);
        store(out + first * kKeyPanel + i, loadInt8(reinterpret_cast<const std::int8_t*>(panel) + kKeyPanel * 2 + i) * scale);
      }
    }
  }
}

/// `count` rows of values as [count][padded head_dim] fp32.
inline void loadValues(const AttentionArguments& a, const std::uint8_t* rows, std::int64_t count, float* out) {
  const int headDim = a.shape.headDim, padded = paddedHeadDim(headDim);
  const std::int64_t rowBytes = kvRowBytes(a.shape);
  for (std::int64_t r = 0; r < count; ++r, rows += rowBytes, out += padded) {
    int d = 0;
    if (a.shape.type == KvType::f32) {
      std::memcpy(out, rows, static_cast<std::size_t>(headDim) * 4);
      d = headDim;
    } else if (a.shape.type == KvType::f16) {
      const auto* halves = reinterpret_cast<const std::uint16_t*>(rows);
      for (; d + kLanes <= headDim; d += kLanes) store(out + d, loadHalf(halves + d));
      for (; d < headDim; ++d) out[d] = halfToFloat(halves[d]);
    } else {
      for (; d < headDim; d += 32) {
        const std::uint8_t* block = rows + d / 32 * static_cast<std::int64_t>(sizeof(BlockQ8));
        std::uint16_t scale;
        std::memcpy(&scale, block, 2);
        const Vec factor = splat(halfToFloat(scale));
        for (int i = 0; i < 32; i += kLanes) store(out + d + i, loadInt8(reinterpret_cast<const std::int8_t*>(block) + 2 + i) * factor);
      }
    }
    for (; d < padded; ++d) out[d] = 0.0f;
  }
}

inline void loadQueries(const AttentionArguments& a, const Item& item, AttentionState& state) {
  const int group = a.heads / a.shape.kvHeads, headDim = a.shape.headDim;
  for (int i = 0; i < item.queries; ++i) {
    const std::int64_t query = item.firstQuery + i;
    const float* source = a.q + query / group * a.qStride + (item.kvHead * group + query % group) * headDim;
    for (int d = 0; d < headDim; ++d) state.q[i * headDim + d] = source[d] * a.scale;
    for (int d = 0; d < paddedHeadDim(headDim); ++d) state.sums[i * paddedHeadDim(headDim) + d] = 0.0f;
    state.peak[i] = -__builtin_inff();
    state.total[i] = 0.0f;
  }
}

/// Turns scores of one query into weights, and moves its running maximum and sums.
inline void softenScores(float* scores, int keys, float* peak, float* total, float* sums, int width) {
  Vec top = splat(-__builtin_inff());
  for (int j = keys; j < kKeys; ++j) scores[j] = -__builtin_inff();
  for (int j = 0; j < kKeys; j += kLanes) top = vmax(load(scores + j), top);
  const float newPeak = maxLanes(top) > *peak ? maxLanes(top) : *peak;
  if (newPeak == -__builtin_inff()) {  // this query sees none of these keys
    for (int j = 0; j < kKeys; ++j) scores[j] = 0.0f;
    return;
  }
  Vec added = splat(0.0f);
  for (int j = 0; j < kKeys; j += kLanes) {
    const Vec e = vexp(load(scores + j) - splat(newPeak));
    store(scores + j, e);
    added = added + e;
  }
  if (newPeak != *peak) {
    float lanes[kLanes];
    store(lanes, vexp(splat(*peak - newPeak)));
    *total *= lanes[0];
    for (int d = 0; d < width; d += kLanes) store(sums + d, load(sums + d) * splat(lanes[0]));
    *peak = newPeak;
  }
  *total += sumLanes(added);
}

/// One block of keys [key, key + count) for all queries of the item.
inline void attendBlock(const AttentionArguments& a, const Item& item, std::int64_t key, int count, AttentionState& state) {
  const int headDim = a.shape.headDim, padded = paddedHeadDim(headDim), group = a.heads / a.shape.kvHeads;
  const std::int64_t rowBytes = kvRowBytes(a.shape), start = item.kvHead * kvHeadBytes(a.shape);
  for (int j = 0; j < count; j += kKeyPanel) {
    loadKeys(a, a.keys + start + (key + j) * rowBytes, state.tile);
    sgemmPanel(state.tile, kKeyPanel, headDim, state.q, item.queries, headDim, state.scores + j, kKeys, false);
  }
  for (int i = 0; i < item.queries; ++i) {
    const std::int64_t position = a.first + (item.firstQuery + i) / group;
    float* scores = state.scores + i * kKeys;
    const std::int64_t seen = position + 1 - key < count ? position + 1 - key : count;  // causal; may be ≤ 0
    const std::int64_t hidden = a.window > 0 ? position + 1 - a.window - key : 0;        // before the window
    for (std::int64_t j = 0; j < hidden && j < count; ++j) scores[j] = -__builtin_inff();
    softenScores(scores, seen > 0 ? static_cast<int>(seen) : 0, state.peak + i, state.total + i, state.sums + i * padded, padded);
  }
  loadValues(a, a.values + start + key * rowBytes, count, state.tile);
  for (int d = 0; d < padded; d += kKeyPanel) {
    sgemmPanel(state.tile + d, padded, count, state.scores, item.queries, kKeys, state.sums + d, padded, true);
  }
}

inline void storeItem(const AttentionArguments& a, const Item& item, const AttentionState& state) {
  const int group = a.heads / a.shape.kvHeads, headDim = a.shape.headDim, padded = paddedHeadDim(headDim);
  const std::int64_t parts = partCount(a.n, a.first + a.n);
  for (int i = 0; i < item.queries; ++i) {
    const std::int64_t row = (item.firstQuery + i) / group;
    const std::int64_t head = item.kvHead * group + (item.firstQuery + i) % group;
    const float* sums = state.sums + i * padded;
    if (parts == 1) {
      float* out = a.out + row * a.outStride + head * headDim;
      for (int d = 0; d < headDim; ++d) out[d] = sums[d] / state.total[i];
      continue;
    }
    float* part = a.workspace + ((row * a.heads + head) * parts + item.part) * (padded + 2);
    std::memcpy(part, sums, static_cast<std::size_t>(padded) * sizeof(float));
    part[padded] = state.peak[i];
    part[padded + 1] = state.total[i];
  }
}

inline void attendItem(const AttentionArguments& a, const Item& item, AttentionState& state) {
  const int group = a.heads / a.shape.kvHeads;
  const std::int64_t firstPosition = a.first + item.firstQuery / group;
  std::int64_t last = a.first + (item.firstQuery + item.queries - 1) / group + 1;
  std::int64_t key = a.window > 0 && firstPosition + 1 > a.window ? firstPosition + 1 - a.window : 0;
  if (partCount(a.n, a.first + a.n) > 1) {
    key = key > item.part * kPartKeys ? key : item.part * kPartKeys;
    last = last < (item.part + 1) * kPartKeys ? last : (item.part + 1) * kPartKeys;
  }
  loadQueries(a, item, state);
  for (key = key / kKeys * kKeys; key < last; key += kKeys) {
    attendBlock(a, item, key, static_cast<int>(last - key < kKeys ? last - key : kKeys), state);
  }
  storeItem(a, item, state);
}

inline void attendItems(const AttentionArguments& a, std::int64_t firstItem, std::int64_t lastItem) {
  AttentionState state;
  for (std::int64_t index = firstItem; index < lastItem; ++index) attendItem(a, itemAt(a, index), state);
}

}  // namespace

void NIBBLE_LEVEL(setAttention)(KernelTable& table) { table.attend = attendItems; }

}  // namespace nibble

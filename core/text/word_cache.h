// Remembers the ids of short words within one call of encode: text repeats itself, and a hit costs a twentieth of an encoding.
#pragma once
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/text/vocabulary.h"

namespace nibble {

/// Direct-mapped and of fixed size: a newcomer replaces what lies in its slot. Small texts never allocate it.
class WordCache {
 public:
  /// The ids of `word` if they are known; `slot` is where `remember` puts them otherwise.
  std::span<const std::int32_t> find(std::string_view word, std::size_t& slot) {
    slot = kNoSlot;
    if (word.size() > kMaxBytes || word.empty()) return {};
    if (!m_entries) {
      if (++m_lookups < kWarmUp) return {};
      m_entries = std::make_unique<Entry[]>(kSlots);
    }
    slot = hashBytes(word) & (kSlots - 1);
    const Entry& entry = m_entries[slot];
    if (entry.bytes != word.size() || std::memcmp(entry.text.data(), word.data(), word.size()) != 0) return {};
    return {entry.ids.data(), entry.count};
  }

  void remember(std::size_t slot, std::string_view word, std::span<const std::int32_t> ids) {
    if (slot == kNoSlot || ids.empty() || ids.size() > kMaxIds) return;
    Entry& entry = m_entries[slot];
    entry.bytes = static_cast<std::uint8_t>(word.size());
    entry.count = static_cast<std::uint8_t>(ids.size());
    std::memcpy(entry.text.data(), word.data(), word.size());
    std::memcpy(entry.ids.data(), ids.data(), ids.size_bytes());
  }

 private:
  static constexpr std::size_t kSlots = 8192;
  static constexpr std::size_t kMaxBytes = 34;
  static constexpr std::size_t kMaxIds = 7;
  static constexpr std::size_t kWarmUp = 256;
  static constexpr std::size_t kNoSlot = static_cast<std::size_t>(-1);

  struct Entry {  // 64 bytes: one cache line
    std::uint8_t bytes = 0;
    std::uint8_t count = 0;
    std::array<char, kMaxBytes> text{};
    std::array<std::int32_t, kMaxIds> ids{};
  };

  std::unique_ptr<Entry[]> m_entries;
  std::size_t m_lookups = 0;
};

}  // namespace nibble

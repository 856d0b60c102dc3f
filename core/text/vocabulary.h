// The pieces of a tokenizer by id and by text: one buffer of text, spans by id and a hash index. Built by the loaders, then constant.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nibble {

/// A hash that differs from one process to the next, so that nobody can craft a file full of collisions.
std::uint64_t hashBytes(std::string_view bytes);
std::uint64_t hashNumber(std::uint64_t number);

class Vocabulary {
 public:
  static constexpr std::int32_t kMaxIds = 1 << 21;            ///< 8 times the largest vocabulary in use
  static constexpr std::size_t kMaxTextBytes = std::size_t{8} << 20;  ///< 3 times the largest in use
  static constexpr std::size_t kMaxPieceBytes = 2048;  ///< 5 times the longest in use

  enum class Added : std::uint8_t { ok, idTaken, idOutOfRange, tooMuchText };

  /// Puts `piece` at `id`; gaps between ids are legal. Text may hold any bytes, NUL too. One that is not `listed` is never found.
  Added add(std::int64_t id, std::string_view piece, bool listed = true);

  /// Makes `find` work for the pieces there are now; of equal pieces the lowest id is found.
  void buildIndex();

  /// The id of a piece; −1: none. Needs buildIndex.
  std::int32_t find(std::string_view piece) const;

  /// The text of an id; empty where there is none.
  std::string_view piece(std::int64_t id) const;
  bool contains(std::int64_t id) const;

  std::int32_t size() const { return static_cast<std::int32_t>(m_spans.size()); }  ///< the largest id + 1

 private:
  struct Span {
    std::uint32_t offset = kNowhere;
    std::uint32_t length : 31 = 0;
    std::uint32_t listed : 1 = 0;
  };
  static constexpr std::uint32_t kNowhere = 0xFFFFFFFF;

  std::string m_text;
  std::vector<Span> m_spans;          // by id
  std::vector<std::int32_t> m_index;  // open addressing, −1: empty
};

}  // namespace nibble

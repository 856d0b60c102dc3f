// Places where no piece of a vocabulary can lie across: pairs of characters that never stand side by side in one. Text may be cut
// there before BPE without changing a single id, which keeps the stretches short and lets words be remembered.
#pragma once
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

namespace nibble {

class PieceBoundaries {
 public:
  /// Notes every pair of neighbouring characters in a piece that merging can make.
  void addPiece(std::string_view piece);
  /// To be called once after the last piece.
  void build();

  /// The end of the stretch that starts at `begin`: the first safe cut, or the end of the text. `text` is valid UTF-8.
  std::size_t stretchEnd(std::string_view text, std::size_t begin) const;

 private:
  bool joined(char32_t left, char32_t right) const;
  /// U+2581 counts as the ASCII space, which it stands for.
  static char32_t folded(char32_t code) { return code == 0x2581 ? U' ' : code; }

  std::bitset<128 * 128> m_ascii;
  std::vector<std::uint64_t> m_pairs;  // while building; then an open-addressing table, 0: empty
};

}  // namespace nibble

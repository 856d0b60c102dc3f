// Vocabulary and merges, checked.
#include "core/text/merge_bpe_builder.h"

#include "core/text/byte_alphabet.h"

namespace nibble {
namespace {

std::string itemPath(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

}  // namespace

Result<bool> MergeBpeBuilder::readVocabulary(JsonValue object, const std::string& file, const std::string& path) {
  if (!object.isObject()) return fail(ErrorCode::fileMalformed, "expected an object", file, path);
  for (const auto& member : object.members()) {
    const std::string_view spelled = member.key();
    const auto wrong = [&](std::string what) {
      return fail(ErrorCode::fileMalformed, std::move(what), file, path + "." + std::string(spelled.substr(0, 64)));
    };
    if (!member.value().isInteger()) return wrong("the id is not a whole number");
    const std::int64_t id = member.value().integer();
    std::optional<std::string> bytes;
    if (m_overBytes) bytes = bytesFromByteAlphabet(spelled);
    // What is not in the alphabet (a special token with a space in it) stands for itself and is never made from text.
    switch (m_vocabulary->add(id, bytes ? std::string_view(*bytes) : spelled, !m_overBytes || bytes.has_value())) {
      case Vocabulary::Added::ok: break;
      case Vocabulary::Added::idTaken: return wrong("the id " + std::to_string(id) + " already belongs to another token");
      case Vocabulary::Added::idOutOfRange: return wrong("the id " + std::to_string(id) + " is out of range");
      case Vocabulary::Added::tooMuchText:
        return fail(ErrorCode::fileUnsupported, "a piece of more than 2,048 bytes, or pieces of more than 8 MiB", file, path);
    }
  }
  if (m_vocabulary->size() == 0) return fail(ErrorCode::fileMalformed, "no pieces", file, path);
  m_vocabulary->buildIndex();
  return true;
}

std::int32_t MergeBpeBuilder::find(std::string_view spelled) const {
  if (!m_overBytes) return m_vocabulary->find(spelled);
  const auto bytes = bytesFromByteAlphabet(spelled);
  return bytes ? m_vocabulary->find(*bytes) : -1;
}

Result<bool> MergeBpeBuilder::addMerge(std::string_view left, std::string_view right, const std::string& file, const std::string& field) {
  if (left.empty() || right.empty()) return fail(ErrorCode::fileMalformed, "not a pair of pieces", file, field);
  const std::string joined = std::string(left) + std::string(right);
  const Pair pair{find(left), find(right), find(joined)};
  if (pair.left < 0 || pair.right < 0) return fail(ErrorCode::fileMalformed, "one of the pair is not in the vocabulary", file, field);
  if (pair.joined < 0) return fail(ErrorCode::fileMalformed, "what the pair becomes is not in the vocabulary", file, field);
  m_merges.push_back(pair);
  return true;
}

Result<bool> MergeBpeBuilder::readMerges(JsonValue list, const std::string& file, const std::string& path) {
  if (!list.isArray()) return fail(ErrorCode::fileMalformed, "expected a list", file, path);
  m_merges.reserve(list.size());
  std::size_t index = 0;
  for (const auto& item : list.items()) {
    std::string_view left, right;
    if (item.value().isString()) {
      const std::string_view line = item.value().string();
      const std::size_t space = line.find(' ');
      if (space != std::string_view::npos && line.find(' ', space + 1) == std::string_view::npos) {
        left = line.substr(0, space);
        right = line.substr(space + 1);
      }
    } else if (item.value().isArray() && item.value().size() == 2) {
      auto part = item.value().items().begin();
      left = (*part).value().string();
      ++part;
      right = (*part).value().string();
    }
    NIBBLE_CHECK(addMerge(left, right, file, itemPath(path, index++)));
  }
  return true;
}

Result<bool> MergeBpeBuilder::readMergeLines(std::string_view text, const std::string& file) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    const std::size_t space = line.find(' ');
    const bool pair = space != std::string_view::npos && line.find(' ', space + 1) == std::string_view::npos;
    NIBBLE_CHECK(addMerge(pair ? line.substr(0, space) : "", pair ? line.substr(space + 1) : "", file, "line " + std::to_string(number)));
  }
  return true;
}

std::unique_ptr<PieceEncoder> MergeBpeBuilder::build(std::vector<bool> special, const MergeBpeSettings& settings) {
  auto table = std::make_shared<MergeTable>(m_merges.size());
  PieceBoundaries boundaries;
  for (std::size_t rank = 0; rank < m_merges.size(); ++rank) {
    const Pair& pair = m_merges[rank];
    table->add(pair.left, pair.right, {static_cast<std::uint32_t>(rank), pair.joined});
    if (!m_overBytes) boundaries.addPiece(m_vocabulary->piece(pair.joined));
  }
  auto encoder = std::make_unique<MergeBpeEncoder>(m_vocabulary, std::move(table), std::move(special), settings);
  boundaries.build();
  encoder->setBoundaries(std::move(boundaries));
  return encoder;
}

}  // namespace nibble

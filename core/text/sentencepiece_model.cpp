// ModelProto → SentencePieceModel, with every field checked.
#include "core/text/sentencepiece_model.h"

#include <cmath>

#include "core/base/text_file.h"
#include "core/text/protobuf_reader.h"

namespace nibble {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 20;
constexpr std::size_t kMaxSurfaceBytes = 64;

/// Reads the messages of one file into one model.
class ModelReader {
 public:
  ModelReader(SentencePieceModel& model, const std::string& file) : m_model(model), m_file(file) {}

  Result<bool> read(std::string_view bytes) {
    ProtobufReader reader(bytes, m_file, "ModelProto");
    ProtobufField field;
    while (true) {
      NIBBLE_TRY(const bool more, reader.next(field));
      if (!more) break;
      if (field.number > 3) continue;
      if (field.type != WireType::bytes) return malformed("not a message", "ModelProto field " + std::to_string(field.number));
      if (field.number == 1) NIBBLE_CHECK(readPiece(field.bytes));
      if (field.number == 2) NIBBLE_CHECK(readTrainer(field.bytes));
      if (field.number == 3) NIBBLE_CHECK(readNormalizer(field.bytes));
    }
    return finish();
  }

 private:
  tl::unexpected<Error> malformed(std::string what, std::string field) const {
    return fail(ErrorCode::fileMalformed, std::move(what), m_file, std::move(field));
  }

  Result<bool> readPiece(std::string_view bytes) {
    const std::int32_t id = m_model.vocabulary.size();
    const std::string name = "pieces[" + std::to_string(id) + "]";
    ProtobufReader reader(bytes, m_file, name);
    ProtobufField field;
    std::string_view text;
    float score = 0;
    auto kind = PieceKind::normal;
    while (true) {
      NIBBLE_TRY(const bool more, reader.next(field));
      if (!more) break;
      if (field.number == 1 && field.type == WireType::bytes) text = field.bytes;
      if (field.number == 2 && field.type == WireType::fixed32) score = field.asFloat();
      if (field.number != 3 || field.type != WireType::varint) continue;
      if (field.integer < 1 || field.integer > 6) return malformed("unknown kind of piece " + std::to_string(field.integer), name + ".type");
      kind = static_cast<PieceKind>(field.integer);
    }
    if (text.empty()) return malformed("a piece without text", name + ".piece");
    if (!std::isfinite(score)) return malformed("the score is not a number", name + ".score");
    switch (m_model.vocabulary.add(id, text)) {
      case Vocabulary::Added::ok: break;
      case Vocabulary::Added::tooMuchText: return fail(ErrorCode::fileUnsupported, "a piece of more than 2,048 bytes, or pieces of more than 8 MiB", m_file, name);
      default: return fail(ErrorCode::fileUnsupported, "more than 2,097,152 pieces", m_file, name);
    }
    m_model.scores.push_back(score);
    m_model.kinds.push_back(kind);
    return true;
  }

  Result<bool> readTrainer(std::string_view bytes) {
    ProtobufReader reader(bytes, m_file, "trainer_spec");
    ProtobufField field;
    while (true) {
      NIBBLE_TRY(const bool more, reader.next(field));
      if (!more) return true;
      const bool flag = field.integer != 0;
      if (field.type == WireType::varint && field.number == 3) m_type = field.integer;
      if (field.type == WireType::varint && field.number == 24) m_model.whitespaceAsSuffix = flag;
      if (field.type == WireType::varint && field.number == 35) m_model.byteFallback = flag;
      if (field.type == WireType::varint && field.number == 41) m_bos = static_cast<std::int32_t>(field.integer);
      if (field.type == WireType::varint && field.number == 42) m_eos = static_cast<std::int32_t>(field.integer);
      if (field.type != WireType::bytes) continue;
      if (field.number == 44 && field.bytes.size() <= kMaxSurfaceBytes) m_model.unknownSurface = field.bytes;
      if (field.number == 46) m_bosPiece = field.bytes;
      if (field.number == 47) m_eosPiece = field.bytes;
    }
  }

  Result<bool> readNormalizer(std::string_view bytes) {
    ProtobufReader reader(bytes, m_file, "normalizer_spec");
    ProtobufField field;
    while (true) {
      NIBBLE_TRY(const bool more, reader.next(field));
      if (!more) return true;
      const bool flag = field.integer != 0;
      if (field.number == 2 && field.type == WireType::bytes) m_model.charsmap = field.bytes;
      if (field.type != WireType::varint) continue;
      if (field.number == 3) m_model.addDummyPrefix = flag;
      if (field.number == 4) m_model.removeExtraWhitespaces = flag;
      if (field.number == 5) m_model.escapeWhitespaces = flag;
    }
  }

  Result<bool> finish() {
    if (m_type != 1 && m_type != 2) {
      const char* name = m_type == 3 ? "word" : m_type == 4 ? "char" : "unknown";
      return fail(ErrorCode::fileUnsupported, std::string("a model of the kind ") + name, m_file, "trainer_spec.model_type");
    }
    m_model.type = static_cast<SentencePieceModel::Type>(m_type);
    if (m_model.vocabulary.size() == 0) return malformed("no pieces", "pieces");
    m_model.vocabulary.buildIndex();
    NIBBLE_CHECK(checkPieces());
    // A piece that is one NUL (InternLM2 has one) is left alone where bytes are the way out, as sentencepiece does.
    const std::int32_t nul = m_model.vocabulary.find(std::string_view("\0", 1));
    if (nul >= 0 && m_model.byteFallback) m_model.kinds[nul] = PieceKind::unused;
    m_model.bosId = control(m_bos, m_bosPiece);
    m_model.eosId = control(m_eos, m_eosPiece);
    return true;
  }

  /// One unknown piece, no piece twice, and with byte fallback all 256 bytes.
  Result<bool> checkPieces() {
    std::vector<bool> bytes(256);
    for (std::int32_t id = 0; id < m_model.vocabulary.size(); ++id) {
      const std::string_view piece = m_model.vocabulary.piece(id);
      const std::string name = "pieces[" + std::to_string(id) + "]";
      if (m_model.vocabulary.find(piece) != id) return malformed("the same piece as another id", name + ".piece");
      if (m_model.kinds[id] == PieceKind::unknown) {
        if (m_model.unknownId >= 0) return malformed("a second unknown piece", name + ".type");
        m_model.unknownId = id;
      }
      if (m_model.kinds[id] != PieceKind::byte) continue;
      const int byte = byteOfPiece(piece);
      if (byte < 0) return malformed("a byte piece that is not <0x00> to <0xFF>", name + ".piece");
      bytes[byte] = true;
    }
    if (m_model.unknownId < 0) return malformed("no piece is the unknown one", "pieces");
    for (int byte = 0; byte < 256 && m_model.byteFallback; ++byte) {
      if (!bytes[byte]) return malformed("byte fallback without a piece for byte " + std::to_string(byte), "trainer_spec.byte_fallback");
    }
    return true;
  }

  /// The id of bos or eos: the trainer's number if it is a control piece, else the control piece of that name.
  std::int32_t control(std::int32_t id, std::string_view name) const {
    const auto isControl = [&](std::int32_t i) { return m_model.vocabulary.contains(i) && m_model.kinds[i] == PieceKind::control; };
    if (isControl(id)) return id;
    const std::int32_t named = m_model.vocabulary.find(name);
    return isControl(named) ? named : -1;
  }

  SentencePieceModel& m_model;
  const std::string& m_file;
  std::uint64_t m_type = 1;
  std::int32_t m_bos = 1;
  std::int32_t m_eos = 2;
  std::string m_bosPiece = "<s>";
  std::string m_eosPiece = "</s>";
};

}  // namespace

int byteOfPiece(std::string_view piece) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  if (piece.size() != 6 || piece.substr(0, 3) != "<0x" || piece[5] != '>') return -1;
  const int high = digit(piece[3]), low = digit(piece[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

Result<SentencePieceModel> SentencePieceModel::parse(std::string_view bytes, const std::string& file) {
  SentencePieceModel model;
  NIBBLE_CHECK(ModelReader(model, file).read(bytes));
  return model;
}

Result<SentencePieceModel> SentencePieceModel::open(const std::filesystem::path& path) {
  NIBBLE_TRY(const std::string bytes, readTextFile(path, kMaxFileBytes));
  return parse(bytes, path.string());
}

}  // namespace nibble

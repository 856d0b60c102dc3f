// Reads the protocol buffers wire format, field by field, from bytes that nobody vouches for. Called by sentencepiece_model.
// Source of the format: https://protobuf.dev/programming-guides/encoding/
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/result.h"

namespace nibble {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, groupStart = 3, groupEnd = 4, fixed32 = 5 };

/// One field of a message. `number` is never 0. Which of the values is set depends on `type`.
struct ProtobufField {
  std::uint32_t number = 0;
  WireType type = WireType::varint;
  std::uint64_t integer = 0;  ///< varint, fixed32 and fixed64
  std::string_view bytes;     ///< length-delimited; a view into the message

  float asFloat() const;  ///< fixed32 taken as IEEE single precision
};

/// Walks a message's fields in order. Groups (long deprecated) are stepped over, nested at most kMaxGroupDepth deep.
class ProtobufReader {
 public:
  static constexpr int kMaxGroupDepth = 64;

  /// `name` is the message in errors ("ModelProto.pieces[12]"), `file` the path; both views must outlive the reader.
  ProtobufReader(std::string_view message, std::string_view file, std::string name);

  /// The next field; false at the end of the message. Errors: fileMalformed with file and field.
  Result<bool> next(ProtobufField& field);

 private:
  Result<std::uint64_t> varint();
  Result<std::uint64_t> fixed(int bytes);
  Result<bool> readValue(ProtobufField& field);
  Result<bool> skipGroup(std::uint32_t number);
  Result<bool> readTag(ProtobufField& field);
  tl::unexpected<Error> malformed(const char* what) const;

  std::string_view m_message;
  std::size_t m_at = 0;
  std::string_view m_file;
  std::string m_name;
};

}  // namespace nibble

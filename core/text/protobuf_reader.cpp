// The wire format: tags, varints, fixed widths, lengths and groups, every one checked against the end of the message.
#include "core/text/protobuf_reader.h"

#include <bit>
#include <vector>

namespace nibble {

float ProtobufField::asFloat() const { return std::bit_cast<float>(static_cast<std::uint32_t>(integer)); }

ProtobufReader::ProtobufReader(std::string_view message, std::string_view file, std::string name)
    : m_message(message), m_file(file), m_name(std::move(name)) {}

tl::unexpected<Error> ProtobufReader::malformed(const char* what) const {
  return fail(ErrorCode::fileMalformed, std::string(what) + " at byte " + std::to_string(m_at) + " of the message", std::string(m_file), m_name);
}

Result<std::uint64_t> ProtobufReader::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (m_at == m_message.size()) return malformed("a number ends early");
    const auto byte = static_cast<std::uint8_t>(m_message[m_at++]);
    if (shift == 63 && byte > 1) return malformed("a number has more than 64 bits");
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return malformed("a number has more than 64 bits");
}

Result<std::uint64_t> ProtobufReader::fixed(int bytes) {
  if (m_message.size() - m_at < static_cast<std::size_t>(bytes)) return malformed("a fixed-width number ends early");
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(m_message[m_at + i])) << (8 * i);
  m_at += bytes;
  return value;
}

Result<bool> ProtobufReader::readTag(ProtobufField& field) {
  NIBBLE_TRY(const std::uint64_t tag, varint());
  const std::uint64_t number = tag >> 3;
  if (number == 0 || number > 0x1FFFFFFF) return malformed("a field number is out of range");
  if ((tag & 7) > 5) return malformed("an unknown wire type");
  field.number = static_cast<std::uint32_t>(number);
  field.type = static_cast<WireType>(tag & 7);
  return true;
}

Result<bool> ProtobufReader::readValue(ProtobufField& field) {
  if (field.type == WireType::bytes) {
    NIBBLE_TRY(const std::uint64_t length, varint());
    if (length > m_message.size() - m_at) return malformed("a length is past the end");
    field.bytes = m_message.substr(m_at, length);
    m_at += length;
    return true;
  }
  auto value = field.type == WireType::varint ? varint() : fixed(field.type == WireType::fixed32 ? 4 : 8);
  if (!value) return fail(std::move(value.error()));
  field.integer = *value;
  return true;
}

Result<bool> ProtobufReader::skipGroup(std::uint32_t number) {
  std::vector<std::uint32_t> open{number};
  while (!open.empty()) {
    if (m_at == m_message.size()) return malformed("a group is not closed");
    ProtobufField field;
    NIBBLE_CHECK(readTag(field));
    if (field.type == WireType::groupStart) {
      if (open.size() >= kMaxGroupDepth) return malformed("groups nested too deep");
      open.push_back(field.number);
    } else if (field.type == WireType::groupEnd) {
      if (open.back() != field.number) return malformed("a group is closed by another's end");
      open.pop_back();
    } else {
      NIBBLE_CHECK(readValue(field));
    }
  }
  return true;
}

Result<bool> ProtobufReader::next(ProtobufField& field) {
  while (m_at < m_message.size()) {
    field = {};
    NIBBLE_CHECK(readTag(field));
    if (field.type == WireType::groupEnd) return malformed("the end of a group that was not opened");
    if (field.type != WireType::groupStart) return readValue(field);
    NIBBLE_CHECK(skipGroup(field.number));
  }
  return false;
}

}  // namespace nibble

#include "core/model/safetensors_reader.h"

#include <fmt/format.h>

#include <cstring>

#include "core/base/checked.h"

namespace nibble {
namespace {

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::uint64_t kLengthBytes = 8;

float fromBits(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// IEEE binary16 to binary32, exact, subnormals included.
float floatFromHalf(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1F;
  const std::uint32_t mantissa = half & 0x3FFu;
  if (exponent == 0x1F) return fromBits(sign | 0x7F800000u | (mantissa << 13));
  if (exponent != 0) return fromBits(sign | ((exponent + 112) << 23) | (mantissa << 13));
  const float small = static_cast<float>(mantissa) * 0x1p-24f;
  return sign ? -small : small;
}

std::uint64_t littleEndian64(const std::byte* bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = (value << 8) | static_cast<std::uint64_t>(bytes[i]);
  return value;
}

}  // namespace

Result<std::shared_ptr<const SafetensorsFile>> SafetensorsFile::open(const std::filesystem::path& path) {
  std::shared_ptr<SafetensorsFile> opened(new SafetensorsFile);
  NIBBLE_TRY(opened->m_file, MappedFile::open(path));
  const MappedFile& file = *opened->m_file;
  const auto wrong = [&](std::string detail) {
    return fail(ErrorCode::fileMalformed, std::move(detail), file.path(), "header");
  };
  if (file.size() < kLengthBytes)
    return wrong(fmt::format("{} bytes are too few for the header's length", file.size()));
  const std::uint64_t headerBytes = littleEndian64(file.bytes().data());
  if (headerBytes > kMaxHeaderBytes)
    return wrong(fmt::format("a header of {} bytes is beyond the limit of {}", headerBytes, kMaxHeaderBytes));
  const Checked dataBytes = Checked(file.size()) - kLengthBytes - headerBytes;
  if (!dataBytes.valid())
    return wrong(fmt::format("the file of {} bytes ends inside its header of {}", file.size(), headerBytes));
  opened->m_dataStart = kLengthBytes + headerBytes;
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()) + kLengthBytes,
                              static_cast<std::size_t>(headerBytes));
  NIBBLE_TRY(opened->m_header, SafetensorsHeader::parse(text, dataBytes.value(), file.path()));
  NIBBLE_CHECK(file.intact());
  return opened;
}

TensorView SafetensorsFile::view(const SafetensorsHeader::Entry& entry) const {
  const auto data = m_file->bytes().subspan(m_dataStart + entry.begin, entry.end - entry.begin);
  return {m_header.nameOf(entry), entry.type, m_header.shapeOf(entry), data};
}

std::optional<TensorView> SafetensorsFile::find(std::string_view name) const {
  const auto* entry = m_header.find(name);
  return entry ? std::optional(view(*entry)) : std::nullopt;
}

Result<std::vector<float>> tensorAsFloats(const TensorView& tensor, const std::string& file) {
  if (tensor.type != TensorType::f32 && tensor.type != TensorType::f16 && tensor.type != TensorType::bf16) {
    return fail(ErrorCode::fileUnsupported,
                fmt::format("is {}, expected F32, F16 or BF16", tensorTypeName(tensor.type)), file,
                std::string(tensor.name));
  }
  const std::size_t width = tensor.type == TensorType::f32 ? 4 : 2;
  std::vector<float> values(tensor.data.size() / width);
  if (tensor.type == TensorType::f32) {
    if (!values.empty()) std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, tensor.data.data() + 2 * i, sizeof bits);
    values[i] = tensor.type == TensorType::f16 ? floatFromHalf(bits) : fromBits(static_cast<std::uint32_t>(bits) << 16);
  }
  return values;
}

}  // namespace nibble

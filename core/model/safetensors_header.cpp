#include "core/model/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "core/base/checked.h"
#include "core/base/json_events.h"

namespace nibble {
namespace {

constexpr std::size_t kMaxRank = 1024;  // far beyond any real tensor, and small enough for Entry::rank
constexpr std::size_t kMaxMetadata = 10'000;

std::string shown(std::string_view name) {
  return std::string(name.substr(0, 300));
}

}  // namespace

// Where the events stand: {"name": {"dtype": …, "shape": […], "data_offsets": […], else: skipped}, "__metadata__": {k:
// string}}.
class SafetensorsHeaderEvents : public JsonEvents {
 public:
  explicit SafetensorsHeaderEvents(SafetensorsHeader& header) : m_header(header) {}
  bool unsupported() const { return m_unsupported; }

  bool onNull() override {
    if (m_skipping > 0) return true;
    if (m_place == Place::name && m_isMetadata) return true;
    return unexpected();
  }
  bool onBoolean(bool) override { return m_skipping > 0 || skippedScalar() || unexpected(); }
  bool onReal(double) override { return m_skipping > 0 || skippedScalar() || unexpected(); }
  bool onInteger(std::int64_t value) override {
    if (m_skipping > 0 || skippedScalar()) return true;
    if (m_place == Place::shape) return addDimension(value);
    if (m_place == Place::offsets) return addOffset(value);
    return unexpected();
  }
  bool onString(std::string_view value) override {
    if (m_skipping > 0 || skippedScalar()) return true;
    if (m_place == Place::metadata) return addMetadata(value);
    if (m_place != Place::tensor || m_field != Field::type) return unexpected();
    const auto type = tensorTypeFromName(value);
    m_unsupported = !type;
    if (!type) return refuse("unknown dtype \"" + shown(value) + "\"");
    m_entry.type = *type;
    return true;
  }

  bool onKey(std::string_view key) override {
    if (m_skipping > 0) return true;
    if (m_place == Place::metadata) {
      m_metadataKey = key;
      return true;
    }
    return m_place == Place::tensor ? tensorKey(key) : nameKey(key);
  }

  bool onStartObject() override {
    if (m_skipping > 0 || skippedScalar()) return ++m_skipping > 0;
    if (m_place == Place::outside) return go(Place::name);
    if (m_place == Place::name) return go(m_isMetadata ? Place::metadata : Place::tensor);
    return unexpected();
  }
  bool onStartArray() override {
    if (m_skipping > 0 || skippedScalar()) return ++m_skipping > 0;
    if (m_place == Place::outside) return refuse("the header is not an object");
    if (m_place == Place::tensor && m_field == Field::shape) return go(Place::shape);
    if (m_place == Place::tensor && m_field == Field::offsets) return go(Place::offsets);
    return unexpected();
  }
  bool onEndArray() override {
    if (m_skipping > 0) return --m_skipping >= 0;
    if (m_place == Place::offsets && m_offsets != 2) return refuse("data_offsets needs two numbers");
    return go(Place::tensor);
  }
  bool onEndObject() override {
    if (m_skipping > 0) return --m_skipping >= 0;
    if (m_place == Place::tensor) return finishTensor();
    return go(m_place == Place::metadata ? Place::name : Place::outside);
  }

 private:
  enum class Place { outside, name, metadata, tensor, shape, offsets };
  enum Field : unsigned { none = 0, type = 1, shape = 2, offsets = 4 };

  bool go(Place place) {
    m_place = place;
    return true;
  }
  bool skippedScalar() const { return m_place == Place::tensor && m_field == Field::none; }
  bool unexpected() {
    return refuse(m_place == Place::outside ? "the header is not an object" : "not what belongs here");
  }

  bool nameKey(std::string_view key) {
    m_isMetadata = key == "__metadata__";
    if (m_isMetadata) {
      if (m_hadMetadata) return refuse("__metadata__ stands twice");
      m_hadMetadata = true;
      return true;
    }
    m_entry = {};
    m_seen = m_offsets = 0;
    m_entry.nameStart = static_cast<std::uint32_t>(m_header.m_names.size());
    m_entry.nameSize = static_cast<std::uint32_t>(key.size());
    m_entry.shapeStart = static_cast<std::uint32_t>(m_header.m_shapes.size());
    m_header.m_names += key;
    return true;
  }
  bool tensorKey(std::string_view key) {
    m_field = key == "dtype"          ? Field::type
              : key == "shape"        ? Field::shape
              : key == "data_offsets" ? Field::offsets
                                      : Field::none;
    if (m_seen & m_field) return refuse(std::string(key) + " stands twice");
    m_seen |= m_field;
    return true;
  }
  bool addDimension(std::int64_t value) {
    if (value < 0) return refuse("a negative dimension");
    if (++m_entry.rank > kMaxRank) return refuse("too many dimensions");
    m_header.m_shapes.push_back(value);
    return true;
  }
  bool addOffset(std::int64_t value) {
    if (value < 0) return refuse("a negative offset");
    if (m_offsets == 2) return refuse("data_offsets needs two numbers");
    (m_offsets == 0 ? m_entry.begin : m_entry.end) = static_cast<std::uint64_t>(value);
    ++m_offsets;
    return true;
  }
  bool addMetadata(std::string_view value) {
    if (m_header.m_metadata.size() == kMaxMetadata) return refuse("too many metadata entries");
    m_header.m_metadata.emplace_back(m_metadataKey, std::string(value));
    return true;
  }
  bool finishTensor() {
    constexpr unsigned kAll = Field::type | Field::shape | Field::offsets;
    if ((m_seen & kAll) != kAll) return refuse("dtype, shape or data_offsets is missing");
    m_header.m_entries.push_back(m_entry);
    return go(Place::name);
  }

  SafetensorsHeader& m_header;
  SafetensorsHeader::Entry m_entry;
  std::string m_metadataKey;
  Place m_place = Place::outside;
  Field m_field = Field::none;
  unsigned m_seen = 0;
  unsigned m_offsets = 0;
  int m_skipping = 0;  // depth inside a value of an unknown field
  bool m_isMetadata = false;
  bool m_hadMetadata = false;
  bool m_unsupported = false;
};

Result<SafetensorsHeader> SafetensorsHeader::parse(std::string_view text, std::uint64_t dataBytes,
                                                   const std::string& file) {
  SafetensorsHeader header;
  SafetensorsHeaderEvents events(header);
  auto parsed = parseJson(text, events, file);
  if (!parsed) {
    Error error = std::move(parsed.error());
    if (events.unsupported()) error.code = ErrorCode::fileUnsupported;
    if (error.field.empty()) error.field = "header";
    return fail(std::move(error));
  }
  NIBBLE_CHECK(header.checkSpans(dataBytes, file));
  NIBBLE_CHECK(header.checkTiling(dataBytes, file));
  NIBBLE_CHECK(header.indexNames(file));
  return header;
}

Result<void> SafetensorsHeader::checkSpans(std::uint64_t dataBytes, const std::string& file) const {
  for (const Entry& entry : m_entries) {
    const auto wrong = [&](std::string detail) {
      return fail(ErrorCode::fileMalformed, std::move(detail), file, shown(nameOf(entry)));
    };
    if (entry.end < entry.begin) return wrong(fmt::format("ends at {}, before its begin {}", entry.end, entry.begin));
    if (entry.end > dataBytes) return wrong(fmt::format("ends at {}, past the {} bytes of data", entry.end, dataBytes));
    Checked bits(tensorTypeBits(entry.type));
    for (const std::int64_t size : shapeOf(entry)) bits = bits * Checked::fromSigned(size);
    if (!bits.valid()) return wrong("the product of its shape does not fit 64 bits");
    if (bits.value() % 8 != 0 || bits.value() / 8 != entry.end - entry.begin) {
      return wrong(fmt::format("shape and dtype need {} bytes, data_offsets span {}", bits.value() / 8,
                               entry.end - entry.begin));
    }
  }
  return {};
}

Result<void> SafetensorsHeader::checkTiling(std::uint64_t dataBytes, const std::string& file) const {
  std::vector<std::uint32_t> order(m_entries.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
    return std::pair(m_entries[a].begin, m_entries[a].end) < std::pair(m_entries[b].begin, m_entries[b].end);
  });
  std::uint64_t covered = 0;
  for (const std::uint32_t index : order) {
    const Entry& entry = m_entries[index];
    if (entry.begin != covered) {
      return fail(ErrorCode::fileMalformed,
                  fmt::format("begins at {}, the one before it ends at {}", entry.begin, covered), file,
                  shown(nameOf(entry)));
    }
    covered = entry.end;
  }
  if (covered == dataBytes) return {};
  return fail(ErrorCode::fileMalformed, fmt::format("{} bytes after the last tensor", dataBytes - covered), file,
              "header");
}

Result<void> SafetensorsHeader::indexNames(const std::string& file) {
  m_byName.reserve(m_entries.size());
  for (std::uint32_t i = 0; i < m_entries.size(); ++i) {
    m_byName.push_back({std::hash<std::string_view>{}(nameOf(m_entries[i])), i});
  }
  std::sort(m_byName.begin(), m_byName.end(), [this](const NameKey& a, const NameKey& b) {
    return a.hash != b.hash ? a.hash < b.hash : nameOf(m_entries[a.index]) < nameOf(m_entries[b.index]);
  });
  const auto twice = std::adjacent_find(m_byName.begin(), m_byName.end(), [this](const NameKey& a, const NameKey& b) {
    return a.hash == b.hash && nameOf(m_entries[a.index]) == nameOf(m_entries[b.index]);
  });
  if (twice == m_byName.end()) return {};
  return fail(ErrorCode::fileMalformed, "the name stands twice", file, shown(nameOf(m_entries[twice->index])));
}

const SafetensorsHeader::Entry* SafetensorsHeader::find(std::string_view name) const {
  const std::uint64_t hash = std::hash<std::string_view>{}(name);
  auto at = std::lower_bound(m_byName.begin(), m_byName.end(), hash,
                             [](const NameKey& key, std::uint64_t h) { return key.hash < h; });
  for (; at != m_byName.end() && at->hash == hash; ++at) {
    if (nameOf(m_entries[at->index]) == name) return &m_entries[at->index];
  }
  return nullptr;
}

}  // namespace nibble

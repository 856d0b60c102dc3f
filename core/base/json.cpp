#include "core/base/json.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "core/base/json_events.h"
#include "core/base/text_file.h"

namespace nibble {
namespace {

struct Node {
  JsonKind kind = JsonKind::missing;
  std::uint32_t size = 0;  // bytes of a string, entries of a container
  union {
    std::int64_t integer;
    double real;
    std::uint64_t offset;  // of a string's bytes, or the index after a container's last node
  };
  Node() : integer(0) {}
};
static_assert(sizeof(Node) == 16);

constexpr std::uint32_t kChunkNodes = 1u << 14;
constexpr std::uint32_t kMaxNodes = 4u << 20;  // 64 MiB of nodes

}  // namespace

// All values in reading order; a member is its key (a string node) followed by its value. Chunks, so that growing never
// copies.
struct JsonTape {
  std::vector<std::unique_ptr<Node[]>> chunks;
  std::uint32_t count = 0;
  std::string text;

  Node& at(std::uint32_t index) { return chunks[index / kChunkNodes][index % kChunkNodes]; }
  const Node& at(std::uint32_t index) const { return chunks[index / kChunkNodes][index % kChunkNodes]; }
  std::string_view stringAt(std::uint32_t index) const {
    const Node& node = at(index);
    return std::string_view(text).substr(node.offset, node.size);
  }
  /// The index after the value at `index` and all in it.
  std::uint32_t after(std::uint32_t index) const {
    const Node& node = at(index);
    return node.kind >= JsonKind::array ? static_cast<std::uint32_t>(node.offset) : index + 1;
  }
};

namespace {

class TapeBuilder : public JsonEvents {
 public:
  explicit TapeBuilder(JsonTape& tape) : m_tape(tape) {}
  bool tooMany() const { return m_tooMany; }

  bool onNull() override { return add(JsonKind::null) != nullptr; }
  bool onBoolean(bool value) override { return onWhole(JsonKind::boolean, value ? 1 : 0); }
  bool onInteger(std::int64_t value) override { return onWhole(JsonKind::integer, value); }
  bool onReal(double value) override {
    Node* node = add(JsonKind::real);
    if (node) node->real = value;
    return node != nullptr;
  }
  bool onString(std::string_view value) override { return addString(value); }
  bool onKey(std::string_view key) override {
    ++m_tape.at(m_open.back()).size;
    m_inKey = true;
    const bool added = addString(key);
    m_inKey = false;
    return added;
  }
  bool onStartObject() override { return start(JsonKind::object); }
  bool onStartArray() override { return start(JsonKind::array); }
  bool onEndObject() override { return end() && uniqueKeys(); }
  bool onEndArray() override { return end(); }

 private:
  struct Key {
    std::size_t hash;
    std::uint32_t index;
  };

  Node* add(JsonKind kind) {
    if (m_tape.count == kMaxNodes) {
      m_tooMany = true;
      refuse("more than 4 million JSON values");
      return nullptr;
    }
    if (!m_open.empty() && !m_inKey && m_tape.at(m_open.back()).kind == JsonKind::array)
      ++m_tape.at(m_open.back()).size;
    if (m_tape.count % kChunkNodes == 0) m_tape.chunks.push_back(std::make_unique<Node[]>(kChunkNodes));
    Node& node = m_tape.at(m_tape.count++);
    node.kind = kind;
    return &node;
  }
  bool onWhole(JsonKind kind, std::int64_t value) {
    Node* node = add(kind);
    if (node) node->integer = value;
    return node != nullptr;
  }
  bool addString(std::string_view value) {
    Node* node = add(JsonKind::string);
    if (!node) return false;
    node->size = static_cast<std::uint32_t>(value.size());
    node->offset = m_tape.text.size();
    m_tape.text += value;
    return true;
  }
  bool start(JsonKind kind) {
    if (!add(kind)) return false;
    m_open.push_back(m_tape.count - 1);
    return true;
  }
  bool end() {
    m_closed = m_open.back();
    m_open.pop_back();
    m_tape.at(m_closed).offset = m_tape.count;
    return true;
  }
  bool uniqueKeys() {
    m_keys.clear();
    for (std::uint32_t i = m_closed + 1; i < m_tape.count; i = m_tape.after(i + 1)) {
      m_keys.push_back({std::hash<std::string_view>{}(m_tape.stringAt(i)), i});
    }
    std::sort(m_keys.begin(), m_keys.end(), [this](const Key& a, const Key& b) {
      return a.hash != b.hash ? a.hash < b.hash : m_tape.stringAt(a.index) < m_tape.stringAt(b.index);
    });
    const auto twice = std::adjacent_find(m_keys.begin(), m_keys.end(), [this](const Key& a, const Key& b) {
      return a.hash == b.hash && m_tape.stringAt(a.index) == m_tape.stringAt(b.index);
    });
    if (twice == m_keys.end()) return true;
    return refuse("the key " + jsonQuoted(m_tape.stringAt(twice->index).substr(0, 200)) + " stands twice");
  }

  JsonTape& m_tape;
  std::vector<std::uint32_t> m_open;  // containers not yet closed
  std::vector<Key> m_keys;
  std::uint32_t m_closed = 0;
  bool m_inKey = false;
  bool m_tooMany = false;
};

}  // namespace

JsonDocument::JsonDocument() : m_tape(std::make_unique<JsonTape>()) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

Result<JsonDocument> JsonDocument::parse(std::string_view text, const std::string& name) {
  JsonDocument document;
  document.m_tape->text.reserve(text.size());  // untouched pages cost nothing, and growing would copy
  TapeBuilder builder(*document.m_tape);
  auto parsed = parseJson(text, builder, name);
  if (!parsed) {
    if (builder.tooMany()) parsed.error().code = ErrorCode::fileUnsupported;
    return fail(std::move(parsed.error()));
  }
  return document;
}

Result<JsonDocument> JsonDocument::open(const std::filesystem::path& path, std::uint64_t maxBytes) {
  NIBBLE_TRY(const std::string text, readTextFile(path, maxBytes));
  std::string_view body(text);
  if (body.substr(0, 3) == "\xEF\xBB\xBF") body.remove_prefix(3);
  return parse(body, path.string());
}

JsonValue JsonDocument::root() const {
  return m_tape->count > 0 ? JsonValue(m_tape.get(), 0) : JsonValue();
}

JsonKind JsonValue::kind() const {
  return m_tape ? m_tape->at(m_index).kind : JsonKind::missing;
}
bool JsonValue::boolean() const {
  return isBoolean() && m_tape->at(m_index).integer != 0;
}
std::int64_t JsonValue::integer() const {
  return isInteger() ? m_tape->at(m_index).integer : 0;
}

double JsonValue::number() const {
  if (isInteger()) return static_cast<double>(integer());
  return kind() == JsonKind::real ? m_tape->at(m_index).real : 0.0;
}

std::string_view JsonValue::string() const {
  return isString() ? m_tape->stringAt(m_index) : std::string_view();
}

std::size_t JsonValue::size() const {
  return isArray() || isObject() ? m_tape->at(m_index).size : 0;
}

JsonValue JsonValue::operator[](std::string_view key) const {
  if (!isObject()) return {};
  for (const auto& member : members()) {
    if (member.key() == key) return member.value();
  }
  return {};
}

JsonValue::Range JsonValue::items() const {
  Range range;
  if (!isArray() && !isObject()) return range;
  range.first.m_tape = range.last.m_tape = m_tape;
  range.first.m_keyed = range.last.m_keyed = isObject();
  range.first.m_index = m_index + 1;
  range.last.m_index = m_tape->after(m_index);
  return range;
}

std::string_view JsonValue::Iterator::key() const {
  return m_keyed ? m_tape->stringAt(m_index) : std::string_view();
}
JsonValue JsonValue::Iterator::value() const {
  return JsonValue(m_tape, m_keyed ? m_index + 1 : m_index);
}
JsonValue::Iterator& JsonValue::Iterator::operator++() {
  m_index = m_tape->after(m_keyed ? m_index + 1 : m_index);
  return *this;
}

std::string_view JsonValue::kindName() const {
  static constexpr std::string_view kNames[] = {"nothing",  "null",     "true or false", "a whole number",
                                                "a number", "a string", "a list",        "an object"};
  return kNames[static_cast<int>(kind())];
}

std::string jsonQuoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text[0]);
    const int length = utf8CharacterLength(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20) {
      if (c == '\n')
        out += "\\n";
      else if (c == '\t')
        out += "\\t";
      else
        (out += "\\u00") += {kHex[c >> 4], kHex[c & 15]};
    } else if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(0, static_cast<std::size_t>(length));
    }
    text.remove_prefix(static_cast<std::size_t>(std::max(length, 1)));
  }
  return out += '"';
}

}  // namespace nibble

// A strict JSON reader that reports events: UTF-8 checked, depth capped, no exceptions, no recursion beyond the cap.
// Whoever wants values reads through json.h; readers of huge headers handle events and keep only what they need.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace nibble {

constexpr int kJsonMaxDepth = 128;

/// Receives the events of one document. Each returns true to go on; `return refuse("…")` stops with that detail.
/// The views live only during the call. Duplicate keys are the handler's to refuse (JsonDocument does).
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  virtual bool onNull() = 0;
  virtual bool onBoolean(bool value) = 0;
  virtual bool onInteger(std::int64_t value) = 0;  ///< written without fraction or exponent, and fits
  virtual bool onReal(double value) = 0;           ///< every other number; always finite
  virtual bool onString(std::string_view value) = 0;
  virtual bool onKey(std::string_view key) = 0;
  virtual bool onStartObject() = 0;
  virtual bool onEndObject() = 0;
  virtual bool onStartArray() = 0;
  virtual bool onEndArray() = 0;
  const std::string& problem() const { return m_problem; }

 protected:
  bool refuse(std::string problem) {
    m_problem = std::move(problem);
    return false;
  }

 private:
  std::string m_problem;
};

/// Parses the whole of `text` (whitespace around the value is allowed). `file` is used in errors.
/// Errors: fileMalformed; `field` is the path where it happened ("rope_scaling.factor", "model.merges[12]"),
/// `detail` ends with the byte offset.
Result<void> parseJson(std::string_view text, JsonEvents& events, const std::string& file);

/// Length in bytes (1–4) of the UTF-8 character at the start of `bytes`; 0 if it is not valid UTF-8 (or empty).
int utf8CharacterLength(std::string_view bytes);

}  // namespace nibble

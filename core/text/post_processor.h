// The "post_processor" object of a tokenizer.json: which ids stand before and after a text.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace nibble {

struct TextEnds {
  std::vector<std::int32_t> before, after;
};

/// `exists` tells whether an id is part of the tokenizer. Errors: fileMalformed, fileUnsupported with file and field.
Result<TextEnds> readPostProcessor(JsonValue value, const std::string& file, const std::function<bool(std::int64_t)>& exists);

}  // namespace nibble

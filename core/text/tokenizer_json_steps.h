// Turns the "normalizer" and "pre_tokenizer" objects of a tokenizer.json into steps. A kind that is not known is a named error.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/text/normalizer_steps.h"
#include "core/text/word_steps.h"

namespace nibble {

/// `path` is the field's place in `file` ("normalizer"). Null or missing: no steps.
Result<std::vector<std::unique_ptr<NormalizerStep>>> readNormalizer(JsonValue value, const std::string& file, const std::string& path);

struct PreTokenizerSteps {
  std::vector<std::unique_ptr<WordStep>> steps;
  bool overBytes = false;  ///< a ByteLevel step is among them
};
Result<PreTokenizerSteps> readPreTokenizer(JsonValue value, const std::string& file, const std::string& path);

}  // namespace nibble

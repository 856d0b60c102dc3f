// Reads the rotary part of config.json, in both generations, for model_config.cpp.
#pragma once
#include <string>
#include <vector>

#include "core/base/json_fields.h"
#include "core/base/result.h"
#include "core/model/model_config.h"

namespace nibble {

/// transformers 5 writes `rope_parameters` {rope_theta, rope_type, …}; earlier ones wrote `rope_theta` beside
/// `rope_scaling` (kind under `rope_type` or `type`). Oddities go to `warnings`. Errors: fileMalformed, fileUnsupported
/// (unknown kind, partial rotary), with file and field.
Result<RopeConfig> readRopeConfig(const JsonFields& root, std::int64_t maxPositions,
                                  std::vector<std::string>& warnings);

}  // namespace nibble

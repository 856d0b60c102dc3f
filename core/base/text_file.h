// Reads a small file whole: only regular files, never more than a limit.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/result.h"

namespace nibble {

/// Errors: fileMissing (not there, not readable), fileUnsupported (a pipe, device or folder; larger than `maxBytes`).
Result<std::string> readTextFile(const std::filesystem::path& path, std::uint64_t maxBytes = std::uint64_t{64} << 20);

}  // namespace nibble

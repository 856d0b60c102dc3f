// Reads stdin a line at a time for the verbs that take one JSON value a line.
#pragma once
#include <functional>
#include <stop_token>
#include <string>

#include "core/base/json.h"
#include "core/base/result.h"

namespace nibble {

/// Calls `handle` with every line that is not empty and its number, until the end, an error or a stop (cancelled).
Result<void> forEachInputLine(const std::function<Result<void>(const std::string& line, std::int64_t number)>& handle, std::stop_token stop);

/// The line as JSON. Errors: fileMalformed naming standard input and the line.
Result<JsonDocument> parseInputLine(const std::string& line, std::int64_t number);
/// An Error about a line of stdin.
tl::unexpected<Error> wrongInputLine(std::int64_t number, std::string detail);

}  // namespace nibble

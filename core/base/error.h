// What can go wrong with the world, as a value. app/error_text words it for people; core only states facts.
#pragma once
#include <cstdint>
#include <string>

namespace nibble {

enum class ErrorCode {
  wrongUsage,       ///< an argument or request that makes no sense (exit 2)
  fileMissing,      ///< not there or not readable (exit 3)
  fileMalformed,    ///< breaks its own format (exit 3)
  fileUnsupported,  ///< well formed, but a kind the program does not know (exit 3)
  outOfMemory,      ///< `needed` bytes against `available` (exit 4)
  deviceMissing,    ///< the device asked for is not there or cannot be used (exit 5)
  deviceLost,       ///< a sticky device failure: this process cannot use the device again (exit 1)
  cancelled,        ///< stopped by the user (exit 130)
  notANumber,       ///< the model produced NaN or Inf; `field` names the layer (exit 1)
  contextFull,      ///< the conversation does not fit the planned context (exit 1)
  failed,           ///< anything else the system refused (exit 1)
};

struct Error {
  ErrorCode code = ErrorCode::failed;
  std::string detail;           ///< one technical clause in English, lower case, no full stop: "offset 12 is past the end"
  std::string file;             ///< path concerned, or empty
  std::string field;            ///< field, tensor, argument or layer concerned, or empty
  std::uint64_t needed = 0;     ///< bytes (outOfMemory)
  std::uint64_t available = 0;  ///< bytes (outOfMemory)
};

}  // namespace nibble

#include "tests/support/test_data.h"

#include <cstdlib>

namespace nibble::test {

std::filesystem::path goldenData(const std::string& name) {
  return std::filesystem::path(NIBBLE_SOURCE_DIR) / "tests/golden" / name;
}

std::filesystem::path sharedData(const std::string& name) {
  if (const char* folder = std::getenv("NIBBLE_DATA")) return std::filesystem::path(folder) / name;
  return std::filesystem::path(NIBBLE_SOURCE_DIR) / "../shared/data" / name;
}

std::filesystem::path sampleModel() { return std::filesystem::path(NIBBLE_SOURCE_DIR) / "resources/sample-model"; }

}  // namespace nibble::test

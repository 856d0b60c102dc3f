// Reads expected rows with the JSON library itself, so that the tests do not lean on our own reader.
#include "tests/support/token_rows.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace nibble::test {

EncodeOptions encodeOptions(const std::string& flags) {
  EncodeOptions options;
  const bool both = flags.find("--no-special") != std::string::npos;
  options.addSpecial = !both && flags.find("--no-bos") == std::string::npos;
  options.parseSpecial = !both && flags.find("--plain") == std::string::npos;
  return options;
}

std::vector<TokenRow> readTokenRows(const std::filesystem::path& file) {
  std::vector<TokenRow> rows;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_discarded()) return {};
    TokenRow row;
    row.text = json.value("text", "");
    row.ids = json.value("ids", std::vector<std::int32_t>());
    row.pieces = json.value("pieces", std::vector<std::string>());
    row.checkDecoded = !json.contains("decoded") || json["decoded"].is_string();
    row.decoded = row.checkDecoded ? json.value("decoded", row.text) : std::string();
    row.flags = json.value("flags", "--no-special");
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace nibble::test

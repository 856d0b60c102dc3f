// Reads expected rows with the JSON library itself, so that the tests do not lean on our own reader.
#include "tests/support/token_rows.h"

#include <fstream>
#include <nlohmann/json.hpp>

namespace nibble::test {

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
    row.decoded = json.value("decoded", row.text);
    row.flags = json.value("flags", "--no-special");
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace nibble::test

// How much a CUDA context takes: a measured size per card and driver, one line a pair in the user's cache folder.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/engine/cuda/cuda_devices.h"

namespace nibble {

namespace {
constexpr std::uint64_t kTypicalBytes = 596ull << 20;  // one H100, driver 580, 2026-11-23; smaller cards take less
constexpr std::uint64_t kLeastBytes = 32ull << 20, kMostBytes = 4ull << 30;

std::filesystem::path cacheFile() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache && *cache == '/') return std::filesystem::path(cache) / "nibble/cuda-context-sizes";
  return home && *home == '/' ? std::filesystem::path(home) / ".cache/nibble/cuda-context-sizes"
                              : std::filesystem::path();
}

/// A line is BYTES TAB DRIVER TAB CARD.
std::string keyOf(const std::string& card, const std::string& driver) {
  return driver + "\t" + card;
}

std::uint64_t parse(const std::string& line, const std::string& key) {
  const std::size_t tab = line.find('\t');
  if (tab == std::string::npos || line.substr(tab + 1) != key) return 0;
  const std::uint64_t bytes = std::strtoull(line.c_str(), nullptr, 10);
  return bytes >= kLeastBytes && bytes <= kMostBytes ? bytes : 0;
}
}  // namespace

std::uint64_t cudaContextBytes(const std::string& cardName, const std::string& driver) {
  std::ifstream file(cacheFile());
  const std::string key = keyOf(cardName, driver);
  std::string line;
  while (std::getline(file, line))
    if (const std::uint64_t bytes = parse(line, key)) return bytes;
  return kTypicalBytes;
}

DeviceInfo assumedCard(const std::string& id) {
  DeviceInfo card;
  card.id = id;
  card.name = "a card that is not here";
  card.capability = "8.0";
  card.contextBytes = kTypicalBytes;
  return card;
}

void rememberCudaContextBytes(const std::string& cardName, const std::string& driver, std::uint64_t bytes) {
  const std::filesystem::path path = cacheFile();
  if (path.empty() || bytes < kLeastBytes || bytes > kMostBytes) return;
  const std::string key = keyOf(cardName, driver);
  std::ostringstream kept;
  kept << bytes << '\t' << key << '\n';
  std::ifstream old(path);
  std::string line;
  while (std::getline(old, line))
    if (!line.ends_with(key)) kept << line << '\n';
  old.close();
  std::error_code status;
  std::filesystem::create_directories(path.parent_path(), status);
  const std::filesystem::path fresh = path.string() + ".new";
  if (std::ofstream file(fresh); file << kept.str() << std::flush) std::filesystem::rename(fresh, path, status);
}

}  // namespace nibble

#include "core/base/logging.h"

#include <spdlog/spdlog.h>

#include <mutex>

namespace nibble {

std::shared_ptr<spdlog::logger> logger(const std::string& area) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (auto existing = spdlog::get(area)) return existing;
  auto made = std::make_shared<spdlog::logger>(area);
  spdlog::register_logger(made);
  return made;
}

}  // namespace nibble

#include "core/base/logging.h"

#include <spdlog/sinks/dist_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>

namespace nibble {

namespace {

struct Shared {
  std::mutex mutex;
  std::shared_ptr<spdlog::sinks::dist_sink_mt> sinks = std::make_shared<spdlog::sinks::dist_sink_mt>();
  spdlog::level::level_enum level = spdlog::level::warn;
};

Shared& shared() {
  static Shared instance;
  return instance;
}

}  // namespace

std::shared_ptr<spdlog::logger> logger(const std::string& area) {
  const std::lock_guard lock(shared().mutex);
  if (auto existing = spdlog::get(area)) return existing;
  auto made = std::make_shared<spdlog::logger>(area, shared().sinks);
  made->set_level(shared().level);
  spdlog::register_logger(made);
  return made;
}

void addLogSink(const spdlog::sink_ptr& sink) { shared().sinks->add_sink(sink); }

void removeLogSink(const spdlog::sink_ptr& sink) { shared().sinks->remove_sink(sink); }

void setLogLevel(spdlog::level::level_enum level) {
  const std::lock_guard lock(shared().mutex);
  shared().level = level;
  spdlog::apply_all([level](const std::shared_ptr<spdlog::logger>& each) { each->set_level(level); });
}

}  // namespace nibble

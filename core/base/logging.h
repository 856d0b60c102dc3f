// Named loggers per area: "model", "engine", "gpu", "app", "ui". Sinks are made in app only; without one, nothing is printed.
#pragma once
#include <spdlog/logger.h>

#include <memory>
#include <string>

namespace nibble {

/// The area's logger, made on first use with no sink. Never null.
std::shared_ptr<spdlog::logger> logger(const std::string& area);

}  // namespace nibble

// Named loggers per area: "model", "engine", "gpu", "app", "ui". Sinks are added by app only; without one, nothing is printed.
#pragma once
#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>

#include <memory>
#include <string>

namespace nibble {

/// The area's logger, made on first use. Never null.
std::shared_ptr<spdlog::logger> logger(const std::string& area);

/// Every logger, also those made later, writes to `sink` from now on.
void addLogSink(const spdlog::sink_ptr& sink);
void removeLogSink(const spdlog::sink_ptr& sink);

/// Of every logger, also those made later. "warn" at the start.
void setLogLevel(spdlog::level::level_enum level);

}  // namespace nibble

#include "app/log_sinks.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <QDir>

#include "core/base/logging.h"

namespace nibble {

bool setLogLevelByName(const QString& name) {
  const std::string wanted = name.toStdString();
  for (int level = spdlog::level::trace; level <= spdlog::level::off; ++level) {
    const auto each = static_cast<spdlog::level::level_enum>(level);
    const auto text = spdlog::level::to_string_view(each);
    const bool named = std::string_view(text.data(), text.size()) == wanted;
    if (!named && !(wanted == "warn" && each == spdlog::level::warn)) continue;
    setLogLevel(each);
    return true;
  }
  return false;
}

void logToStandardError() { addLogSink(std::make_shared<spdlog::sinks::stderr_sink_mt>()); }

bool logToFile(const QString& folder) {
  try {
    QDir().mkpath(folder);
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(QDir(folder).filePath(QStringLiteral("nibble.log")).toStdString(), 1 << 20, 2);
    addLogSink(sink);
    return true;
  } catch (const spdlog::spdlog_ex&) {
    return false;  // the window works without a log file
  }
}

}  // namespace nibble

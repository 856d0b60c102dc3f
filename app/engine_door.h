// Where the application gets an engine, a plan and the list of devices from: the real ones, or a test's scripted ones.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "app/engine_types.h"

namespace nibble {

struct EngineDoor {
  std::function<std::unique_ptr<Engine>()> makeEngine;
  std::function<Result<MemoryPlan>(const LoadRequest&)> plan;          ///< called from the planner's thread
  std::function<std::vector<DeviceInfo>()> devices;                    ///< called from the planner's thread
  std::function<std::optional<std::filesystem::path>()> sampleModel;

  /// This process's own engine.
  static EngineDoor real();
};

}  // namespace nibble

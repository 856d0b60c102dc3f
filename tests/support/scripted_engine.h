// An engine that does what a test tells it: delays, floods of tokens, split UTF-8, errors, a model too large, an exception.
// Behind the same door as the real one, so that the window cannot tell the difference.
#pragma once
#include <atomic>
#include <chrono>
#include <mutex>

#include "app/engine_door.h"

namespace nibble::test {

/// Shared by the test and every engine made through its door; change it between runs.
struct EngineScript {
  std::chrono::milliseconds loadTime{0};
  int loadSteps = 20;
  std::optional<Error> loadError;                ///< load fails with it, half way
  std::vector<std::string> tokens = {"Hello", " from", " the", " script", "."};  ///< the answer; may split characters
  int repeat = 1;                                ///< the answer's tokens are said so often
  double tokensPerSecond = 0;                    ///< 0: as fast as possible
  std::chrono::milliseconds prefillTime{0};
  std::optional<Error> generateError;            ///< after `errorAfter` tokens
  int errorAfter = 0;
  bool throwInstead = false;                     ///< an exception escapes, as a bug in the engine would let it
  std::uint64_t freeBytes = 8ull << 30;
  std::uint64_t weightBytesAt16Bit = 4ull << 30; ///< what the plan is scaled from
  bool headIsShared = false;                     ///< the embedding is the head too and stays with it
  std::vector<DeviceInfo> extraDevices;
  std::optional<std::filesystem::path> sample;   ///< the bundled model, if any

  // What happened, for assertions.
  std::mutex mutex;
  std::vector<LoadRequest> loads;
  std::vector<GenerateRequest> requests;
  std::atomic<int> unloads{0};
};

/// A door whose engines follow `script`, which must outlive them.
EngineDoor scriptedDoor(EngineScript& script);

}  // namespace nibble::test

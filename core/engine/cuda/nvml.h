// NVIDIA's management library, opened at run time (libnvidia-ml.so.1). Only the few functions that are used are
// declared here, after NVIDIA's public NVML API reference. Reading through it never creates a CUDA context. Every call
// may be made from any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nibble {

struct NvmlMemory {
  std::uint64_t totalBytes = 0, freeBytes = 0;
};

struct NvmlProcess {
  unsigned pid = 0;
  std::string name;         ///< path of the program, or empty where the system does not tell
  std::uint64_t bytes = 0;  ///< 0 where the driver does not tell
};

/// What NVML says of one card that does not change.
struct NvmlCard {
  std::string name;   ///< "NVIDIA H100 80GB HBM3"
  std::string uuid;   ///< "GPU-…"
  std::string busId;  ///< "00000000:17:00.0"
  int major = 0, minor = 0;
  int cores = 0;             ///< CUDA cores, 0 if the driver does not tell
  double bandwidthGBps = 0;  ///< memory clock × 2 × bus width, 0 if the driver does not tell
};

class Nvml {
 public:
  /// The library of this process, opened on first use; null if there is no driver. `why()` then says what is missing.
  static const Nvml* get();
  static const std::string& why();

  int cardCount() const;
  std::optional<NvmlCard> card(int index) const;
  std::optional<NvmlMemory> memory(int index) const;
  std::vector<NvmlProcess> processes(
      int index) const;               ///< computing and drawing ones, each once, this process included
  std::string driverVersion() const;  ///< "580.159.04"
  int cudaDriverVersion() const;      ///< 13000 for CUDA 13.0, 0 if unknown

 private:
  struct Functions;
  struct Opened;
  static const Opened& opened();
  const Functions* m_functions = nullptr;
};

}  // namespace nibble

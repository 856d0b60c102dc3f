// The machines a model can run on: the CPU and every CUDA card, as values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace nibble {

struct DeviceInfo {
  std::string id;    ///< "cpu", "cuda:0"
  std::string name;  ///< "AMD EPYC 9354", "NVIDIA H100 80GB HBM3"
  bool usable = true;
  std::string why;  ///< why it cannot be used, and what would help; empty where usable
  std::uint64_t totalBytes = 0;
  std::uint64_t freeBytes = 0;
  double bandwidthGBps = 0;  ///< nominal (card) or 0 if unknown
  int computeUnits = 0;      ///< SMs or hardware threads
  std::string capability;    ///< "9.0", or the CPU's instruction sets: "AVX2 AVX-512 VNNI"
  std::string driver;        ///< "580.159.04", empty for the CPU
  std::uint64_t contextBytes =
      0;  ///< what a CUDA context takes on this card (measured once and remembered), 0 for the CPU
};

/// The CPU first, then every card NVML or the CUDA module sees; cards that cannot be used are listed with the reason.
/// Creates no CUDA context. If no card is there, the reason (no driver, no module …) is the second entry, not usable,
/// id "cuda".
std::vector<DeviceInfo> listDevices();

/// "cpu", "cuda", "cuda:N" or "auto" (the usable card with most free memory, else the CPU).
/// Errors: deviceMissing with the reason.
Result<DeviceInfo> findDevice(const std::string& id);

}  // namespace nibble

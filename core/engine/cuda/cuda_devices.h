// The NVIDIA cards of this machine as values, read through NVML: no CUDA context is ever created for it, so a listing
// takes no VRAM.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/engine/device.h"

namespace nibble {

/// Every card, "cuda:0" … in NVML's (PCI) order; a card that cannot be used says why. No driver: one entry, id "cuda",
/// not usable.
std::vector<DeviceInfo> listCudaDevices();

/// Free bytes of "cuda:N" now, as the driver says; nothing if there is no such card.
std::optional<std::uint64_t> cudaFreeBytes(const std::string& deviceId);

struct CudaProcess {
  std::string name;         ///< file name of the program; "another program" where the system does not tell
  std::uint64_t bytes = 0;  ///< 0: the driver does not tell
};

/// Who else holds memory of "cuda:N". This process is left out.
std::vector<CudaProcess> otherCudaProcesses(const std::string& deviceId);

/// "00000000:17:00.0" of "cuda:N", by which the CUDA module finds the card whatever CUDA_DEVICE_ORDER says. Empty: no
/// such card.
std::string cudaBusId(const std::string& deviceId);

/// What a CUDA context (with cuBLAS and the module's kernels) takes on a card: as measured here before with this
/// driver, else a typical size.
std::uint64_t cudaContextBytes(const std::string& cardName, const std::string& driver);

/// A card that is not here, to plan for: compute capability 8.0, a typical context, no memory of its own.
DeviceInfo assumedCard(const std::string& id);

/// Remembers a measured context size in $XDG_CACHE_HOME/nibble (or ~/.cache/nibble). A failure to write is not an
/// error.
void rememberCudaContextBytes(const std::string& cardName, const std::string& driver, std::uint64_t bytes);

}  // namespace nibble

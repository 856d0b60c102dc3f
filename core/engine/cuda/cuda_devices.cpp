#include "core/engine/cuda/cuda_devices.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "core/engine/cuda/cuda_module.h"
#include "core/engine/cuda/nvml.h"

namespace nibble {

namespace {
constexpr int kOldestCapability = 75;     // Turing: the oldest that CUDA 13 compiles for
constexpr int kOldestCudaDriver = 13000;  // the module is built with CUDA 13

std::optional<int> cardIndex(const std::string& deviceId) {
  constexpr std::string_view kPrefix = "cuda:";
  if (deviceId == "cuda") return 0;
  if (!deviceId.starts_with(kPrefix)) return std::nullopt;
  int index = -1;
  const char* begin = deviceId.data() + kPrefix.size();
  const char* end = deviceId.data() + deviceId.size();
  const auto [rest, status] = std::from_chars(begin, end, index);
  if (status != std::errc() || rest != end || index < 0) return std::nullopt;
  return index;
}

int multiprocessors(const NvmlCard& card) {  // CUDA cores a multiprocessor, from NVIDIA's programming guide
  const bool half = card.major == 7 || (card.major == 8 && card.minor == 0);
  return card.cores / (half ? 64 : 128);
}

std::string versionText(int cudaVersion) {
  return std::to_string(cudaVersion / 1000) + "." + std::to_string(cudaVersion % 1000 / 10);
}

bool hiddenByEnvironment(int index, const NvmlCard& card) {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (!visible) return false;
  std::string_view rest = visible;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    if (item == std::to_string(index) || (item.size() > 4 && card.uuid.starts_with(item))) return false;
    if (item.starts_with("MIG-")) return false;
  }
  return true;
}

std::string whyNotUsable(int index, const NvmlCard& card, const Nvml& nvml) {
  const int capability = card.major * 10 + card.minor;
  if (capability < kOldestCapability)
    return "compute capability " + std::to_string(card.major) + "." + std::to_string(card.minor) +
           "; 7.5 (Turing) or later is needed";
  if (const int version = nvml.cudaDriverVersion(); version > 0 && version < kOldestCudaDriver)
    return "driver " + nvml.driverVersion() + " knows CUDA " + versionText(version) +
           "; CUDA 13 is needed (driver 580 or later)";
  if (hiddenByEnvironment(index, card)) return "hidden by CUDA_VISIBLE_DEVICES";
  return cudaModuleProblem();
}

DeviceInfo describe(int index, const NvmlCard& card, const Nvml& nvml) {
  DeviceInfo info;
  info.id = "cuda:" + std::to_string(index);
  info.name = card.name;
  info.why = whyNotUsable(index, card, nvml);
  info.usable = info.why.empty();
  if (const auto memory = nvml.memory(index)) {
    info.totalBytes = memory->totalBytes;
    info.freeBytes = memory->freeBytes;
  }
  info.bandwidthGBps = card.bandwidthGBps;
  info.computeUnits = multiprocessors(card);
  info.capability = std::to_string(card.major) + "." + std::to_string(card.minor);
  info.driver = nvml.driverVersion();
  info.contextBytes = cudaContextBytes(info.name, info.driver);
  return info;
}

DeviceInfo nothing(std::string why) {
  DeviceInfo info;
  info.id = "cuda";
  info.name = "NVIDIA card";
  info.usable = false;
  info.why = std::move(why);
  return info;
}
}  // namespace

std::vector<DeviceInfo> listCudaDevices() {
  const Nvml* nvml = Nvml::get();
  if (!nvml) return {nothing(Nvml::why())};
  std::vector<DeviceInfo> devices;
  for (int index = 0; index < nvml->cardCount(); ++index)
    if (const auto card = nvml->card(index)) devices.push_back(describe(index, *card, *nvml));
  if (devices.empty()) devices.push_back(nothing("the NVIDIA driver sees no card"));
  return devices;
}

std::optional<std::uint64_t> cudaFreeBytes(const std::string& deviceId) {
  const Nvml* nvml = Nvml::get();
  const auto index = cardIndex(deviceId);
  if (!nvml || !index) return std::nullopt;
  const auto memory = nvml->memory(*index);
  return memory ? std::optional(memory->freeBytes) : std::nullopt;
}

std::vector<CudaProcess> otherCudaProcesses(const std::string& deviceId) {
  const Nvml* nvml = Nvml::get();
  const auto index = cardIndex(deviceId);
  std::vector<CudaProcess> others;
  if (!nvml || !index) return others;
  for (const NvmlProcess& process : nvml->processes(*index)) {
    if (process.pid == static_cast<unsigned>(getpid())) continue;
    const std::string name = process.name.substr(process.name.find_last_of('/') + 1);
    others.push_back({name.empty() ? "another program" : name, process.bytes});
  }
  return others;
}

std::string cudaBusId(const std::string& deviceId) {
  const Nvml* nvml = Nvml::get();
  const auto index = cardIndex(deviceId);
  if (!nvml || !index) return {};
  const auto card = nvml->card(*index);
  return card ? card->busId : std::string();
}

}  // namespace nibble

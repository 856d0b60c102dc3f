#include "core/engine/device.h"

#include "core/engine/cpu/cpu_device.h"
#include "core/engine/cuda/cuda_devices.h"

namespace nibble {
namespace {

/// The usable card with most free memory, or null.
const DeviceInfo* roomiestCard(const std::vector<DeviceInfo>& devices) {
  const DeviceInfo* best = nullptr;
  for (const DeviceInfo& device : devices) {
    if (device.id == "cpu" || !device.usable) continue;
    if (best == nullptr || device.freeBytes > best->freeBytes) best = &device;
  }
  return best;
}

std::string whyNoCard(const std::vector<DeviceInfo>& devices) {
  std::string why;
  for (const DeviceInfo& device : devices) {
    if (device.id == "cpu" || device.why.empty()) continue;
    if (!why.empty()) why += "; ";
    why += device.why;
  }
  return why.empty() ? "no NVIDIA card was found" : why;
}

}  // namespace

std::vector<DeviceInfo> listDevices() {
  std::vector<DeviceInfo> devices{cpuDevice()};
  for (DeviceInfo& card : listCudaDevices()) devices.push_back(std::move(card));
  return devices;
}

Result<DeviceInfo> findDevice(const std::string& id) {
  if (id == "cpu") return cpuDevice();
  const std::vector<DeviceInfo> devices = listDevices();
  if (id == "auto" || id.empty()) {
    const DeviceInfo* card = roomiestCard(devices);
    return card ? *card : devices.front();
  }
  if (id == "cuda") {
    if (const DeviceInfo* card = roomiestCard(devices)) return *card;
    return fail(ErrorCode::deviceMissing, whyNoCard(devices), {}, id);
  }
  for (const DeviceInfo& device : devices) {
    if (device.id != id) continue;
    if (device.usable) return device;
    return fail(ErrorCode::deviceMissing, device.why, {}, id);
  }
  if (id.rfind("cuda:", 0) != 0)
    return fail(ErrorCode::wrongUsage, "a device is \"cpu\", \"cuda\", \"cuda:N\" or \"auto\"", {}, "device");
  return fail(ErrorCode::deviceMissing, roomiestCard(devices) ? "there is no such card" : whyNoCard(devices), {}, id);
}

}  // namespace nibble

#include "core/engine/cuda/nvml.h"

#include <dlfcn.h>

#include <algorithm>

namespace nibble {

namespace {
using Handle = void*;
constexpr int kSuccess = 0;
constexpr int kClockMemory = 2;
constexpr unsigned kMostProcesses = 256;

struct RawMemory {
  unsigned long long total, free, used;
};
struct RawProcess {
  unsigned pid;
  unsigned long long bytes;
  unsigned gpuInstance, computeInstance;
};
struct RawPci {  // nvmlPciInfo_t of nvmlDeviceGetPciInfo_v3
  char legacyBusId[16];
  unsigned domain, bus, device, pciDeviceId, pciSubSystemId;
  char busId[32];
};
constexpr unsigned long long kBytesUnknown = ~0ull;
}  // namespace

struct Nvml::Functions {
  int (*init)();
  int (*driver)(char*, unsigned);
  int (*cudaDriver)(int*);
  int (*count)(unsigned*);
  int (*handle)(unsigned, Handle*);
  int (*name)(Handle, char*, unsigned);
  int (*uuid)(Handle, char*, unsigned);
  int (*pci)(Handle, RawPci*);
  int (*capability)(Handle, int*, int*);
  int (*memory)(Handle, RawMemory*);
  int (*cores)(Handle, unsigned*);                   // may be missing
  int (*busWidth)(Handle, unsigned*);                // may be missing
  int (*maxClock)(Handle, int, unsigned*);           // may be missing
  int (*computing)(Handle, unsigned*, RawProcess*);  // may be missing
  int (*drawing)(Handle, unsigned*, RawProcess*);    // may be missing
  int (*processName)(unsigned, char*, unsigned);     // may be missing

  bool load(void* library) {
    const auto find = [library](auto& function, const char* symbol) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, symbol));
      return function != nullptr;
    };
    find(cores, "nvmlDeviceGetNumGpuCores");
    find(busWidth, "nvmlDeviceGetMemoryBusWidth");
    find(maxClock, "nvmlDeviceGetMaxClockInfo");
    find(computing, "nvmlDeviceGetComputeRunningProcesses_v3");
    find(drawing, "nvmlDeviceGetGraphicsRunningProcesses_v3");
    find(processName, "nvmlSystemGetProcessName");
    return find(init, "nvmlInit_v2") && find(driver, "nvmlSystemGetDriverVersion") &&
           find(cudaDriver, "nvmlSystemGetCudaDriverVersion") && find(count, "nvmlDeviceGetCount_v2") &&
           find(handle, "nvmlDeviceGetHandleByIndex_v2") && find(name, "nvmlDeviceGetName") &&
           find(uuid, "nvmlDeviceGetUUID") && find(pci, "nvmlDeviceGetPciInfo_v3") &&
           find(capability, "nvmlDeviceGetCudaComputeCapability") && find(memory, "nvmlDeviceGetMemoryInfo");
  }
};

struct Nvml::Opened {
  Functions functions{};
  Nvml nvml;
  bool good = false;
  std::string why;

  Opened() {
    void* library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);  // stays open: NVML is not made to be unloaded
    if (!library) {
      why = "no NVIDIA driver: libnvidia-ml.so.1 is missing";
      return;
    }
    if (!functions.load(library)) {
      why = "the NVIDIA driver is too old: libnvidia-ml.so.1 lacks a function of 2020";
      return;
    }
    if (const int status = functions.init(); status != kSuccess) {
      why =
          "the NVIDIA driver does not answer (NVML error " + std::to_string(status) + "); is its kernel module loaded?";
      return;
    }
    nvml.m_functions = &functions;
    good = true;
  }
};

const Nvml::Opened& Nvml::opened() {
  static const Opened once;
  return once;
}

const Nvml* Nvml::get() {
  return opened().good ? &opened().nvml : nullptr;
}
const std::string& Nvml::why() {
  return opened().why;
}

int Nvml::cardCount() const {
  unsigned count = 0;
  return m_functions->count(&count) == kSuccess ? static_cast<int>(count) : 0;
}

std::optional<NvmlCard> Nvml::card(int index) const {
  Handle handle = nullptr;
  if (m_functions->handle(static_cast<unsigned>(index), &handle) != kSuccess) return std::nullopt;
  NvmlCard card;
  char text[128] = {};
  if (m_functions->name(handle, text, sizeof text) == kSuccess) card.name = text;
  if (m_functions->uuid(handle, text, sizeof text) == kSuccess) card.uuid = text;
  RawPci pci{};
  if (m_functions->pci(handle, &pci) == kSuccess) card.busId = pci.busId;
  m_functions->capability(handle, &card.major, &card.minor);
  unsigned cores = 0, bits = 0, megahertz = 0;
  if (m_functions->cores && m_functions->cores(handle, &cores) == kSuccess) card.cores = static_cast<int>(cores);
  if (m_functions->busWidth && m_functions->maxClock && m_functions->busWidth(handle, &bits) == kSuccess &&
      m_functions->maxClock(handle, kClockMemory, &megahertz) == kSuccess)
    card.bandwidthGBps = 2.0 * megahertz * 1e6 * bits / 8 / 1e9;  // two transfers a clock
  return card;
}

std::optional<NvmlMemory> Nvml::memory(int index) const {
  Handle handle = nullptr;
  RawMemory memory{};
  if (m_functions->handle(static_cast<unsigned>(index), &handle) != kSuccess) return std::nullopt;
  if (m_functions->memory(handle, &memory) != kSuccess) return std::nullopt;
  return NvmlMemory{memory.total, memory.free};
}

std::vector<NvmlProcess> Nvml::processes(int index) const {
  std::vector<NvmlProcess> found;
  Handle handle = nullptr;
  if (m_functions->handle(static_cast<unsigned>(index), &handle) != kSuccess) return found;
  std::vector<RawProcess> raw(kMostProcesses);
  for (auto list : {m_functions->computing, m_functions->drawing}) {
    unsigned count = kMostProcesses;
    if (!list || list(handle, &count, raw.data()) != kSuccess) continue;
    for (unsigned i = 0; i < count; ++i) {
      const auto same = [&](const NvmlProcess& process) { return process.pid == raw[i].pid; };
      if (std::any_of(found.begin(), found.end(), same)) continue;
      NvmlProcess process{raw[i].pid, {}, raw[i].bytes == kBytesUnknown ? 0 : raw[i].bytes};
      char name[256] = {};
      if (m_functions->processName && m_functions->processName(raw[i].pid, name, sizeof name) == kSuccess)
        process.name = name;
      found.push_back(std::move(process));
    }
  }
  return found;
}

std::string Nvml::driverVersion() const {
  char text[96] = {};
  return m_functions->driver(text, sizeof text) == kSuccess ? text : "";
}

int Nvml::cudaDriverVersion() const {
  int version = 0;
  return m_functions->cudaDriver(&version) == kSuccess ? version : 0;
}

}  // namespace nibble

#include "core/engine/cuda/cuda_module.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>

#include "core/base/logging.h"
#include "core/engine/cuda/cuda_devices.h"
#include "core/engine/cuda/nvml.h"

namespace nibble {

namespace {
constexpr const char* kFileName = "libnibble_cuda.so";

struct LoadedModule {
  const CudaModuleInterface* interface = nullptr;
  std::string problem;
};

LoadedModule open(const std::filesystem::path& path) {
  // The module has a copy of core/base/logging of its own, without sinks, and shares only spdlog's list of loggers:
  // what it writes to must be on that list, with the program's sinks and level, before it asks.
  logger("gpu");
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays open: CUDA's own exit handlers live in it
  if (!library) {
    const char* error = dlerror();
    return {nullptr, moduleProblemFromLoader(error ? error : "unknown error")};
  }
  const auto* interface = static_cast<const CudaModuleInterface*>(dlsym(library, "nibble_cuda_module"));
  if (!interface) return {nullptr, path.string() + " is not Nibble's CUDA module"};
  if (interface->version != kCudaModuleVersion)
    return {nullptr, path.string() + " has interface version " + std::to_string(interface->version) +
                         ", this program needs " + std::to_string(kCudaModuleVersion)};
  return {interface, {}};
}

LoadedModule search() {
  for (const auto& path : cudaModulePlaces()) {
    std::error_code status;
    if (std::filesystem::exists(path, status)) return open(path);
  }
  return {nullptr, std::string("this build has no CUDA module (") + kFileName +
                       " is not beside the program nor in ../lib/nibble)"};
}

const LoadedModule& loadedModule() {
  static const LoadedModule once = search();
  return once;
}
}  // namespace

std::vector<std::filesystem::path> cudaModulePlaces() {
  std::vector<std::filesystem::path> places;
  if (const char* named = std::getenv("NIBBLE_CUDA_MODULE"); named && *named) places.emplace_back(named);
  std::error_code status;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", status);
  if (status) return places;
  const std::filesystem::path folder = program.parent_path();
  for (const char* below :
       {"", "../lib/nibble", "../lib/x86_64-linux-gnu/nibble", "../lib64/nibble", "../bin", "../../bin"})
    places.push_back((folder / below / kFileName).lexically_normal());
  return places;
}

std::string moduleProblemFromLoader(const std::string& loaderError) {
  struct Known {
    const char* library;
    const char* advice;
  };
  static constexpr std::array<Known, 3> kKnown{{
      {"libcublasLt.so", "cuBLAS 13 has it: package libcublas-13-0 of NVIDIA's repository, or nvidia-cublas from PyPI"},
      {"libcublas.so", "cuBLAS 13 has it: package libcublas-13-0 of NVIDIA's repository, or nvidia-cublas from PyPI"},
      {"libcuda.so", "it belongs to the NVIDIA driver"},
  }};
  const std::string library = loaderError.substr(0, loaderError.find(':'));
  if (loaderError.find("No such file") == std::string::npos) return "the CUDA module does not load: " + loaderError;
  for (const Known& known : kKnown)
    if (library.starts_with(known.library)) return library + " is missing; " + known.advice;
  return library + " is missing";
}

std::string cudaModuleProblem() {
  return loadedModule().problem;
}

Result<std::unique_ptr<Backend>> makeCudaBackend(const BackendRequest& request) {
  const std::string& device = request.device.id;
  if (!Nvml::get()) return fail(ErrorCode::deviceMissing, Nvml::why(), {}, device);
  if (const auto& module = loadedModule(); !module.interface)
    return fail(ErrorCode::deviceMissing, module.problem, {}, device);
  const std::string busId = cudaBusId(device);
  if (busId.empty()) return fail(ErrorCode::deviceMissing, "the driver sees no such card", {}, device);
  return loadedModule().interface->makeBackend(request, busId);
}

}  // namespace nibble

// Finds and opens libnibble_cuda.so, the CUDA backend, at run time: the program starts on machines without a driver,
// cuBLAS or the module.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/backend.h"

namespace nibble {

/// Rises with every change of the interface below, of Backend or of the structs handed across: module and program must
/// agree.
constexpr int kCudaModuleVersion = 2;

/// What the module exports under the name "nibble_cuda_module".
struct CudaModuleInterface {
  int version = 0;
  /// Makes the backend on the card with PCI bus id `busId`.
  Result<std::unique_ptr<Backend>> (*makeBackend)(const BackendRequest& request, const std::string& busId) = nullptr;
};

/// Why the module cannot be used on this machine, as a fact with what would help; empty if it can. Opened once a
/// process.
std::string cudaModuleProblem();

/// Where the module is looked for, in this order: $NIBBLE_CUDA_MODULE; beside the program; ../lib/nibble and its
/// multiarch twin; the build tree.
std::vector<std::filesystem::path> cudaModulePlaces();

/// Words for a dlopen error: names the missing library and the package that has it.
std::string moduleProblemFromLoader(const std::string& loaderError);

}  // namespace nibble

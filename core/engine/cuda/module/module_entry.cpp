// What libnibble_cuda.so exports: one table, found by name by core/engine/cuda/cuda_module.
#include <exception>
#include <new>

#include "core/engine/cuda/cuda_module.h"
#include "core/engine/cuda/module/backend_cuda.h"

namespace {
nibble::Result<std::unique_ptr<nibble::Backend>> makeBackend(const nibble::BackendRequest& request,
                                                             const std::string& busId) {
  try {
    return nibble::BackendCuda::make(request, busId);
  } catch (const std::bad_alloc&) {
    return nibble::fail(nibble::ErrorCode::outOfMemory, "no host memory for the CUDA backend", {}, "cpu");
  } catch (const std::exception& failure) {
    return nibble::fail(nibble::ErrorCode::failed, failure.what(), {}, "CUDA backend");
  }
}
}  // namespace

extern "C" __attribute__((visibility("default")))
const nibble::CudaModuleInterface nibble_cuda_module = {nibble::kCudaModuleVersion, makeBackend};

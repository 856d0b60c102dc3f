#include "core/engine/cuda/module/resources.h"

#include <array>
#include <cassert>
#include <map>
#include <mutex>
#include <set>

namespace nibble {

namespace {
std::mutex g_mutex;
std::map<int, std::weak_ptr<Card>> g_open;  // by ordinal
std::set<int> g_lost;
}  // namespace

bool isSticky(cudaError_t status) {
  switch (status) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorAssert:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContextIsDestroyed:
    case cudaErrorExternalDevice:
    case cudaErrorUnknown:
      return true;
    default:
      return false;
  }
}

Error cudaFailure(cudaError_t status, const std::string& operation) {
  Error error;
  error.code = status == cudaErrorMemoryAllocation ? ErrorCode::outOfMemory
               : isSticky(status)                  ? ErrorCode::deviceLost
                                                   : ErrorCode::failed;
  error.detail = std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ")";
  error.field = operation.substr(0, operation.find('('));
  return error;
}

Result<Stream> Stream::make() {
  Stream stream;
  NIBBLE_CUDA(cudaStreamCreateWithFlags(&stream.m_stream, cudaStreamNonBlocking));
  return stream;
}
Stream::~Stream() {
  if (m_stream) cudaStreamDestroy(m_stream);
}

Result<Event> Event::make() {
  Event event;
  NIBBLE_CUDA(cudaEventCreateWithFlags(&event.m_event, cudaEventDisableTiming));
  return event;
}
Event::~Event() {
  if (m_event) cudaEventDestroy(m_event);
}

DeviceBuffer::~DeviceBuffer() {
  if (m_data) cudaFree(m_data);
}

Result<PinnedBuffer> PinnedBuffer::allocate(std::uint64_t bytes) {
  PinnedBuffer buffer;
  if (const cudaError_t status = cudaHostAlloc(&buffer.m_data, bytes, cudaHostAllocPortable | cudaHostAllocMapped);
      status != cudaSuccess) {
    cudaGetLastError();
    Error error = cudaFailure(status, "page-locked host memory");
    error.needed = bytes;
    return fail(std::move(error));
  }
  buffer.m_bytes = bytes;
  return buffer;
}
PinnedBuffer::~PinnedBuffer() {
  if (m_data) cudaFreeHost(m_data);
}

Result<std::shared_ptr<Card>> Card::open(const std::string& busId) {
  const std::lock_guard lock(g_mutex);
  int ordinal = 0;
  if (const cudaError_t status = cudaDeviceGetByPCIBusId(&ordinal, busId.c_str()); status != cudaSuccess) {
    cudaGetLastError();
    return fail(ErrorCode::deviceMissing, std::string("CUDA does not offer this card: ") + cudaGetErrorString(status));
  }
  if (g_lost.contains(ordinal))
    return fail(ErrorCode::deviceLost, "an earlier failure took the card from this process");
  if (auto open = g_open[ordinal].lock()) return open;
  std::shared_ptr<Card> card(new Card(ordinal));
  NIBBLE_CHECK(card->setUp());
  g_open[ordinal] = card;
  return card;
}

Result<void> Card::setUp() {
  NIBBLE_CUDA(cudaSetDevice(m_ordinal));
  int major = 0, minor = 0;
  NIBBLE_CUDA(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, m_ordinal));
  NIBBLE_CUDA(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, m_ordinal));
  m_capability = major * 10 + minor;
  NIBBLE_TRY(m_stream, Stream::make());
  if (const cublasStatus_t status = cublasCreate(&m_cublas); status != CUBLAS_STATUS_SUCCESS)
    return fail(status == CUBLAS_STATUS_ALLOC_FAILED ? ErrorCode::outOfMemory : ErrorCode::deviceMissing,
                std::string("cuBLAS does not start: ") + cublasGetStatusString(status));
  cublasSetStream(m_cublas, m_stream.get());
  // No TF32 for fp32 products, and 16-bit ones add their parts in fp32.
  cublasSetMathMode(m_cublas,
                    static_cast<cublasMath_t>(CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION));
  return {};
}

Card::~Card() {
  cudaSetDevice(m_ordinal);
  if (m_cublas) cublasDestroy(m_cublas);
  m_stream = Stream();
  cudaDeviceReset();  // the context and everything in it; what the driver keeps of the process stays
}

void Card::use() const {
  cudaSetDevice(m_ordinal);
}

Result<DeviceBuffer> Card::allocate(std::uint64_t bytes, const char* what) {
  assert(!m_sealed && "device memory is taken while loading only");
  void* data = nullptr;
  if (const cudaError_t status = cudaMalloc(&data, bytes); status != cudaSuccess) {
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    Error error = cudaFailure(status, what);
    error.needed = bytes;
    error.available = free;
    return fail(std::move(error));
  }
  DeviceBuffer buffer(data, bytes);
  NIBBLE_CUDA(cudaMemsetAsync(data, 0, bytes, m_stream.get()));
  return buffer;
}

void Card::markLost() const {
  const std::lock_guard lock(g_mutex);
  g_lost.insert(m_ordinal);
}

}  // namespace nibble

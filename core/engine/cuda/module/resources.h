// Owners of what CUDA gives out: streams, events, device and pinned host memory, and the card itself (context, cuBLAS).
// All are move-only; a failed call leaves nothing behind. Device memory is handed out until the card is sealed.
#pragma once
#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/base/result.h"

namespace nibble {

/// A CUDA status as an Error: outOfMemory, deviceLost (sticky: the context is gone) or failed, with the operation's
/// name.
Error cudaFailure(cudaError_t status, const std::string& operation);
bool isSticky(cudaError_t status);

#define NIBBLE_CUDA(call)                                                                                     \
  do {                                                                                                        \
    if (const cudaError_t status_ = (call); status_ != cudaSuccess) return fail(cudaFailure(status_, #call)); \
  } while (false)

class Stream {
 public:
  static Result<Stream> make();
  Stream() = default;
  Stream(Stream&& other) noexcept : m_stream(std::exchange(other.m_stream, nullptr)) {}
  Stream& operator=(Stream&& other) noexcept {
    std::swap(m_stream, other.m_stream);
    return *this;
  }
  ~Stream();
  cudaStream_t get() const { return m_stream; }

 private:
  cudaStream_t m_stream = nullptr;
};

class Event {
 public:
  static Result<Event> make();
  Event() = default;
  Event(Event&& other) noexcept : m_event(std::exchange(other.m_event, nullptr)) {}
  Event& operator=(Event&& other) noexcept {
    std::swap(m_event, other.m_event);
    return *this;
  }
  ~Event();
  cudaEvent_t get() const { return m_event; }

 private:
  cudaEvent_t m_event = nullptr;
};

class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(void* data, std::uint64_t bytes) : m_data(data), m_bytes(bytes) {}
  DeviceBuffer(DeviceBuffer&& other) noexcept
      : m_data(std::exchange(other.m_data, nullptr)), m_bytes(std::exchange(other.m_bytes, 0)) {}
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    std::swap(m_data, other.m_data);
    std::swap(m_bytes, other.m_bytes);
    return *this;
  }
  ~DeviceBuffer();
  std::byte* data() const { return static_cast<std::byte*>(m_data); }
  std::uint64_t bytes() const { return m_bytes; }

 private:
  void* m_data = nullptr;
  std::uint64_t m_bytes = 0;
};

/// Page-locked host memory that the card reads and writes by the same address.
class PinnedBuffer {
 public:
  static Result<PinnedBuffer> allocate(std::uint64_t bytes);
  PinnedBuffer() = default;
  PinnedBuffer(PinnedBuffer&& other) noexcept
      : m_data(std::exchange(other.m_data, nullptr)), m_bytes(std::exchange(other.m_bytes, 0)) {}
  PinnedBuffer& operator=(PinnedBuffer&& other) noexcept {
    std::swap(m_data, other.m_data);
    std::swap(m_bytes, other.m_bytes);
    return *this;
  }
  ~PinnedBuffer();
  std::byte* data() const { return static_cast<std::byte*>(m_data); }
  std::uint64_t bytes() const { return m_bytes; }

 private:
  void* m_data = nullptr;
  std::uint64_t m_bytes = 0;
};

/// A card of this process: its context lives while a Card does; the last one resets the device, which gives all VRAM
/// back.
class Card {
 public:
  /// Errors: deviceMissing; deviceLost if a sticky failure hit this card before in this process.
  static Result<std::shared_ptr<Card>> open(const std::string& busId);
  ~Card();
  Card(const Card&) = delete;
  Card& operator=(const Card&) = delete;

  int ordinal() const { return m_ordinal; }
  int capability() const { return m_capability; }  ///< 90 for 9.0
  const Stream& stream() const { return m_stream; }
  cublasHandle_t cublas() const { return m_cublas; }

  /// Makes the card current for the calling thread. Every entry of the backend calls it.
  void use() const;
  /// Device memory, zeroed; refused (an assert) once sealed.
  Result<DeviceBuffer> allocate(std::uint64_t bytes, const char* what);
  void seal(bool sealed) { m_sealed = sealed; }
  /// From now on every open() of this card fails: its context is broken.
  void markLost() const;

 private:
  explicit Card(int ordinal) : m_ordinal(ordinal) {}
  Result<void> setUp();
  int m_ordinal = 0;
  int m_capability = 0;
  bool m_sealed = false;
  Stream m_stream;
  cublasHandle_t m_cublas = nullptr;
};

}  // namespace nibble

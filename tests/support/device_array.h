// Device memory for tests of CUDA kernels, and the measure of their error.
#pragma once
#include <cuda_runtime_api.h>

#include <QtTest>
#include <cmath>
#include <random>
#include <vector>

namespace nibble::test {

/// An array on the device; fresh memory holds 0xff bytes (NaN), so that what a kernel does not write shows.
template <typename T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) : m_count(count) {
    if (cudaMalloc(reinterpret_cast<void**>(&m_data), count * sizeof(T) + 16) != cudaSuccess)
      qFatal("no device memory");
    cudaMemset(m_data, 0xff, count * sizeof(T) + 16);
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    cudaMemcpy(m_data, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice);
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(m_data); }
  T* data() const { return m_data; }
  std::vector<T> fetch() const {
    std::vector<T> values(m_count);
    if (const cudaError_t status = cudaMemcpy(values.data(), m_data, m_count * sizeof(T), cudaMemcpyDeviceToHost);
        status != cudaSuccess)
      qFatal("device: %s", cudaGetErrorString(status));
    return values;
  }

 private:
  T* m_data = nullptr;
  std::size_t m_count;
};

inline std::vector<float> gaussian(std::size_t count, unsigned seed, float deviation = 1.0f) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0f, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = normal(generator);
  return values;
}

/// ‖a − b‖ / ‖b‖ in float64; NaN if either holds one.
template <typename A, typename B>
double relativeError(const std::vector<A>& a, const std::vector<B>& b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += d * d;
    size += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return a.size() == b.size() ? std::sqrt(difference / (size > 0 ? size : 1.0)) : NAN;
}

inline bool noCudaDevice() {
  int count = 0;
  return cudaGetDeviceCount(&count) != cudaSuccess || count == 0;
}

}  // namespace nibble::test

#define NIBBLE_NEED_CUDA_DEVICE() \
  if (nibble::test::noCudaDevice()) QSKIP("skipped: no CUDA device")

/// Prints the error and compares it with its limit (NaN fails).
#define NIBBLE_COMPARE_ERROR(name, error, limit)                                             \
  do {                                                                                       \
    const double error_ = (error);                                                           \
    qInfo("%s: relative error %.2e (limit %.0e)", qPrintable(QString(name)), error_, limit); \
    QVERIFY2(error_ <= (limit), name);                                                       \
  } while (false)

// Random weights and caches in the device's layout, made and read back on the host in float64: what the kernels are
// held to.
#pragma once
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/blocks.h"
#include "kernels/cuda/decode_step.h"

namespace bench {

using namespace nibble::gpu;
using nibble::kNf4Code;
using nibble::kQ4Codebook;

inline void must(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  std::printf("FAILED %s: %s\n", what, cudaGetErrorString(error));
  std::exit(2);
}

inline std::mt19937_64& generator() {
  static std::mt19937_64 g(std::random_device{}());
  return g;
}
inline double gaussian() {
  static std::normal_distribution<double> d;
  return d(generator());
}
inline std::uint32_t randomBits() {
  return static_cast<std::uint32_t>(generator()());
}

inline double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

inline const char* name(MatrixFormat f) {
  const char* names[] = {"f32", "f16", "bf16", "q8", "nf4", "nf4-dq", "q4"};
  return names[static_cast<int>(f)];
}
inline const char* name(KvCacheFormat f) {
  const char* names[] = {"f32", "f16", "q8", "q4"};
  return names[static_cast<int>(f)];
}

inline std::uint16_t halfBits(double v) {
  return __half_as_ushort(__float2half_rn(static_cast<float>(v)));
}
inline double halfValue(std::uint16_t bits) {
  return __half2float(__ushort_as_half(bits));
}

/// Device memory that frees itself; filled from the host or poisoned with 0xFF (NaN).
template <typename T>
class Device {
 public:
  Device() = default;
  explicit Device(std::size_t count) { reset(count); }
  explicit Device(const std::vector<T>& values) {
    reset(values.size());
    set(values);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  Device(Device&& o) noexcept : m_data(o.m_data), m_count(o.m_count) { o.m_data = nullptr; }
  Device& operator=(Device&& o) noexcept {
    std::swap(m_data, o.m_data);
    std::swap(m_count, o.m_count);
    return *this;
  }
  ~Device() { cudaFree(m_data); }
  void reset(std::size_t count) {
    cudaFree(m_data);
    m_count = count;
    must(cudaMalloc(&m_data, count * sizeof(T) + 256), "cudaMalloc");
    must(cudaMemset(m_data, 0xff, count * sizeof(T) + 256), "cudaMemset");
  }
  void poison() { must(cudaMemset(m_data, 0xff, m_count * sizeof(T)), "poison"); }
  void clear() { must(cudaMemset(m_data, 0, m_count * sizeof(T)), "clear"); }
  void set(const std::vector<T>& v) {
    must(cudaMemcpy(m_data, v.data(), v.size() * sizeof(T), cudaMemcpyHostToDevice), "set");
  }
  std::vector<T> host() const {
    std::vector<T> v(m_count);
    must(cudaMemcpy(v.data(), m_data, m_count * sizeof(T), cudaMemcpyDeviceToHost), "get");
    return v;
  }
  T* get() { return m_data; }
  std::size_t count() const { return m_count; }

 private:
  T* m_data = nullptr;
  std::size_t m_count = 0;
};

/// A random matrix: its bytes in the device's layout and its values.
struct Matrix {
  MatrixFormat format = MatrixFormat::f32;
  MatrixLayout layout;
  std::vector<std::uint8_t> bytes;
  std::vector<double> values;  // (rows, columns)
  Device<std::uint8_t> device;
  MatrixView view;
};

inline void fillFloat(Matrix& m, double deviation) {
  for (std::int64_t r = 0; r < m.layout.rows; ++r)
    for (std::int64_t c = 0; c < m.layout.columns; ++c) {
      std::uint8_t* record = m.bytes.data() + r * m.layout.stride;
      const float v = static_cast<float>(gaussian() * deviation);
      std::uint32_t bits;
      std::memcpy(&bits, &v, 4);
      double& value = m.values[r * m.layout.columns + c];
      if (m.format == MatrixFormat::f32) {
        std::memcpy(record + c * 4, &v, 4);
        value = v;
      } else if (m.format == MatrixFormat::f16) {
        const std::uint16_t h = halfBits(v);
        std::memcpy(record + c * 2, &h, 2);
        value = halfValue(h);
      } else {
        const std::uint16_t h = static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
        std::memcpy(record + c * 2, &h, 2);
        bits = static_cast<std::uint32_t>(h) << 16;
        float back;
        std::memcpy(&back, &bits, 4);
        value = back;
      }
    }
}

inline void fillBlocks(Matrix& m, double deviation) {
  for (std::int64_t r = 0; r < m.layout.rows; ++r) {
    for (std::int64_t block = 0; block * 32 < m.layout.columns; ++block) {
      const double scale = deviation / 60 * (0.5 + (randomBits() % 1000) / 1000.0);
      const std::uint16_t bits = halfBits(scale);
      std::memcpy(&m.bytes[m.layout.scaleAt(r, block * 2)], &bits, 2);
      for (std::int64_t c = block * 32; c < block * 32 + 32 && c < m.layout.columns; ++c) {
        int integer;
        if (m.format == MatrixFormat::q8) {
          integer = static_cast<int>(randomBits() % 255) - 127;
          m.bytes[m.layout.codeAt(r, c)] = static_cast<std::uint8_t>(integer);
        } else {
          const int code = randomBits() % 16;
          integer = kQ4Codebook[code];
          m.bytes[m.layout.codeAt(r, c >> 1)] |= static_cast<std::uint8_t>(code << (c & 1) * 4);
        }
        m.values[r * m.layout.columns + c] = integer * halfValue(bits);
      }
    }
  }
}

inline std::vector<double> fillNf4Scales(Matrix& m, double deviation) {
  const std::int64_t blocks = (m.layout.rows * m.layout.columns + 63) / 64;
  std::vector<double> absmax(blocks);
  std::uint8_t* base = m.bytes.data();
  float* nested = reinterpret_cast<float*>(base + m.layout.nestedOffset);
  if (m.format == MatrixFormat::nf4dq) {
    nested[0] = static_cast<float>(2.5 * deviation);
    for (int i = 0; i < 256; ++i) nested[4 + i] = static_cast<float>((i - 127) / 128.0);
    for (std::int64_t i = 0; i < (blocks + 255) / 256; ++i)
      nested[260 + i] = static_cast<float>(deviation * (1 + 0.1 * gaussian()));
  }
  for (std::int64_t b = 0; b < blocks; ++b) {
    std::uint8_t* scale = base + m.layout.absmaxAt(b, m.format == MatrixFormat::nf4 ? 4 : 1);
    if (m.format == MatrixFormat::nf4) {
      const float v = static_cast<float>(deviation * (2 + 0.3 * gaussian()));
      std::memcpy(scale, &v, 4);
      absmax[b] = v;
    } else {
      *scale = static_cast<std::uint8_t>(randomBits());
      absmax[b] = static_cast<double>(nested[4 + *scale]) * nested[260 + b / 256] + nested[0];
    }
  }
  return absmax;
}

inline void fillNf4(Matrix& m, double deviation) {
  const std::vector<double> absmax = fillNf4Scales(m, deviation);
  for (std::int64_t r = 0; r < m.layout.rows; ++r)
    for (std::int64_t c = 0; c < m.layout.columns; ++c) {
      const int code = randomBits() % 16;
      m.bytes[m.layout.codeAt(r, c >> 1)] |= static_cast<std::uint8_t>(code << (c & 1) * 4);
      const std::int64_t flat = r * m.layout.columns + c;
      m.values[flat] = static_cast<double>(kNf4Code[code]) * absmax[flat / 64];
    }
}

inline Matrix randomMatrix(MatrixFormat format, std::int64_t rows, std::int64_t columns, double deviation) {
  Matrix m;
  m.format = format;
  m.layout = matrixLayout(format, rows, columns);
  m.bytes.assign(m.layout.totalBytes, 0);
  m.values.resize(rows * columns);
  switch (format) {
    case MatrixFormat::f32:
    case MatrixFormat::f16:
    case MatrixFormat::bf16:
      fillFloat(m, deviation);
      break;
    case MatrixFormat::q8:
    case MatrixFormat::q4:
      fillBlocks(m, deviation);
      break;
    default:
      fillNf4(m, deviation);
      break;
  }
  m.device = Device<std::uint8_t>(m.bytes);
  m.view = {m.device.get(), format, static_cast<std::int32_t>(rows), static_cast<std::int32_t>(columns)};
  return m;
}

inline std::vector<float> randomVector(std::size_t count, double deviation, double mean = 0) {
  std::vector<float> v(count);
  for (float& x : v) x = static_cast<float>(mean + deviation * gaussian());
  return v;
}

/// ‖out − ref‖ / ‖ref‖; NaN where any value of `out` is not finite.
inline double relativeError(const std::vector<float>& out, const std::vector<double>& ref) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < ref.size(); ++i) {
    if (!std::isfinite(out[i])) return NAN;
    difference += (out[i] - ref[i]) * (out[i] - ref[i]);
    norm += ref[i] * ref[i];
  }
  return std::sqrt(difference / norm);
}

/// y = W (x · gain · 1/rms) + bias in float64; gain and bias may be empty.
inline std::vector<double> product(const Matrix& m, const std::vector<double>& x, const std::vector<float>& gain,
                                   double eps, const std::vector<float>& bias) {
  std::vector<double> in = x;
  if (!gain.empty()) {
    double squares = 0;
    for (double v : x) squares += v * v;
    const double root = 1 / std::sqrt(squares / x.size() + eps);
    for (std::size_t i = 0; i < x.size(); ++i) in[i] = x[i] * gain[i] * root;
  }
  std::vector<double> y(m.layout.rows);
  for (std::int64_t r = 0; r < m.layout.rows; ++r) {
    double sum = bias.empty() ? 0 : bias[r];
    for (std::int64_t c = 0; c < m.layout.columns; ++c) sum += m.values[r * m.layout.columns + c] * in[c];
    y[r] = sum;
  }
  return y;
}

}  // namespace bench

// The prefill's row kernels against float64: RMSNorm, rotary angles, SwiGLU, bias, NaN check, odd widths included.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels/cuda/prefill.h"
#include "tests/support/device_array.h"

using namespace nibble;
using namespace nibble::test;
using gpu::Element;

namespace {
std::vector<float> asFloats(const std::vector<std::uint8_t>& bytes, Element element) {
  const std::size_t count = bytes.size() / static_cast<std::size_t>(gpu::elementBytes(element));
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (element == Element::f32) values[i] = reinterpret_cast<const float*>(bytes.data())[i];
    if (element == Element::f16) values[i] = __half2float(reinterpret_cast<const __half*>(bytes.data())[i]);
    if (element == Element::bf16) values[i] = __bfloat162float(reinterpret_cast<const __nv_bfloat16*>(bytes.data())[i]);
  }
  return values;
}

std::vector<std::uint8_t> asBytes(const std::vector<float>& values, Element element) {
  std::vector<std::uint8_t> bytes(values.size() * static_cast<std::size_t>(gpu::elementBytes(element)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (element == Element::f32) reinterpret_cast<float*>(bytes.data())[i] = values[i];
    if (element == Element::f16) reinterpret_cast<__half*>(bytes.data())[i] = __float2half(values[i]);
    if (element == Element::bf16) reinterpret_cast<__nv_bfloat16*>(bytes.data())[i] = __float2bfloat16(values[i]);
  }
  return bytes;
}

double limitOf(Element element) {
  return element == Element::f32 ? 2e-6 : element == Element::f16 ? 5e-4 : 4e-3;
}
constexpr Element kElements[] = {Element::f32, Element::f16, Element::bf16};
}  // namespace

class TestPrefillRowsGpu : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() { NIBBLE_NEED_CUDA_DEVICE(); }

  void rmsNorm() {
    for (const Element element : kElements)
      for (const int width : {4096, 384, 77, 1}) {
        const int rows = 13;
        const auto x = gaussian(static_cast<std::size_t>(rows * width), 1, 3.0f),
                   weight = gaussian(static_cast<std::size_t>(width), 2);
        std::vector<double> expected(x.size());
        for (int r = 0; r < rows; ++r) {
          double sum = 0;
          for (int c = 0; c < width; ++c) sum += double(x[r * width + c]) * x[r * width + c];
          const double root = 1 / std::sqrt(sum / width + 1e-5);
          for (int c = 0; c < width; ++c) expected[r * width + c] = x[r * width + c] * root * weight[c];
        }
        DeviceArray<float> dx(x), dw(weight);
        DeviceArray<std::uint8_t> out(x.size() * gpu::elementBytes(element));
        QCOMPARE(gpu::rms_norm_rows(nullptr, dx.data(), dw.data(), out.data(), element, rows, width, 1e-5f),
                 cudaSuccess);
        NIBBLE_COMPARE_ERROR("RMSNorm", relativeError(asFloats(out.fetch(), element), expected), limitOf(element));
      }
  }

  void ropeAngles() {
    const int rows = 9, half = 64;
    const std::int64_t position = 131000;
    std::vector<float> inverse(half);
    for (int i = 0; i < half; ++i) inverse[i] = static_cast<float>(std::pow(5e7, -double(i) / half));
    std::vector<double> expected;
    for (int r = 0; r < rows; ++r)
      for (int i = 0; i < half; ++i) {
        const float angle = static_cast<float>(position + r) * inverse[i];
        expected.push_back(std::cos(double(angle)) * 1.25);
        expected.push_back(std::sin(double(angle)) * 1.25);
      }
    DeviceArray<float> di(inverse), angles(expected.size());
    QCOMPARE(
        gpu::rope_angles(nullptr, di.data(), 1.25f, position, reinterpret_cast<float2*>(angles.data()), rows, half),
        cudaSuccess);
    NIBBLE_COMPARE_ERROR("rotary angles", relativeError(angles.fetch(), expected), 1e-6);
  }

  void swiglu() {
    for (const Element element : kElements)
      for (const int width : {10240, 320, 33}) {
        const int rows = 5;
        const auto ab = asBytes(gaussian(static_cast<std::size_t>(rows * width), 3, 2.0f), element),
                   bb = asBytes(gaussian(static_cast<std::size_t>(rows * width), 4), element);
        const auto a = asFloats(ab, element), b = asFloats(bb, element),
                   biasA = gaussian(static_cast<std::size_t>(width), 5),
                   biasB = gaussian(static_cast<std::size_t>(width), 6);
        std::vector<double> expected(a.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
          const double g = double(a[i]) + biasA[i % width];
          expected[i] = g / (1 + std::exp(-g)) * (double(b[i]) + biasB[i % width]);
        }
        DeviceArray<std::uint8_t> da(ab), db(bb);
        DeviceArray<float> dba(biasA), dbb(biasB);
        QCOMPARE(gpu::swiglu_rows(nullptr, da.data(), db.data(), dba.data(), dbb.data(), element, rows, width),
                 cudaSuccess);
        NIBBLE_COMPARE_ERROR("SwiGLU", relativeError(asFloats(da.fetch(), element), expected), limitOf(element));
      }
  }

  void overflowSaturates() {
    // 60000 · silu(20) overflows fp16: a finite product must stay finite.
    DeviceArray<std::uint8_t> gate(asBytes(std::vector<float>(8, 20.0f), Element::f16)),
        up(asBytes(std::vector<float>(8, 60000.0f), Element::f16));
    QCOMPARE(gpu::swiglu_rows(nullptr, gate.data(), up.data(), nullptr, nullptr, Element::f16, 1, 8), cudaSuccess);
    for (const float value : asFloats(gate.fetch(), Element::f16)) QCOMPARE(value, 65504.0f);
  }

  void biasIsAddedToEveryRow() {
    const int rows = 3, width = 77;
    const auto x = gaussian(rows * width, 7), bias = gaussian(width, 8);
    DeviceArray<float> dx(x), db(bias);
    QCOMPARE(gpu::add_bias_rows(nullptr, dx.data(), db.data(), rows, width), cudaSuccess);
    const auto out = dx.fetch();
    for (int i = 0; i < rows * width; ++i) QCOMPARE(out[i], x[i] + bias[i % width]);
  }

  void nanIsFound() {
    auto values = gaussian(100001, 9);
    const auto lowest = [&](float bad) {
      auto spoiled = values;
      spoiled[100000] = bad;
      DeviceArray<float> dv(spoiled);
      DeviceArray<int> flag(std::vector<int>{1000});
      gpu::check_finite(nullptr, dv.data(), 100001, 7, flag.data());
      return flag.fetch()[0];
    };
    QCOMPARE(lowest(1.0f), 1000);
    QCOMPARE(lowest(NAN), 7);
    QCOMPARE(lowest(-INFINITY), 7);
  }
};

QTEST_APPLESS_MAIN(TestPrefillRowsGpu)
#include "test_prefill_rows_gpu.moc"

// Codecs: error on Gaussian weights, the same bytes at every level, odd sizes, and what IEEE's edges become.
#include <QtTest>

#include "core/model/weights.h"
#include "core/precision/codec.h"
#include "kernels/cpu/kernel_level.h"
#include "kernels/half.h"
#include "tests/support/random_matrix.h"

using namespace nibble;
using namespace nibble::test;

namespace {

constexpr Format kRowFormats[] = {Format::f32, Format::f16, Format::bf16, Format::q8, Format::q4};

std::vector<std::uint8_t> quantized(Format format, const std::vector<float>& x, std::int64_t rows, std::int64_t columns,
                                    std::span<const float> importance = {}) {
  std::vector<std::uint8_t> bytes(storedBytes(format, rows, columns), 0xee);
  quantizeRows(format, x.data(), rows, columns, importance, bytes.data());
  return bytes;
}

double meanSquare(Format format, const std::vector<float>& x, std::int64_t rows, std::int64_t columns) {
  const std::vector<std::uint8_t> bytes = quantized(format, x, rows, columns);
  std::vector<float> back = poisoned(rows * columns);
  dequantizeRows(format, bytes.data(), rows, columns, back.data());
  const double error = relativeError(back, x);
  return error * error;
}

}  // namespace

class TestCodec : public QObject {
  Q_OBJECT

 private slots:
  void errorOnGaussian() {
    Random random(1);
    const std::vector<float> x = gaussian(1 << 20, random, 0.02f);
    const double q8 = meanSquare(Format::q8, x, 256, 4096), q4 = meanSquare(Format::q4, x, 256, 4096);
    Nf4Tensor tensor = makeNf4Tensor(1 << 20);
    quantizeNf4(tensor, x.data(), 0, 1 << 20);
    std::vector<float> back = poisoned(1 << 20);
    dequantizeNf4(tensor, 0, 1 << 20, back.data());
    const double nf4 = relativeError(back, x) * relativeError(back, x);
    doubleQuantize(tensor, meanAbsmax(tensor.absmax));
    dequantizeNf4(tensor, 0, 1 << 20, back.data());
    const double nf4dq = relativeError(back, x) * relativeError(back, x);
    qInfo("relative mean square error: q8 %.6f, q4 %.5f, nf4 %.5f, nf4-dq %.5f", q8, q4, nf4, nf4dq);
    QVERIFY(q8 <= 0.00003);
    QVERIFY(q4 <= 0.0054);
    QVERIFY(nf4 <= 0.0085 && nf4dq <= 0.0086);
  }

  void sameBytesAtEveryLevel() {
    Random random(2);
    for (int round = 0; round < 30; ++round) {
      const std::int64_t rows = 1 + static_cast<std::int64_t>(random() % 7), columns = 1 + static_cast<std::int64_t>(random() % 300);
      const std::vector<float> x = gaussian(rows * columns, random, std::pow(10.0f, static_cast<float>(random() % 12) - 8.0f));
      std::vector<float> importance = gaussian(columns, random);
      for (float& value : importance) value *= value;
      for (Format format : kRowFormats) {
        setKernelLevel(KernelLevel::portable);
        const auto first = quantized(format, x, rows, columns), weighted = quantized(format, x, rows, columns, importance);
        for (KernelLevel level : availableLevels()) {
          setKernelLevel(level);
          QCOMPARE(quantized(format, x, rows, columns), first);
          QCOMPARE(quantized(format, x, rows, columns, importance), weighted);
        }
      }
    }
  }

  /// Errors where the importance is high become smaller, and the weighted error never larger than without it.
  void importanceCounts() {
    Random random(3);
    const std::vector<float> x = gaussian(64 * 512, random);
    std::vector<float> importance(512, 0.05f);
    for (std::size_t i = 0; i < 512; i += 4) importance[i] = 4.0f;
    double errors[2] = {};
    for (int weighted = 0; weighted < 2; ++weighted) {
      const auto bytes = quantized(Format::q4, x, 64, 512, weighted ? std::span<const float>(importance) : std::span<const float>());
      std::vector<float> back = poisoned(64 * 512);
      dequantizeRows(Format::q4, bytes.data(), 64, 512, back.data());
      for (std::size_t i = 0; i < x.size(); ++i) errors[weighted] += importance[i % 512] * (x[i] - back[i]) * (x[i] - back[i]);
    }
    qInfo("weighted error with importance: %.3f of that without", errors[1] / errors[0]);
    QVERIFY(errors[1] < 0.85 * errors[0]);
  }

  void scaleOfEdges() {
    const float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      for (Format format : {Format::q8, Format::q4}) {
        for (float bad : {infinity, -infinity, nan}) {
          std::vector<float> x(32, 0.5f), back = poisoned(32);
          x[7] = bad;
          dequantizeRows(format, quantized(format, x, 1, 32).data(), 1, 32, back.data());
          QVERIFY(std::isnan(back[0]));  // seen when the model is used, never silently wrong
        }
        for (float size : {0.0f, 1e-45f, 1e-39f, 3e-38f, 1e-7f, 5e6f, 3e38f}) {
          std::vector<float> x(32, 0.0f), back = poisoned(32);
          x[3] = -size;
          dequantizeRows(format, quantized(format, x, 1, 32).data(), 1, 32, back.data());
          const bool holds = size >= 1e-4f && size < 6e4f * 100;  // an fp16 scale reaches so far
          if (holds) QVERIFY(std::fabs(back[3] + size) < size * 0.01f);
          if (size < 1e-30f) QCOMPARE(std::fabs(back[3]), 0.0f);
          if (size > 1e30f) QVERIFY(!std::isfinite(back[3]));  // beyond fp16: as GGUF has it, and never silently wrong
          else for (float value : back) QVERIFY(std::isfinite(value));
        }
      }
    }
  }

  void halves() {
    std::vector<float> all(65536);
    std::vector<std::uint16_t> codes(65536), back(65536);
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint16_t>(i);
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      for (DType type : {DType::f16, DType::bf16}) {
        toFloat(type, reinterpret_cast<const std::byte*>(codes.data()), 65536, all.data());
        quantizeRows(type == DType::f16 ? Format::f16 : Format::bf16, all.data(), 1, 65536, {}, back.data());
        for (std::size_t i = 0; i < codes.size(); ++i) {
          if (std::isnan(all[i])) {
            QVERIFY((back[i] & 0x7fff) > (type == DType::f16 ? 0x7c00 : 0x7f80));
          } else {
            QCOMPARE(back[i], codes[i]);
          }
        }
      }
    }
    QCOMPARE(halfToFloat(0x0001), 5.9604644775390625e-8f);
    QCOMPARE(floatToHalf(5.9604644775390625e-8f * 1.5f), std::uint16_t{2});   // a tie between subnormals goes to the even one
    QCOMPARE(floatToHalf(65519.996f), std::uint16_t{0x7bff});
    QCOMPARE(floatToHalf(65520.0f), std::uint16_t{0x7c00});
    QCOMPARE(floatToHalf(1.00048828125f), std::uint16_t{0x3c00});             // ties to even, both ways
    QCOMPARE(floatToHalf(1.00146484375f), std::uint16_t{0x3c02});
    QCOMPARE(floatToHalf(2.98e-8f), std::uint16_t{0});
    QCOMPARE(floatToBf16(bitsFloat(0x3f808000u)), std::uint16_t{0x3f80});
    QCOMPARE(floatToBf16(bitsFloat(0x3f818000u)), std::uint16_t{0x3f82});
    QVERIFY((floatToBf16(bitsFloat(0x7f800001u)) & 0x7f) != 0);               // a NaN whose low bits alone are set stays a NaN
  }

  void randomHalves() {
    Random random(4);
    std::vector<float> x(4099);
    for (KernelLevel level : availableLevels()) {
      setKernelLevel(level);
      for (int round = 0; round < 20; ++round) {
        for (float& value : x) value = bitsFloat(static_cast<std::uint32_t>(random()));
        std::vector<std::uint16_t> halves(x.size());
        quantizeRows(Format::f16, x.data(), 1, static_cast<std::int64_t>(x.size()), {}, halves.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
          if (!std::isnan(x[i])) QCOMPARE(halves[i], floatToHalf(x[i]));
        }
      }
    }
  }

  void cleanup() { setKernelLevel(bestKernelLevel()); }
};

QTEST_APPLESS_MAIN(TestCodec)
#include "test_codec.moc"

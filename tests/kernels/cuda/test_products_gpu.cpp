// The decode products on tensor cores against those without them, which add the same integers (of nf4 the former have
// the code as bytes, the latter with 14 bits), and against the plain product with fp32 activations: every quantized
// format, one matrix, q/k/v in one launch, gate and up side by side, and four in a row whose inputs come rounded.
#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/tensor_shape.h"
#include "kernels/dynamic_code.h"
#include "kernels/half.h"
#include "tests/support/device_array.h"

using namespace nibble;
using namespace nibble::test;
using gpu::MatrixFormat;

namespace {
constexpr MatrixFormat kFormats[] = {MatrixFormat::q8, MatrixFormat::q4, MatrixFormat::nf4, MatrixFormat::nf4dq};
constexpr const char* kNames[] = {"q8", "q4", "nf4", "nf4-dq"};

/// A matrix of random codes and scales as it lies on the device.
class RandomDeviceMatrix {
 public:
  RandomDeviceMatrix(MatrixFormat format, int rows, int columns, std::mt19937& random)
      : m_bytes(bytesOf(format, rows, columns, random)), m_view{m_bytes.data(), format, rows, columns} {}
  const gpu::MatrixView& view() const { return m_view; }

 private:
  static std::vector<std::uint8_t> bytesOf(MatrixFormat format, int rows, int columns, std::mt19937& random) {
    const gpu::MatrixLayout layout = gpu::matrixLayout(format, rows, columns);
    std::vector<std::uint8_t> bytes(layout.totalBytes);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    std::uniform_real_distribution<float> scale(0.01f, 0.02f);
    for (int row = 0; row < rows; ++row)
      for (int b = 0; format != MatrixFormat::nf4dq && b < columns / (format == MatrixFormat::nf4 ? 64 : 32); ++b) {
        const float value = scale(random);
        const std::uint16_t half = floatToHalf(value);
        if (format == MatrixFormat::nf4)
          std::memcpy(&bytes[layout.scaleAt(row, b * 4)], &value, 4);
        else
          std::memcpy(&bytes[layout.scaleAt(row, b * 2)], &half, 2);
      }
    if (format == MatrixFormat::nf4dq) {
      float* tail = reinterpret_cast<float*>(bytes.data() + layout.nestedOffset);
      tail[0] = 0.5f;  // the mean of the absmax
      std::copy(std::begin(kDynamicCode), std::end(kDynamicCode), tail + gpu::kNestedCodeAt);
      const int blocks = rows * columns / 64;
      for (int b = 0; b < (blocks + 255) / 256; ++b) tail[gpu::kNestedAbsmaxAt + b] = scale(random);
    }
    return bytes;
  }

  DeviceArray<std::uint8_t> m_bytes;
  gpu::MatrixView m_view;
};

gpu::DecodeTuning tuningOf(bool tensor, bool fast = true) {
  gpu::DecodeTuning tuning;
  gpu::decodeTuning(0, tuning);
  tuning.tensorProducts = tuning.tensorProducts && tensor;
  tuning.fastProducts = fast;
  return tuning;
}

/// How far the products with and without tensor cores may be apart: sums are added in another order, nf4's code is
/// rounded to bytes.
double limitOf(MatrixFormat format) {
  return format == MatrixFormat::nf4 || format == MatrixFormat::nf4dq ? 5e-3 : 2e-6;
}

std::vector<double> exactly(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

gpu::TensorProblem problemOf(MatrixFormat format, int rows, int columns, const gpu::DecodeTuning& tuning) {
  return {rows,
          columns,
          1,
          static_cast<int>(gpu::matrixLayout(format, rows, columns).stride),
          gpu::panelRowsOf(format),
          format == MatrixFormat::nf4dq,
          tuning.multiprocessors,
          tuning.blockKiB};
}

/// Whether the product on tensor cores takes this matrix (else it would be compared with itself).
bool onTensorCores(MatrixFormat format, int rows, int columns, const gpu::DecodeTuning& tuning) {
  gpu::TensorShape shape;
  return tuning.tensorProducts && gpu::tensorShape(problemOf(format, rows, columns, tuning), shape);
}

/// Whether `vector` has the values within half a step, with a scale per 16 that lets the largest be 127.
void areRoundedHalvesOf(const std::vector<float>& values, const std::vector<std::uint8_t>& vector) {
  std::vector<float> scales(values.size() / gpu::kRoundedHalf);
  std::memcpy(scales.data(), &vector[values.size()], scales.size() * sizeof(float));
  for (std::size_t half = 0; half < scales.size(); ++half) {
    float largest = 0;
    for (std::size_t i = half * gpu::kRoundedHalf; i < (half + 1) * gpu::kRoundedHalf; ++i) {
      const float value = static_cast<float>(static_cast<std::int8_t>(vector[i])) * scales[half];
      largest = std::max(largest, std::fabs(values[i]));
      QVERIFY2(std::fabs(value - values[i]) <= 0.501f * scales[half], qPrintable(QString("column %1").arg(i)));
    }
    QVERIFY(std::fabs(scales[half] * 127 - largest) <= 1e-5f * largest);
  }
}

/// The three products of one random matrix; `change` is made to every tuning.
template <typename Change>
void compare(int format, int rows, int columns, Change change) {
  gpu::DecodeTuning changed = tuningOf(true);
  change(changed);
  QVERIFY(onTensorCores(kFormats[format], rows, columns, changed));
  std::mt19937 random(static_cast<unsigned>(rows * 31 + columns + format));
  const RandomDeviceMatrix matrix(kFormats[format], rows, columns, random);
  const DeviceArray<float> x(gaussian(static_cast<std::size_t>(columns), random())),
      gain(gaussian(static_cast<std::size_t>(columns), random())),
      bias(gaussian(static_cast<std::size_t>(rows), random()));
  const auto product = [&](gpu::DecodeTuning tuning) {
    change(tuning);
    DeviceArray<float> y(static_cast<std::size_t>(rows));
    if (gpu::matvec(nullptr, matrix.view(), x.data(), gain.data(), 1e-5f, bias.data(), y.data(), 8, tuning) !=
        cudaSuccess)
      return std::vector<float>(static_cast<std::size_t>(rows), std::nanf(""));
    return y.fetch();
  };
  const std::vector<float> y = product(tuningOf(true)), without = product(tuningOf(false));
  NIBBLE_COMPARE_ERROR("against those without", relativeError(y, exactly(without)), limitOf(kFormats[format]));
  NIBBLE_COMPARE_ERROR("against fp32", relativeError(y, exactly(product(tuningOf(true, false)))), 2.5e-2);
}
}  // namespace

class TestProductsGpu : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    NIBBLE_NEED_CUDA_DEVICE();
    if (!tuningOf(true).tensorProducts) QSKIP("skipped: this card has no tensor-core products (9.0 is needed)");
  }

  void oneMatrix_data() {
    QTest::addColumn<int>("format");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    // One strip of columns, and multiples of two, three, four and none; more tiles than the ring has places, and more
    // groups of warps than that.
    const int shapes[][2] = {{5, 256},    {19, 512},    {2150, 768},  {45, 14336},
                             {40, 10240}, {4099, 1280}, {6000, 4096}, {40001, 512}};
    for (int f = 0; f < 4; ++f)
      for (const auto& shape : shapes)
        QTest::addRow("%s, %d x %d", kNames[f], shape[0], shape[1]) << f << shape[0] << shape[1];
  }
  void oneMatrix() {
    QFETCH(int, format);
    QFETCH(int, rows);
    QFETCH(int, columns);
    if (!onTensorCores(kFormats[format], rows, columns, tuningOf(true)) && tuningOf(true).blockKiB < 160)
      QSKIP("skipped: this card's shared memory is too small for the size");
    compare(format, rows, columns, [](gpu::DecodeTuning&) {});
  }

  /// As on a card that gives a block 99 KB: few places in the ring, tiles in parts.
  void littleSharedMemory_data() {
    QTest::addColumn<int>("format");
    QTest::addColumn<int>("rowsOfBlock");
    QTest::addColumn<int>("columns");
    for (int f = 0; f < 4; ++f)
      for (const auto& shape : {std::array{35, 4096}, std::array{77, 2048}, std::array{41, 3072}})
        QTest::addRow("%s, %d x %d", kNames[f], shape[0], shape[1]) << f << shape[0] << shape[1];
    QTest::addRow("q8, 82 x 5120") << 0 << 82 << 5120;
  }
  void littleSharedMemory() {
    QFETCH(int, format);
    QFETCH(int, rowsOfBlock);
    QFETCH(int, columns);
    compare(format, rowsOfBlock * tuningOf(true).multiprocessors, columns,
            [](gpu::DecodeTuning& tuning) { tuning.blockKiB = 99, tuning.aloneKiB = 51; });
  }

  /// The layout over shared memory changes nothing but the order of sums: what holds nf4 to more than limitOf().
  void layoutsAgree_data() {
    QTest::addColumn<int>("format");
    for (int f = 0; f < 4; ++f) QTest::addRow("%s", kNames[f]) << f;
  }
  void layoutsAgree() {
    QFETCH(int, format);
    std::mt19937 random(11);
    constexpr int kRows = 9000, kColumns = 2048;
    const RandomDeviceMatrix matrix(kFormats[format], kRows, kColumns, random);
    const DeviceArray<float> x(gaussian(kColumns, 12)), gain(gaussian(kColumns, 13));
    std::vector<float> results[2];
    for (const int multiprocessors : {tuningOf(true).multiprocessors, 40}) {
      gpu::DecodeTuning tuning = tuningOf(true);
      tuning.multiprocessors = multiprocessors;
      if (multiprocessors == 40) tuning.blockKiB = 99, tuning.aloneKiB = 51;
      QVERIFY(onTensorCores(kFormats[format], kRows, kColumns, tuning));
      DeviceArray<float> y(kRows);
      QCOMPARE(gpu::matvec(nullptr, matrix.view(), x.data(), gain.data(), 1e-5f, nullptr, y.data(), 8, tuning),
               cudaSuccess);
      results[multiprocessors == 40] = y.fetch();
    }
    NIBBLE_COMPARE_ERROR("one layout against the other", relativeError(results[1], exactly(results[0])), 2e-6);
  }

  void severalMatrices_data() {
    QTest::addColumn<int>("format");
    QTest::addColumn<int>("keyFormat");
    QTest::addColumn<int>("valueFormat");
    QTest::addColumn<int>("multiprocessors");
    QTest::addColumn<int>("keyRows");
    const int all = tuningOf(true).multiprocessors;
    for (int f = 0; f < 4; ++f) QTest::addRow("%s", kNames[f]) << f << f << f << all << 128;
    // Blocks with rows of two and of all three matrices.
    for (const int few : {24, 3})
      for (int f = 0; f < 4; ++f) QTest::addRow("%s, %d multiprocessors", kNames[f], few) << f << f << f << few << 128;
    // The value does not begin with a panel of its own, so it has a launch of its own.
    for (int f = 0; f < 4; ++f) QTest::addRow("%s, 116 rows of key", kNames[f]) << f << f << f << all << 116;
    // Two formats in one launch, with few multiprocessors several tiles a block.
    for (const int few : {all, 12}) {
      QTest::addRow("q4, k and v q8, %d multiprocessors", few) << 1 << 0 << 0 << few << 128;
      QTest::addRow("q4, v q8, %d multiprocessors", few) << 1 << 1 << 0 << few << 128;
      QTest::addRow("q8, k and v q4, %d multiprocessors", few) << 0 << 1 << 1 << few << 128;
    }
    // Those that take several.
    QTest::addRow("nf4, k and v q8") << 2 << 0 << 0 << all << 128;
    QTest::addRow("nf4-dq, k and v q8") << 3 << 0 << 0 << all << 128;
    QTest::addRow("q4, k and v nf4") << 1 << 2 << 2 << all << 128;
    QTest::addRow("q4, k q8, v nf4") << 1 << 0 << 2 << all << 128;
    QTest::addRow("q4, k q8, v q4") << 1 << 0 << 1 << all << 128;
  }
  void severalMatrices() {
    QFETCH(int, format);
    QFETCH(int, keyFormat);
    QFETCH(int, valueFormat);
    QFETCH(int, multiprocessors);
    QFETCH(int, keyRows);
    const MatrixFormat f = kFormats[format];
    const std::size_t keys = static_cast<std::size_t>(keyRows), qkvRows = 640 + keys + 128;
    std::mt19937 random(7);
    gpu::DecodeModel model;
    model.shape = {1, 1024, 10, 2, 64, 2500, 512, 64, gpu::KvCacheFormat::f16, 1e-5f, 1.0f, 8};
    const RandomDeviceMatrix query(f, 640, 1024, random), key(kFormats[keyFormat], keyRows, 1024, random),
        value(kFormats[valueFormat], 128, 1024, random), gate(f, 2500, 1024, random), up(f, 2500, 1024, random);
    const DeviceArray<float> norm(gaussian(1024, 3)), keyBias(gaussian(keys, 4)), upBias(gaussian(2500, 5));
    gpu::LayerView layer;
    layer.query = query.view(), layer.key = key.view(), layer.value = value.view();
    layer.gate = gate.view(), layer.up = up.view();
    layer.inputNorm = layer.postNorm = norm.data();
    layer.keyBias = keyBias.data(), layer.upBias = upBias.data();
    model.layers = &layer;
    const DeviceArray<float> x(gaussian(1024, 6));
    model.workspace.x = const_cast<float*>(x.data());
    // As on the device: query, key, value and the gated rows.
    struct Rows {
      const char* what;
      std::size_t first, count;
      double limit;
    };
    const Rows parts[] = {{"query", 0, 640, limitOf(f)},
                          {"key", 640, keys, limitOf(kFormats[keyFormat])},
                          {"value", 640 + keys, 128, limitOf(kFormats[valueFormat])},
                          {"gated", qkvRows, 2500, 2.5 * limitOf(f)}};
    std::vector<float> results[2];
    for (const bool tensor : {false, true}) {
      DeviceArray<float> qkv(qkvRows), gated(2500);
      model.workspace.qkv = qkv.data(), model.workspace.gated = gated.data();
      model.tuning = tuningOf(tensor);
      model.tuning.multiprocessors = multiprocessors;
      QCOMPARE(gpu::decodeQkv(nullptr, model, 0), cudaSuccess);
      QCOMPARE(gpu::decodeGateUp(nullptr, model, 0), cudaSuccess);
      results[tensor] = qkv.fetch();
      const std::vector<float> second = gated.fetch();
      results[tensor].insert(results[tensor].end(), second.begin(), second.end());
    }
    for (const Rows& part : parts) {
      const auto rowsOf = [&](const std::vector<float>& all) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(part.first);
        return std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(part.count));
      };
      NIBBLE_COMPARE_ERROR(part.what, relativeError(rowsOf(results[1]), exactly(rowsOf(results[0]))), part.limit);
    }
  }

  void roundedForTheNextOne_data() {
    QTest::addColumn<int>("format");
    QTest::addColumn<int>("multiprocessors");
    QTest::addColumn<bool>("halves");
    for (int f = 0; f < 4; ++f)
      for (const int multiprocessors : {4, 5, 16, 32})  // of 5 blocks two have 32 rows more
        for (const bool halves : {false, true})
          QTest::addRow("%s, %d%s", kNames[f], multiprocessors, halves ? ", down too" : "")
              << f << multiprocessors << halves;
  }
  /// Output projection, gate and up, down, the next layer's query, key and value: each finds its input rounded by the
  /// one before, where the blocks are few enough to have 32 whole rows; down by halves.
  void roundedForTheNextOne() {
    QFETCH(int, format);
    QFETCH(int, multiprocessors);
    QFETCH(bool, halves);
    const MatrixFormat f = kFormats[format];
    std::mt19937 random(static_cast<unsigned>(format * 7 + multiprocessors));
    const RandomDeviceMatrix query(f, 640, 1024, random), key(f, 128, 1024, random), value(f, 128, 1024, random),
        output(f, 1024, 768, random), gate(f, 2560, 1024, random), up(f, 2560, 1024, random),
        down(f, 1024, 2560, random);
    gpu::DecodeModel model;
    model.shape = {2, 1024, 12, 2, 64, 2560, 512, 64, gpu::KvCacheFormat::f16, 1e-5f, 1.0f, 8};
    const DeviceArray<float> norm(gaussian(1024, 3)), bias(gaussian(1024, 4)), attention(gaussian(768, 5));
    gpu::LayerView layer;
    layer.query = query.view(), layer.key = key.view(), layer.value = value.view();
    layer.attentionOutput = output.view(), layer.gate = gate.view(), layer.up = up.view(), layer.down = down.view();
    layer.inputNorm = layer.postNorm = model.finalNorm = norm.data();
    layer.outputBias = bias.data();
    const gpu::LayerView layers[] = {layer, layer};
    model.layers = layers;
    model.workspace.attention = const_cast<float*>(attention.data());
    std::vector<float> results[2];
    for (const bool left : {false, true}) {
      DeviceArray<float> x(gaussian(1024, 6)), qkv(896), gated(2560);
      DeviceArray<std::uint8_t> rounded(std::vector<std::uint8_t>(gpu::roundedBytes(1024), 0)),
          roundedGated(std::vector<std::uint8_t>(gpu::roundedBytes(2560), 0));
      model.workspace.x = x.data(), model.workspace.qkv = qkv.data(), model.workspace.gated = gated.data();
      model.workspace.roundedX = left ? rounded.data() : nullptr;
      model.workspace.roundedGated = left && halves ? roundedGated.data() : nullptr;
      model.tuning = tuningOf(true);
      model.tuning.multiprocessors = multiprocessors;
      QCOMPARE(gpu::decodeProjectAttention(nullptr, model, 0), cudaSuccess);
      QCOMPARE(gpu::decodeGateUp(nullptr, model, 0), cudaSuccess);
      QCOMPARE(gpu::decodeProjectDown(nullptr, model, 0), cudaSuccess);
      QCOMPARE(gpu::decodeQkv(nullptr, model, 1), cudaSuccess);
      for (const std::vector<float>& part : {gated.fetch(), x.fetch(), qkv.fetch()})
        results[left].insert(results[left].end(), part.begin(), part.end());
      const std::vector<std::uint8_t> bytes = rounded.fetch();
      QCOMPARE(std::count(bytes.begin(), bytes.end(), 0) < 256, left);
      if (left && halves) areRoundedHalvesOf(gated.fetch(), roundedGated.fetch());
      if (QTest::currentTestFailed()) return;
    }
    // Sums in another order now and then round to the next integer, of which there are 127. The half with the smaller
    // scale is rounded twice: another half step, of some 1 / 127 of its largest value, in half of down's input.
    NIBBLE_COMPARE_ERROR("against rounding it themselves", relativeError(results[1], exactly(results[0])),
                         halves ? 1e-2 : 2e-3);
  }

  /// What makes the rows above that share a launch do so.
  void twoFormatsShareALaunch() {
    for (const int multiprocessors : {tuningOf(true).multiprocessors, 12})
      for (const auto& [narrowRows, wideRows] : {std::pair{640, 256}, std::pair{768, 128}, std::pair{256, 640}}) {
        gpu::DecodeTuning tuning = tuningOf(true);
        tuning.multiprocessors = multiprocessors;
        gpu::TwoTensorShapes shapes;
        QVERIFY(gpu::twoTensorShapes(problemOf(MatrixFormat::q4, narrowRows, 1024, tuning),
                                     problemOf(MatrixFormat::q8, wideRows, 1024, tuning), shapes));
        QVERIFY(multiprocessors > 12 || shapes.first.groups > 1);
      }
  }
};

QTEST_GUILESS_MAIN(TestProductsGpu)
#include "test_products_gpu.moc"

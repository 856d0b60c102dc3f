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
  /// `zeros`: rows that are to be nothing, first and end (q8, q4).
  RandomDeviceMatrix(MatrixFormat format, int rows, int columns, std::mt19937& random, std::pair<int, int> zeros = {})
      : m_bytes(bytesOf(format, rows, columns, random, zeros)), m_view{m_bytes.data(), format, rows, columns} {}
  const gpu::MatrixView& view() const { return m_view; }

 private:
  static std::vector<std::uint8_t> bytesOf(MatrixFormat format, int rows, int columns, std::mt19937& random,
                                           std::pair<int, int> zeros) {
    const gpu::MatrixLayout layout = gpu::matrixLayout(format, rows, columns);
    std::vector<std::uint8_t> bytes(layout.totalBytes);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    std::uniform_real_distribution<float> scale(0.01f, 0.02f);
    for (int row = 0; row < rows; ++row)
      for (int b = 0; format != MatrixFormat::nf4dq && b < columns / (format == MatrixFormat::nf4 ? 64 : 32); ++b) {
        const float value = row >= zeros.first && row < zeros.second ? 0.0f : scale(random);
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

/// What a layer's products leave, one behind the other; of down what it adds to x.
struct LayerResults {
  std::vector<float> gated, down, qkv;
  std::vector<std::uint8_t> roundedGated;
};

/// The products of a layer and the next one's query, key and value, of random matrices.
class LayerInARow {
 public:
  static constexpr int kHidden = 1024, kInner = 2560, kAttention = 768;
  std::vector<float> upBias;  ///< none, or of every row

  /// `zeros`: rows of the up projection that are nothing.
  LayerInARow(MatrixFormat format, unsigned seed, int multiprocessors, std::pair<int, int> zeros = {})
      : m_multiprocessors(multiprocessors),
        m_random(seed),
        m_query(format, 640, kHidden, m_random),
        m_key(format, 128, kHidden, m_random),
        m_value(format, 128, kHidden, m_random),
        m_output(format, kHidden, kAttention, m_random),
        m_gate(format, kInner, kHidden, m_random),
        m_up(format, kInner, kHidden, m_random, zeros),
        m_down(format, kHidden, kInner, m_random) {}

  /// `left`: each finds its input rounded by the one before; `halves`: down too, whose input in fp32 is spoilt then.
  LayerResults run(bool left, bool halves) {
    gpu::DecodeModel model;
    model.shape = {2, kHidden, 12, 2, 64, kInner, 512, 64, gpu::KvCacheFormat::f16, 1e-5f, 1.0f, 8};
    const DeviceArray<float> norm(gaussian(kHidden, 3)), bias(gaussian(kHidden, 4)), attention(gaussian(kAttention, 5)),
        up(upBias.empty() ? std::vector<float>(1) : upBias);
    gpu::LayerView layer;
    layer.query = m_query.view(), layer.key = m_key.view(), layer.value = m_value.view();
    layer.attentionOutput = m_output.view();
    layer.gate = m_gate.view(), layer.up = m_up.view(), layer.down = m_down.view();
    layer.inputNorm = layer.postNorm = model.finalNorm = norm.data();
    layer.outputBias = bias.data();
    if (!upBias.empty()) layer.upBias = up.data();
    const gpu::LayerView layers[] = {layer, layer};
    model.layers = layers;
    model.workspace.attention = const_cast<float*>(attention.data());
    DeviceArray<float> x(gaussian(kHidden, 6)), qkv(896), gated(kInner);
    DeviceArray<std::uint8_t> rounded(std::vector<std::uint8_t>(gpu::roundedBytes(kHidden), 0)),
        roundedGated(std::vector<std::uint8_t>(gpu::roundedBytes(kInner), 0));
    model.workspace.x = x.data(), model.workspace.qkv = qkv.data(), model.workspace.gated = gated.data();
    model.workspace.roundedX = left ? rounded.data() : nullptr;
    model.workspace.roundedGated = left && halves ? roundedGated.data() : nullptr;
    model.tuning = tuningOf(true);
    model.tuning.multiprocessors = m_multiprocessors;
    LayerResults results;
    verify(gpu::decodeProjectAttention(nullptr, model, 0));
    verify(gpu::decodeGateUp(nullptr, model, 0));
    const std::vector<float> before = x.fetch();
    results.gated = gated.fetch();
    results.roundedGated = roundedGated.fetch();
    if (left && halves) verify(cudaMemset(gated.data(), 0xff, kInner * sizeof(float)));  // NaN: nobody is to read it
    verify(gpu::decodeProjectDown(nullptr, model, 0));
    verify(gpu::decodeQkv(nullptr, model, 1));
    results.down = x.fetch();
    for (std::size_t i = 0; i < before.size(); ++i) results.down[i] -= before[i];
    results.qkv = qkv.fetch();
    const std::vector<std::uint8_t> bytes = rounded.fetch();
    if ((std::count(bytes.begin(), bytes.end(), 0) < 256) != left) qFatal("x is rounded where it should not, or not");
    return results;
  }

 private:
  static void verify(cudaError_t error) {
    if (error != cudaSuccess) qFatal("%s", cudaGetErrorString(error));
  }
  int m_multiprocessors;
  std::mt19937 m_random;
  RandomDeviceMatrix m_query, m_key, m_value, m_output, m_gate, m_up, m_down;
};

/// Whether `vector` has the values within half a step, with a scale per 16 that lets the largest be 127.
void verifyRoundedHalves(const std::vector<float>& values, const std::vector<std::uint8_t>& vector) {
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
    QTest::addColumn<int>("columns");
    const int all = tuningOf(true).multiprocessors;
    for (int f = 0; f < 4; ++f) QTest::addRow("%s", kNames[f]) << f << f << f << all << 128 << 1024;
    // Blocks with rows of two and of all three matrices.
    for (const int few : {24, 3})
      for (int f = 0; f < 4; ++f)
        QTest::addRow("%s, %d multiprocessors", kNames[f], few) << f << f << f << few << 128 << 1024;
    // The value does not begin with a panel of its own, so it has a launch of its own.
    for (int f = 0; f < 4; ++f) QTest::addRow("%s, 116 rows of key", kNames[f]) << f << f << f << all << 116 << 1024;
    // An odd number of strips, of which nf4-dq's rows are no multiple of 16 bytes.
    for (int f = 0; f < 4; ++f) QTest::addRow("%s, 768 columns", kNames[f]) << f << f << f << all << 128 << 768;
    // Two formats in one launch, with few multiprocessors several tiles a block.
    for (const int few : {all, 12}) {
      QTest::addRow("q4, k and v q8, %d multiprocessors", few) << 1 << 0 << 0 << few << 128 << 1024;
      QTest::addRow("q4, v q8, %d multiprocessors", few) << 1 << 1 << 0 << few << 128 << 1024;
      QTest::addRow("q8, k and v q4, %d multiprocessors", few) << 0 << 1 << 1 << few << 128 << 1024;
    }
    // Those that take several.
    QTest::addRow("nf4, k and v q8") << 2 << 0 << 0 << all << 128 << 1024;
    QTest::addRow("nf4-dq, k and v q8") << 3 << 0 << 0 << all << 128 << 1024;
    QTest::addRow("q4, k and v nf4") << 1 << 2 << 2 << all << 128 << 1024;
    QTest::addRow("q4, k q8, v nf4") << 1 << 0 << 2 << all << 128 << 1024;
    QTest::addRow("q4, k q8, v q4") << 1 << 0 << 1 << all << 128 << 1024;
  }
  void severalMatrices() {
    QFETCH(int, format);
    QFETCH(int, keyFormat);
    QFETCH(int, valueFormat);
    QFETCH(int, multiprocessors);
    QFETCH(int, keyRows);
    QFETCH(int, columns);
    const std::size_t hidden = static_cast<std::size_t>(columns);
    const MatrixFormat f = kFormats[format];
    const std::size_t keys = static_cast<std::size_t>(keyRows), qkvRows = 640 + keys + 128;
    std::mt19937 random(7);
    gpu::DecodeModel model;
    model.shape = {1, columns, 10, 2, 64, 2500, 512, 64, gpu::KvCacheFormat::f16, 1e-5f, 1.0f, 8};
    for (const int which : {format, keyFormat, valueFormat})
      QVERIFY(onTensorCores(kFormats[which], 128, columns, tuningOf(true)));
    const RandomDeviceMatrix query(f, 640, columns, random), key(kFormats[keyFormat], keyRows, columns, random),
        value(kFormats[valueFormat], 128, columns, random), gate(f, 2500, columns, random),
        up(f, 2500, columns, random);
    const DeviceArray<float> norm(gaussian(hidden, 3)), keyBias(gaussian(keys, 4)), upBias(gaussian(2500, 5));
    gpu::LayerView layer;
    layer.query = query.view(), layer.key = key.view(), layer.value = value.view();
    layer.gate = gate.view(), layer.up = up.view();
    layer.inputNorm = layer.postNorm = norm.data();
    layer.keyBias = keyBias.data(), layer.upBias = upBias.data();
    model.layers = &layer;
    const DeviceArray<float> x(gaussian(hidden, 6));
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
    LayerInARow layer(kFormats[format], static_cast<unsigned>(format * 7 + multiprocessors), multiprocessors);
    const LayerResults alone = layer.run(false, false), left = layer.run(true, halves);
    if (QTest::currentTestFailed()) return;
    if (halves) verifyRoundedHalves(left.gated, left.roundedGated);
    // Sums in another order now and then round to the next integer, of which there are 127. Of halves the one with the
    // smaller scale is rounded twice, the second time by a ratio of 8 bits: up to three quarters of a step, of some
    // 1 / 127 of the group's largest value, in half of down's input, and what comes of it behind.
    NIBBLE_COMPARE_ERROR("gated", relativeError(left.gated, exactly(alone.gated)), 2e-3);
    NIBBLE_COMPARE_ERROR("down", relativeError(left.down, exactly(alone.down)), halves ? 1e-2 : 2e-3);
    NIBBLE_COMPARE_ERROR("qkv", relativeError(left.qkv, exactly(alone.qkv)), halves ? 2.5e-2 : 3e-3);
  }

  void halvesOfNothingAndOfNoNumber_data() {
    QTest::addColumn<int>("format");
    for (const int f : {0, 1}) QTest::addRow("%s", kNames[f]) << f;
  }
  /// Halves of zeros have no scale; a NaN reaches every row of down.
  void halvesOfNothingAndOfNoNumber() {
    QFETCH(int, format);
    LayerInARow layer(kFormats[format], 5, 16, {32, 48});
    const LayerResults zeros = layer.run(true, true);
    if (QTest::currentTestFailed()) return;
    QCOMPARE(std::count(zeros.gated.begin() + 32, zeros.gated.begin() + 48, 0.0f), 16);
    for (const float v : zeros.down) QVERIFY(std::isfinite(v));
    NIBBLE_COMPARE_ERROR("down", relativeError(zeros.down, exactly(layer.run(false, false).down)), 1e-2);
    layer.upBias = std::vector<float>(LayerInARow::kInner, 0);
    layer.upBias[70] = std::nanf("");
    for (const float v : layer.run(true, true).down) QVERIFY(std::isnan(v));
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

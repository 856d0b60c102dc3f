// The GPU's quantizers against the CPU's codecs (q8, nf4 and nf4-dq byte for byte, q4 by its error), and reading
// weights back.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstring>

#include "core/precision/codec.h"
#include "kernels/blocks.h"
#include "kernels/cuda/dequantize.h"
#include "kernels/cuda/quantize.h"
#include "kernels/dynamic_code.h"
#include "kernels/half.h"
#include "tests/support/device_array.h"

using namespace nibble;
using namespace nibble::test;
using gpu::Element;
using gpu::MatrixFormat;
using gpu::SourceType;

namespace {
struct Shape {
  int rows, columns;
};
constexpr Shape kShapes[] = {{64, 256}, {5, 4096}, {128, 77}, {3, 1}, {64, 96}};

/// Values as a file of `type` holds them, and exactly those as floats.
struct Source {
  std::vector<std::uint8_t> bytes;
  std::vector<float> values;
  SourceType type;
  Source(std::vector<float> wanted, SourceType kind) : values(std::move(wanted)), type(kind) {
    bytes.resize(values.size() * (type == SourceType::f32 ? 4 : 2));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (type == SourceType::f32) std::memcpy(&bytes[i * 4], &values[i], 4);
      if (type == SourceType::f16) {
        const __half half = __float2half(values[i]);
        std::memcpy(&bytes[i * 2], &half, 2);
        values[i] = __half2float(half);
      }
      if (type == SourceType::bf16) {
        const __nv_bfloat16 half = __float2bfloat16(values[i]);
        std::memcpy(&bytes[i * 2], &half, 2);
        values[i] = __bfloat162float(half);
      }
    }
  }
};

std::vector<float> difficult(int count, unsigned seed) {
  auto values = gaussian(static_cast<std::size_t>(count), seed, 0.02f);
  for (int i = 0; i < count && i < 64; ++i) values[i] = 0.0f;  // a block of zeros
  if (count > 200) values[170] = 3.0f;                         // an outlier
  return values;
}

struct Quantized {
  std::vector<std::uint8_t> bytes;
  gpu::MatrixLayout layout;
};

/// `cut`: the rows come in two pieces, the second from this one on.
Quantized quantizeOnGpu(MatrixFormat format, const Source& source, Shape shape, int cut = 0) {
  const gpu::MatrixLayout layout = gpu::matrixLayout(format, shape.rows, shape.columns);
  DeviceArray<std::uint8_t> from(source.bytes), to(std::vector<std::uint8_t>(layout.totalBytes, 0));
  const gpu::MatrixView view{to.data(), format, shape.rows, shape.columns};
  const std::int64_t blocks = (std::int64_t(shape.rows) * shape.columns + 63) / 64;
  DeviceArray<float> absmax(static_cast<std::size_t>(blocks));
  const bool nf4 = format == MatrixFormat::nf4 || format == MatrixFormat::nf4dq;
  cudaError_t status = cudaSuccess;
  const auto quantize = [&](int firstRow, int rows) {
    const std::size_t before = source.bytes.size() / static_cast<std::size_t>(shape.rows) * firstRow;
    const gpu::SourcePiece piece{from.data() + before, source.type, firstRow, rows};
    if (nf4) status = gpu::nf4_absmax(nullptr, piece, shape.columns, absmax.data());
    if (status != cudaSuccess) return;
    status = format == MatrixFormat::q8   ? gpu::quantize_q8(nullptr, piece, view)
             : format == MatrixFormat::q4 ? gpu::quantize_q4(nullptr, piece, view)
             : nf4                        ? gpu::quantize_nf4(nullptr, piece, view, absmax.data())
                                          : gpu::store_rows(nullptr, piece, view);
  };
  if (cut > 0) quantize(0, cut);
  if (status == cudaSuccess) quantize(cut, shape.rows - cut);
  if (status == cudaSuccess && format == MatrixFormat::nf4)
    status = gpu::place_nf4_absmax(nullptr, absmax.data(), 0, blocks, view);
  if (status == cudaSuccess && format == MatrixFormat::nf4dq) {
    DeviceArray<float> code(std::vector<float>(kDynamicCode, kDynamicCode + 256));
    status = gpu::nest_nf4_absmax(nullptr, absmax.data(), view, meanAbsmax(absmax.fetch()), code.data());
  }
  if (status != cudaSuccess) qFatal("quantize: %s", cudaGetErrorString(status));
  return {to.fetch(), layout};
}

int nibbleAt(const Quantized& q, int row, int column) {
  return q.bytes[q.layout.codeAt(row, column / 2)] >> (column % 2 * 4) & 15;
}

std::vector<float> readBack(MatrixFormat format, const Quantized& q, Shape shape, Element element) {
  DeviceArray<std::uint8_t> data(q.bytes);
  const int stride = (shape.columns + 7) / 8 * 8;
  DeviceArray<std::uint8_t> out(static_cast<std::size_t>(shape.rows) * stride * gpu::elementBytes(element));
  const gpu::MatrixView view{data.data(), format, shape.rows, shape.columns};
  if (gpu::dequantize_rows(nullptr, view, 0, shape.rows, out.data(), element) != cudaSuccess) qFatal("dequantize");
  const auto bytes = out.fetch();
  std::vector<float> values;
  for (int r = 0; r < shape.rows; ++r)
    for (int c = 0; c < stride; ++c) {
      const std::size_t at = static_cast<std::size_t>(r * stride + c);
      float value = 0;
      if (element == Element::f32) value = reinterpret_cast<const float*>(bytes.data())[at];
      if (element == Element::f16) value = __half2float(reinterpret_cast<const __half*>(bytes.data())[at]);
      if (element == Element::bf16) value = __bfloat162float(reinterpret_cast<const __nv_bfloat16*>(bytes.data())[at]);
      if (c < shape.columns)
        values.push_back(value);
      else if (value != 0)
        qFatal("padding is not zero");
    }
  return values;
}

/// What the CPU's codec makes of the same values, read back.
std::vector<float> cpuRoundTrip(Format format, const std::vector<float>& values, Shape shape) {
  std::vector<float> out(values.size());
  if (format == Format::nf4 || format == Format::nf4dq) {
    Nf4Tensor tensor = makeNf4Tensor(static_cast<std::int64_t>(values.size()));
    quantizeNf4(tensor, values.data(), 0, tensor.count);
    if (format == Format::nf4dq) doubleQuantize(tensor, meanAbsmax(tensor.absmax));
    dequantizeNf4(tensor, 0, tensor.count, out.data());
    return out;
  }
  std::vector<std::uint8_t> bytes(storedBytes(format, shape.rows, shape.columns));
  quantizeRows(format, values.data(), shape.rows, shape.columns, {}, bytes.data());
  dequantizeRows(format, bytes.data(), shape.rows, shape.columns, out.data());
  return out;
}
}  // namespace

class TestQuantizeGpu : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() { NIBBLE_NEED_CUDA_DEVICE(); }

  void q8BytesEqualTheCodec() {
    for (const SourceType type : {SourceType::f32, SourceType::f16, SourceType::bf16})
      for (const Shape shape : kShapes) {
        const Source source(difficult(shape.rows * shape.columns, 21), type);
        const Quantized gpuSide = quantizeOnGpu(MatrixFormat::q8, source, shape);
        const int blocks = (shape.columns + 31) / 32;
        std::vector<BlockQ8> cpu(static_cast<std::size_t>(shape.rows * blocks));
        quantizeRows(Format::q8, source.values.data(), shape.rows, shape.columns, {}, cpu.data());
        for (int r = 0; r < shape.rows; ++r)
          for (int b = 0; b < blocks; ++b) {
            const BlockQ8& block = cpu[static_cast<std::size_t>(r * blocks + b)];
            QVERIFY2(std::memcmp(&gpuSide.bytes[gpuSide.layout.codeAt(r, b * 32)], block.values, 32) == 0,
                     qPrintable(QString("row %1 block %2").arg(r).arg(b)));
            QVERIFY(std::memcmp(&gpuSide.bytes[gpuSide.layout.scaleAt(r, b * 2)], &block.scale, 2) == 0);
          }
      }
  }

  void nf4BytesEqualTheCodec() {
    for (const SourceType type : {SourceType::f32, SourceType::f16, SourceType::bf16})
      for (const Shape shape : kShapes) {
        const Source source(difficult(shape.rows * shape.columns, 22), type);
        Nf4Tensor tensor = makeNf4Tensor(shape.rows * shape.columns);
        quantizeNf4(tensor, source.values.data(), 0, tensor.count);
        const std::vector<float> absmax = tensor.absmax;
        const Quantized plain = quantizeOnGpu(MatrixFormat::nf4, source, shape),
                        nested = quantizeOnGpu(MatrixFormat::nf4dq, source, shape);
        doubleQuantize(tensor, meanAbsmax(absmax));
        for (int i = 0; i < tensor.count; ++i) {
          const int byte = tensor.nibbles[static_cast<std::size_t>(i / 2)], code = i % 2 == 0 ? byte >> 4 : byte & 15;
          QCOMPARE(nibbleAt(plain, i / shape.columns, i % shape.columns), code);
          QCOMPARE(nibbleAt(nested, i / shape.columns, i % shape.columns), code);
        }
        const auto scalePlace = [&](const Quantized& q, std::size_t block, std::size_t size) {
          return q.layout.absmaxAt(static_cast<std::int64_t>(block), static_cast<std::int64_t>(size));
        };
        for (std::size_t b = 0; b < absmax.size(); ++b) {
          QVERIFY(std::memcmp(&plain.bytes[scalePlace(plain, b, 4)], &absmax[b], 4) == 0);
          QCOMPARE(nested.bytes[scalePlace(nested, b, 1)], tensor.codes[b]);
        }
        const std::uint8_t* tail = &nested.bytes[nested.layout.nestedOffset];
        QVERIFY(std::memcmp(tail, &tensor.offset, 4) == 0);
        QVERIFY(std::memcmp(tail + gpu::kNestedHeadBytes, tensor.nested.data(), tensor.nested.size() * 4) == 0);
      }
  }

  void q4BytesEqualTheCodec() {
    for (const SourceType type : {SourceType::f32, SourceType::f16, SourceType::bf16})
      for (const Shape shape : {Shape{512, 1024}, Shape{5, 4096}, Shape{128, 77}, Shape{3, 1}}) {
        auto values = difficult(shape.rows * shape.columns, 23);
        for (std::size_t i = 100; i < std::min<std::size_t>(132, values.size()); ++i)
          values[i] *= 1e-6f;  // scales below fp16's normal numbers
        const Source source(values, type);
        const Quantized gpuSide = quantizeOnGpu(MatrixFormat::q4, source, shape);
        const int blocks = (shape.columns + 31) / 32;
        std::vector<BlockQ4> cpu(static_cast<std::size_t>(shape.rows * blocks));
        quantizeRows(Format::q4, source.values.data(), shape.rows, shape.columns, {}, cpu.data());
        int different = 0;
        for (int r = 0; r < shape.rows; ++r)
          for (int b = 0; b < blocks; ++b) {
            const BlockQ4& block = cpu[static_cast<std::size_t>(r * blocks + b)];
            bool same = std::memcmp(&gpuSide.bytes[gpuSide.layout.scaleAt(r, b * 2)], &block.scale, 2) == 0;
            for (int i = 0; i < 32; ++i)
              same = same && nibbleAt(gpuSide, r, b * 32 + i) == (block.nibbles[i % 16] >> (i / 16 * 4) & 15);
            different += !same;
          }
        QCOMPARE(different, 0);
      }
  }

  /// As files are uploaded and tiles of prefill read: from any row of a panel on.
  void piecesMayBeginWithinAPanel() {
    const Shape shape{21, 256};
    const Source source(difficult(shape.rows * shape.columns, 27), SourceType::bf16);
    for (const MatrixFormat format : {MatrixFormat::q8, MatrixFormat::q4, MatrixFormat::nf4, MatrixFormat::nf4dq}) {
      const Quantized whole = quantizeOnGpu(format, source, shape);
      QVERIFY(whole.layout.panelRows > 5);
      QVERIFY(quantizeOnGpu(format, source, shape, 5).bytes == whole.bytes);
      const auto all = readBack(format, whole, shape, Element::f32);
      DeviceArray<std::uint8_t> data(whole.bytes);
      DeviceArray<float> some(9 * 256);
      QCOMPARE(gpu::dequantize_rows(nullptr, {data.data(), format, shape.rows, shape.columns}, 5, 9, some.data(),
                                    Element::f32),
               cudaSuccess);
      QVERIFY(some.fetch() == std::vector<float>(all.begin() + 5 * 256, all.begin() + 14 * 256));
    }
  }

  void notFiniteBlocksAreMarked() {
    auto values = difficult(4 * 256, 24);
    values[300] = NAN, values[700] = INFINITY;
    const Source source(values, SourceType::f32);
    for (const MatrixFormat format : {MatrixFormat::q8, MatrixFormat::q4}) {
      const auto read = readBack(format, quantizeOnGpu(format, source, {4, 256}), {4, 256}, Element::f32);
      for (int i = 0; i < 4 * 256; ++i) QCOMPARE(std::isnan(read[i]), i / 32 == 300 / 32 || i / 32 == 700 / 32);
    }
  }

  void readsBackWhatTheCodecReads() {
    for (const Shape shape : kShapes)
      for (const MatrixFormat format : {MatrixFormat::f32, MatrixFormat::f16, MatrixFormat::bf16, MatrixFormat::q8,
                                        MatrixFormat::nf4, MatrixFormat::nf4dq}) {
        const Source source(difficult(shape.rows * shape.columns, 25), SourceType::bf16);
        const Quantized q = quantizeOnGpu(format, source, shape);
        const auto cpu = cpuRoundTrip(static_cast<Format>(format), source.values, shape);
        QCOMPARE(readBack(format, q, shape, Element::f32), cpu);
        NIBBLE_COMPARE_ERROR("fp16", relativeError(readBack(format, q, shape, Element::f16), cpu), 4e-4);
        NIBBLE_COMPARE_ERROR("bf16", relativeError(readBack(format, q, shape, Element::bf16), cpu), 3e-3);
      }
  }

  void embeddingRowsAreRead() {
    const Shape shape{40, 96};
    const Source source(difficult(shape.rows * shape.columns, 26), SourceType::bf16);
    const std::vector<std::int32_t> ids{39, 0, 7, 7, 40, -1};
    for (const MatrixFormat format : {MatrixFormat::f32, MatrixFormat::bf16, MatrixFormat::q8, MatrixFormat::q4,
                                      MatrixFormat::nf4, MatrixFormat::nf4dq}) {
      const Quantized q = quantizeOnGpu(format, source, shape);
      const auto all = readBack(format, q, shape, Element::f32);
      DeviceArray<std::uint8_t> data(q.bytes);
      DeviceArray<std::int32_t> deviceIds(ids);
      DeviceArray<float> out(ids.size() * shape.columns);
      QCOMPARE(gpu::embed_rows(nullptr, {data.data(), format, shape.rows, shape.columns}, deviceIds.data(), out.data(),
                               int(ids.size())),
               cudaSuccess);
      const auto rows = out.fetch();
      for (std::size_t r = 0; r < ids.size(); ++r)
        for (int c = 0; c < shape.columns; ++c) {
          if (ids[r] < 0 || ids[r] >= shape.rows)
            QVERIFY(std::isnan(rows[r * shape.columns + c]));
          else
            QCOMPARE(rows[r * shape.columns + c], all[static_cast<std::size_t>(ids[r] * shape.columns + c)]);
        }
    }
  }
};

QTEST_APPLESS_MAIN(TestQuantizeGpu)
#include "test_quantize_gpu.moc"

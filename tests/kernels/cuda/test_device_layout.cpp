// Where weights lie in device memory: every byte of a matrix has a place of its own within what is allocated, and parts
// of a panel are whole strips. No card is needed.
#include <QtTest>
#include <vector>

#include "kernels/cuda/device_layout.h"

using namespace nibble::gpu;

namespace {
constexpr MatrixFormat kFormats[] = {MatrixFormat::f32, MatrixFormat::f16,   MatrixFormat::bf16, MatrixFormat::q8,
                                     MatrixFormat::nf4, MatrixFormat::nf4dq, MatrixFormat::q4};
constexpr const char* kNames[] = {"f32", "f16", "bf16", "q8", "nf4", "nf4-dq", "q4"};

std::int64_t codeBytes(MatrixFormat format, std::int64_t columns) {
  switch (format) {
    case MatrixFormat::f32:
      return columns * 4;
    case MatrixFormat::f16:
    case MatrixFormat::bf16:
      return columns * 2;
    case MatrixFormat::q8:
      return columns;
    default:
      return (columns + 1) / 2;
  }
}
std::int64_t scaleBytes(const MatrixLayout& layout, MatrixFormat format, std::int64_t columns) {
  if (layout.flat || format < MatrixFormat::q8) return 0;
  if (format == MatrixFormat::nf4) return columns / 64 * 4;
  if (format == MatrixFormat::nf4dq) return columns / 64;
  return (columns + 31) / 32 * 2;
}
}  // namespace

class TestDeviceLayout : public QObject {
  Q_OBJECT
 private slots:
  void everyByteHasItsOwnPlace_data() {
    QTest::addColumn<int>("format");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    for (int f = 0; f < 7; ++f)
      for (const int rows : {1, 8, 16, 33})
        for (const int columns : {1, 77, 96, 256, 320, 768, 1280})
          QTest::addRow("%s, %d x %d", kNames[f], rows, columns) << f << rows << columns;
  }
  void everyByteHasItsOwnPlace() {
    QFETCH(int, format);
    QFETCH(int, rows);
    QFETCH(int, columns);
    const MatrixFormat f = kFormats[format];
    const MatrixLayout layout = matrixLayout(f, rows, columns);
    std::vector<bool> taken(layout.flatOffset);
    const auto take = [&](std::uint64_t at) {
      QVERIFY(at < layout.flatOffset);
      QVERIFY(!taken[at]);
      taken[at] = true;
    };
    for (int row = 0; row < rows; ++row) {
      for (std::int64_t b = 0; b < codeBytes(f, columns); ++b) take(layout.codeAt(row, b));
      for (std::int64_t b = 0; b < scaleBytes(layout, f, columns); ++b) take(layout.scaleAt(row, b));
      if (QTest::currentTestFailed()) return;
    }
    if (rows % layout.panelRows == 0 && layout.panelRows > 1)
      QCOMPARE(std::count(taken.begin(), taken.end(), false), 0);  // panels have no gaps
    QVERIFY(layout.flatOffset <= layout.nestedOffset && layout.nestedOffset <= layout.totalBytes);
    QCOMPARE(layout.panelRows, columns % kStripColumns == 0 && f >= MatrixFormat::q8 ? panelRowsOf(f) : 1);
  }

  /// Room for a scale a half, whole groups or not.
  void roundedVectorsHaveRoomForHalves() {
    for (std::uint64_t columns = kRoundedHalf; columns < 20000; columns += kRoundedHalf)
      QVERIFY(roundedBytes(columns) >= columns + columns / kRoundedHalf * sizeof(float));
  }

  /// What the products on tensor cores copy and how they find their way in it: strips of a panel one behind the other,
  /// in each the rows' codes, then their scales; all copies of whole 16 bytes from such.
  void panelsAreStripsInARow() {
    for (const MatrixFormat f : {MatrixFormat::q8, MatrixFormat::nf4, MatrixFormat::nf4dq, MatrixFormat::q4})
      for (const int columns : {256, 768, 4096}) {
        const MatrixLayout layout = matrixLayout(f, 40, columns);
        const std::uint64_t rows = static_cast<std::uint64_t>(layout.panelRows),
                            strip = rows * (layout.codeBytes() + layout.scaleBytes());
        QCOMPARE(strip % 16, 0u);
        QCOMPARE(layout.nestedOffset % 16, 0u);
        QCOMPARE(rows * layout.stride, strip * static_cast<std::uint64_t>(columns / kStripColumns));
        for (std::int64_t row = 0; row < 40; ++row)
          for (int s = 0; s < columns / kStripColumns; ++s) {
            const std::uint64_t inPanel = static_cast<std::uint64_t>(row) % rows,
                                begin = static_cast<std::uint64_t>(row) / rows * rows * layout.stride +
                                        static_cast<std::uint64_t>(s) * strip;
            QCOMPARE(layout.codeAt(row, s * static_cast<std::int64_t>(layout.codeBytes())),
                     begin + inPanel * layout.codeBytes());
            QCOMPARE(layout.scaleAt(row, s * static_cast<std::int64_t>(layout.scaleBytes())),
                     begin + rows * layout.codeBytes() + inPanel * layout.scaleBytes());
          }
      }
  }
};

QTEST_APPLESS_MAIN(TestDeviceLayout)
#include "test_device_layout.moc"

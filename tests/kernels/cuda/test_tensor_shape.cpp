// The layout of tensor-core products over blocks and shared memory, and the walk of their warps along the ring: plain
// arithmetic and a simulation in which copies come in any order and every warp may be ahead or late. No card is needed.
#include <QtTest>
#include <functional>
#include <random>

#include "kernels/cuda/device_layout.h"
#include "kernels/cuda/first_part.h"
#include "kernels/cuda/ring_place.h"
#include "kernels/cuda/tensor_shape.h"

using namespace nibble::gpu;

namespace {
/// An mbarrier as the instructions see it: its phase ends when all have arrived and all bytes have come.
struct Barrier {
  explicit Barrier(int count = 1) : arrivals(count), missing(count) {}
  int arrivals, missing, bytes = 0;
  unsigned phase = 0;
  void arrive(int expected = 0) {
    bytes += expected;
    --missing;
    settle();
  }
  void complete(int copied) {
    bytes -= copied;
    settle();
  }
  /// Of the last phase and the one before only: the parity is all that is asked for.
  bool passed(unsigned parity) const { return (phase & 1) != parity; }

 private:
  void settle() {
    if (missing > 0 || bytes > 0) return;
    ++phase;
    missing = arrivals;
  }
};

/// One block's ring: the asking warp and, of each group, one warp a part, each step of each in random order.
class RingSimulation {
 public:
  RingSimulation(const TensorShape& shape, unsigned seed)
      : m_shape(shape),
        m_random(seed),
        m_come(static_cast<std::size_t>(shape.places * shape.parts)),
        m_free(static_cast<std::size_t>(shape.places), Barrier(shape.parts)),
        m_holds(m_come.size(), -1) {
    for (int g = 0; g < shape.groups; ++g)
      for (int part = 0; part < shape.parts; ++part) {
        m_readers.push_back({part, g, {}});
        m_readers.back().at.advance(shape.places, g);
      }
  }

  /// Empty if all tiles were read as they came, else what went wrong.
  QString run() {
    const int actors = static_cast<int>(m_readers.size()) + 2;
    int idle = 0;
    while (!done()) {
      const int actor = static_cast<int>(m_random() % static_cast<unsigned>(actors));
      const bool moved = actor == 0   ? ask()
                         : actor == 1 ? copy()
                                      : read(m_readers[static_cast<std::size_t>(actor - 2)]);
      if (!m_wrong.isEmpty()) return m_wrong;
      idle = moved ? 0 : idle + 1;
      if (idle > 2000 * actors) return "nothing moves any more";
    }
    return {};
  }

 private:
  struct Reader {
    int part = 0, tile = 0;
    RingPlace at;
  };
  struct Copy {
    std::size_t part;
    int tile;
  };
  bool done() const {
    for (const Reader& reader : m_readers)
      if (reader.tile < m_shape.tiles) return false;
    return m_tile == m_shape.tiles;
  }
  std::size_t partAt(int slot, int part) const { return static_cast<std::size_t>(slot * m_shape.parts + part); }

  /// askForFirst and askForTiles, one part a call.
  bool ask() {
    if (m_tile == m_shape.tiles) return false;
    if (m_part == 0 && m_tile >= m_shape.places &&
        !m_free[static_cast<std::size_t>(m_place.slot)].passed(m_place.phase ^ 1))
      return false;
    if (m_underWay == m_shape.partsUnderWay) {
      if (!m_come[static_cast<std::size_t>(m_arrived.slot)].passed(m_arrived.phase)) return false;
      m_arrived.next(m_shape.places * m_shape.parts);
      --m_underWay;
    }
    const std::size_t part = partAt(m_place.slot, m_part);
    m_come[part].arrive(1);
    m_copies.push_back({part, m_tile});
    ++m_underWay;
    if (++m_part == m_shape.parts) m_part = 0, ++m_tile, m_place.next(m_shape.places);
    return true;
  }
  bool copy() {
    if (m_copies.empty()) return false;
    const std::size_t which = m_random() % m_copies.size();
    const Copy copy = m_copies[which];
    m_copies.erase(m_copies.begin() + static_cast<std::ptrdiff_t>(which));
    m_holds[copy.part] = copy.tile;
    m_come[copy.part].complete(1);
    return true;
  }
  /// TileWalk, one tile a call: it waits for its own part only.
  bool read(Reader& reader) {
    if (reader.tile >= m_shape.tiles) return false;
    const std::size_t part = partAt(reader.at.slot, reader.part);
    if (!m_come[part].passed(reader.at.phase)) return false;
    if (m_holds[part] != reader.tile) m_wrong = QString("tile %1 was taken before it had come").arg(reader.tile);
    if (reader.tile + m_shape.places < m_shape.tiles) m_free[static_cast<std::size_t>(reader.at.slot)].arrive();
    reader.tile += m_shape.groups;
    reader.at.advance(m_shape.places, m_shape.groups);
    return true;
  }

  const TensorShape m_shape;
  std::mt19937 m_random;
  std::vector<Barrier> m_come, m_free;
  std::vector<int> m_holds;  // of each part of each place: the tile that lies there
  std::vector<Reader> m_readers;
  std::vector<Copy> m_copies;
  RingPlace m_place, m_arrived;
  int m_tile = 0, m_part = 0, m_underWay = 0;
  QString m_wrong;
};

/// A random product on a random card.
TensorProblem randomProblem(std::mt19937& random) {
  constexpr MatrixFormat formats[] = {MatrixFormat::q8, MatrixFormat::q4, MatrixFormat::nf4, MatrixFormat::nf4dq};
  constexpr int blockKiB[] = {48, 64, 99, 163, 227}, multiprocessors[] = {1, 20, 46, 84, 132, 170};
  TensorProblem p;
  const MatrixFormat format = formats[random() % 4];
  p.columns = kStripColumns * static_cast<int>(1 + random() % 64);
  p.rows = static_cast<int>(1 + (random() % 4 == 0 ? random() % 200000 : random() % 20000));
  p.sides = static_cast<int>(1 + random() % 2);
  p.stride = static_cast<int>(matrixLayout(format, p.rows, p.columns).stride);
  p.tileRows = panelRowsOf(format);
  p.nested = format == MatrixFormat::nf4dq;
  p.multiprocessors = multiprocessors[random() % 6];
  p.blockKiB = blockKiB[random() % 5];
  if (random() % 2 == 0) p.rows = (p.rows + 31) / 32 * 32;
  const int unit = p.sides == 2 ? kRoundedHalf : kRoundedGroup;
  if (unit > p.tileRows && unitsFit(p.rows, unit, p.tileRows, p.multiprocessors)) p.rowUnit = unit;
  return p;
}

/// Bytes of the block with the most rows.
std::int64_t bytesOfBlock(const TensorProblem& p, const TensorShape& s) {
  return static_cast<std::int64_t>(mostRows(p.rows, p.unit(), s.grid)) * p.sides * p.stride;
}
}  // namespace

class TestTensorShape : public QObject {
  Q_OBJECT

  static void keepsItsLimits(const TensorProblem& p, const TensorShape& s) {
    QCOMPARE(s.warpsPerRow * s.stripsOfWarp * kStripColumns, p.columns);
    QVERIFY(s.groups >= 1 && s.warpsPerRow * s.groups <= mostTensorWarps(s.stripsOfWarp));
    QVERIFY(s.sharedBytes + kTensorStaticBytes <= static_cast<std::size_t>(p.blockKiB) * 1024);
    QVERIFY(s.grid >= 1 && s.grid <= (p.rows + p.unit() - 1) / p.unit());
    QVERIFY(s.places >= 1 && s.places <= kMostTensorPlaces && s.places <= s.tiles);
    QVERIFY(s.parts <= kMostTileParts && s.partsUnderWay >= 1 && s.partsUnderWay <= s.places * s.parts);
    // Parts have whole warps' strips, and none is empty.
    const int strips = p.columns / kStripColumns;
    QCOMPARE(s.partStrips % s.stripsOfWarp, 0);
    QVERIFY(s.parts * s.partStrips >= strips && (s.parts - 1) * s.partStrips < strips);
  }

 private slots:
  void everyShapeKeepsItsLimits() {
    std::mt19937 random(1);
    int fitting = 0, inUnits = 0;
    for (int i = 0; i < 200000; ++i) {
      const TensorProblem p = randomProblem(random);
      TensorShape s;
      if (!tensorShape(p, s)) continue;
      ++fitting;
      inUnits += p.rowUnit > 1;
      keepsItsLimits(p, s);
      if (QTest::currentTestFailed()) return;
    }
    QVERIFY(fitting > 20000);
    QVERIFY(inUnits > 2000);
  }

  /// What a launch reckons for its blocks is what each would find out about its own first rows.
  void firstPartsAreThoseOfTheBlocks() {
    std::mt19937 random(5);
    const auto upTo = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most + 1)); };
    int later = 0;
    for (int i = 0; i < 20000; ++i) {
      const int total = 1 + upTo(6000), unit = 8 << upTo(2), blocks = 1 + upTo((total - 1) / unit);
      const std::uint32_t stride = 16u * static_cast<unsigned>(1 + upTo(400)), bytes = 16 * stride;
      const BlockRows rows = dealRows(total, unit, blocks);
      QVERIFY(rows.firstOf(blocks - 1) < total);
      QCOMPARE(mostRows(total, unit, blocks), rows.countOf(0));
      QVERIFY(rows.firstOf(blocks) >= total && rows.firstOf(blocks) < total + unit);
      std::int32_t starts[kMatvecSegments] = {0, upTo(total), 0x7fffffff};
      if (upTo(1)) starts[2] = starts[1] + upTo(total - starts[1]);
      const bool oneMatrix = upTo(3) == 0;
      const FirstPart first = firstPartOf(rows, blocks, bytes, stride, starts, oneMatrix);
      for (int block = 0; block < blocks; ++block) {
        const int row = rows.firstOf(block);
        const int matrix = oneMatrix ? 0 : (row >= starts[1]) + (row >= starts[2]);
        QCOMPARE(rows.firstOf(block) + rows.countOf(block), rows.firstOf(block + 1));
        QCOMPARE(first.matrixOf(block), matrix);
        later += matrix > 0;
        QCOMPARE(first.bytes, bytes);
        QCOMPARE(first.offsetOf(block), static_cast<std::uint64_t>(row) * stride);
      }
    }
    QVERIFY(later > 100000);
  }

  void noTileIsTakenBeforeItHasCome() {
    std::mt19937 random(2);
    int walked = 0;
    for (int i = 0; walked < 1500 && i < 100000; ++i) {
      TensorShape s;
      if (!tensorShape(randomProblem(random), s) || s.tiles > 120) continue;
      ++walked;
      const QString wrong = RingSimulation(s, random()).run();
      QVERIFY2(wrong.isEmpty(), qPrintable(QString("%1 (%2 places, %3 tiles, %4 groups, %5 parts, %6 under way)")
                                               .arg(wrong)
                                               .arg(s.places)
                                               .arg(s.tiles)
                                               .arg(s.groups)
                                               .arg(s.parts)
                                               .arg(s.partsUnderWay)));
    }
    QCOMPARE(walked, 1500);
  }

  /// What the bound on groups is for: without it the simulation finds a tile that is taken too early.
  void moreGroupsThanPlacesWouldNotDo() {
    TensorShape s;
    s.places = 8, s.tiles = 40, s.groups = 16, s.partsUnderWay = 2;
    QVERIFY(!groupsAreSafe(s, s.groups));
    QVERIFY(!RingSimulation(s, 3).run().isEmpty());
    s.groups = 8;
    QVERIFY(groupsAreSafe(s, s.groups));
    QCOMPARE(RingSimulation(s, 3).run(), QString());
  }

  /// What its other half is for: places that are no multiple of the groups, and more parts under way than they allow.
  void morePartsUnderWayThanPlacesWouldNotDo() {
    TensorShape s;
    s.places = 3, s.tiles = 40, s.groups = 2, s.parts = 4, s.partsUnderWay = 8;
    QVERIFY(!groupsAreSafe(s, s.groups));
    QVERIFY(!RingSimulation(s, 3).run().isEmpty());
    s.partsUnderWay = 4;
    QVERIFY(groupsAreSafe(s, s.groups));
    QCOMPARE(RingSimulation(s, 3).run(), QString());
  }

  void twoProductsShareTheMultiprocessors() {
    std::mt19937 random(4);
    int fitting = 0, alone = 0;
    for (int i = 0; i < 20000; ++i) {
      TensorProblem first = randomProblem(random), second = randomProblem(random);
      first.rowUnit = second.rowUnit = 1;
      first.rows = 1 + first.rows % 16384, second.rows = 1 + second.rows % 16384;  // as q, k and v have them
      second.multiprocessors = first.multiprocessors, second.blockKiB = first.blockKiB;
      second.tileRows = 8, second.nested = false;
      if (i % 8 != 0) second.columns = first.columns;
      second.stride = static_cast<int>(matrixLayout(MatrixFormat::q8, second.rows, second.columns).stride);
      TwoTensorShapes s;
      const bool fits = twoTensorShapes(first, second, s);
      if (first.columns != second.columns || first.multiprocessors == 1) {
        QVERIFY(!fits);
        continue;
      }
      TensorShape each;
      if (!fits) {
        alone += tensorShape(first, each) && tensorShape(second, each);
        continue;
      }
      ++fitting;
      keepsItsLimits(first, s.first);
      keepsItsLimits(second, s.second);
      if (QTest::currentTestFailed()) return;
      QVERIFY(s.first.grid + s.second.grid <= first.multiprocessors);
      QCOMPARE(s.first.threads(), s.second.threads());
      // No other split has less in its fullest block.
      const auto fullest = [&](int blocks) {
        const auto bytes = [](const TensorProblem& p, int share) {
          return static_cast<std::int64_t>(mostRows(p.rows, p.unit(), share)) * p.sides * p.stride;
        };
        return std::max(bytes(first, blocks), bytes(second, first.multiprocessors - blocks));
      };
      for (int blocks = 1; blocks < first.multiprocessors; ++blocks)
        QVERIFY(std::max(bytesOfBlock(first, s.first), bytesOfBlock(second, s.second)) <= fullest(blocks));
      if (fitting % 40 == 0 && s.first.tiles < 60 && s.second.tiles < 60) {
        QCOMPARE(RingSimulation(s.first, random()).run(), QString());
        QCOMPARE(RingSimulation(s.second, random()).run(), QString());
      }
    }
    QVERIFY(fitting > 1000);
    QVERIFY2(alone < fitting, qPrintable(QString("%1 do not fit, %2 do").arg(alone).arg(fitting)));
  }

  /// q in q4 beside k and v in q8, as the default recipe has them: no other split of whole tiles has less in its
  /// fullest block, which has three tiles where a share would be 2.4 of them.
  void theDefaultRecipesQueryKeyAndValueSplitByTiles() {
    const int narrow = static_cast<int>(matrixLayout(MatrixFormat::q4, 4096, 4096).stride);
    const int wide = static_cast<int>(matrixLayout(MatrixFormat::q8, 512, 4096).stride);
    TwoTensorShapes s;
    QVERIFY(twoTensorShapes({4096, 4096, 1, narrow, 16, false, 132, 227}, {512, 4096, 1, wide, 8, false, 132, 227}, s));
    QCOMPARE(s.first.grid, 86);
    QCOMPARE(s.second.grid, 46);
    QCOMPARE(mostRows(4096, 16, s.first.grid), 48);
    QCOMPARE(mostRows(512, 8, s.second.grid), 16);
  }

  /// Rows go out 32 by 32 where the fullest block gets hardly more than by tiles: 4,096 are 128 times 32.
  void unitsFitWhereBlocksStayEven() {
    QVERIFY(unitsFit(4096, 32, 16, 132));
    QVERIFY(unitsFit(3584, 32, 16, 132));   // two tiles or one unit
    QVERIFY(!unitsFit(2048, 32, 16, 132));  // one tile
    QVERIFY(!unitsFit(5120, 32, 16, 132));  // 48 rows a block, not 64
    QVERIFY(!unitsFit(4112, 32, 16, 128));  // no multiple of 32
    QVERIFY(unitsFit(10240, 16, 8, 132));   // 80 rows a block either way
    const int stride = static_cast<int>(matrixLayout(MatrixFormat::q4, 4096, 10240).stride);
    TensorProblem p{4096, 10240, 1, stride, 16, false, 132, 227};
    TensorShape byTiles, byUnits;
    QVERIFY(tensorShape(p, byTiles));
    p.rowUnit = 32;
    QVERIFY(tensorShape(p, byUnits));
    QCOMPARE(byTiles.grid, 132);
    QCOMPARE(byUnits.grid, 128);
    QCOMPARE(byUnits.tiles, byTiles.tiles);
  }

  /// Five warps take a row here. With one group of them a model of such rows was 7 % slower.
  void asManyGroupsAsMakeTwelveWarps() {
    for (const bool nested : {false, true}) {
      TensorProblem p{40960, 2560, 1, nested ? 1328 : 1440, 16, nested, 132, 227};
      TensorShape s;
      QVERIFY(tensorShape(p, s));
      QCOMPARE(s.warpsPerRow, 5);
      QCOMPARE(s.groups, nested ? 3 : 2);
      p.rows = 16;
      QVERIFY(tensorShape(p, s));
      QCOMPARE(s.groups, 1);  // there is one tile
    }
  }

  void theLargeModelsProductsTakeOneGroup() {
    const int shapes[][3] = {{4608, 4096, 1}, {4096, 4096, 1}, {10240, 4096, 2}, {128512, 4096, 1}};
    for (const auto& shape : shapes)
      for (const MatrixFormat format : {MatrixFormat::q8, MatrixFormat::q4, MatrixFormat::nf4}) {
        const int stride = static_cast<int>(matrixLayout(format, shape[0], shape[1]).stride);
        TensorShape s;
        QVERIFY(tensorShape({shape[0], shape[1], shape[2], stride, panelRowsOf(format), false, 132, 227}, s));
        QCOMPARE(s.groups, 1);
        // Some 40 KB: two tiles of q8, of the others two parts, or three where a tile is asked for in halves of its
        // columns.
        QCOMPARE(s.partsUnderWay, shape[0] > 5000 && format != MatrixFormat::q8 ? 3 : 2);
      }
  }
};

QTEST_APPLESS_MAIN(TestTensorShape)
#include "test_tensor_shape.moc"

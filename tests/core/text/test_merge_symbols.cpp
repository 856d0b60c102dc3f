// Whatever the length, and so whichever queue is used, merging gives what the plain definition gives.
#include <QtTest>
#include <map>
#include <random>

#include "core/text/merge_symbols.h"

using namespace nibble;

namespace {

using Merges = std::map<std::pair<std::int32_t, std::int32_t>, PairMerge>;

/// Random merges over an alphabet of `letters`; ranks repeat, and a result may have a better rank than its parts.
Merges randomMerges(std::mt19937& random, int letters, int count) {
  Merges merges;
  for (std::int32_t id = letters; id < letters + count; ++id) {
    std::uniform_int_distribution<std::int32_t> part(0, id - 1);
    merges[{part(random), part(random)}] = {static_cast<std::uint32_t>(random() % 40), id};
  }
  return merges;
}

std::vector<std::int32_t> plain(std::vector<std::int32_t> ids, const Merges& merges) {
  while (true) {
    PairMerge best;
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto merge = merges.find({ids[i], ids[i + 1]});
      if (merge != merges.end() && merge->second.rank < best.rank) {
        best = merge->second;
        at = i;
      }
    }
    if (best.rank == kNoMerge) return ids;
    ids[at] = best.id;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

std::vector<std::int32_t> merged(const std::vector<std::int32_t>& ids, const Merges& merges) {
  MergeScratch scratch;
  for (const std::int32_t id : ids) {
    MergeSymbol symbol;
    symbol.id = id;
    symbol.begin = static_cast<std::uint32_t>(scratch.symbols.size());
    scratch.symbols.push_back(symbol);
  }
  SymbolMerger(scratch, static_cast<std::uint32_t>(ids.size()),
               [&](std::int32_t left, std::int32_t right, std::uint32_t, std::uint32_t) {
                 const auto merge = merges.find({left, right});
                 return merge == merges.end() ? PairMerge{} : merge->second;
               })
      .run();
  std::vector<std::int32_t> result;
  for (std::int32_t i = scratch.symbols.empty() ? -1 : 0; i >= 0; i = scratch.symbols[i].next) result.push_back(scratch.symbols[i].id);
  return result;
}

}  // namespace

class TestMergeSymbols : public QObject {
  Q_OBJECT

 private slots:
  void agreesWithTheDefinition_data() {
    QTest::addColumn<int>("length");
    QTest::addColumn<int>("rounds");
    QTest::newRow("scan") << 20 << 300;
    QTest::newRow("heap") << 300 << 40;
    QTest::newRow("runs") << 5000 << 2;
  }

  void agreesWithTheDefinition() {
    QFETCH(int, length);
    QFETCH(int, rounds);
    std::mt19937 random(7);
    for (int round = 0; round < rounds; ++round) {
      const Merges merges = randomMerges(random, 3, 30);
      std::vector<std::int32_t> ids;
      for (int i = 0; i < length; ++i) ids.push_back(static_cast<std::int32_t>(random() % (round % 2 == 0 ? 3 : 1)));
      QCOMPARE(merged(ids, merges), plain(ids, merges));
    }
  }

  void nothingToJoin() {
    QVERIFY(merged({}, {}).empty());
    QCOMPARE(merged({5}, {}), std::vector<std::int32_t>{5});
  }
};

QTEST_APPLESS_MAIN(TestMergeSymbols)
#include "test_merge_symbols.moc"

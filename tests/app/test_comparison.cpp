#include <QtTest>

#include "app/comparison.h"
#include "app/comparison_store.h"

using namespace nibble;

namespace {

Comparison example() {
  Comparison comparison;
  comparison.id = QStringLiteral("2026-11-23-1");
  comparison.title = QStringLiteral("样本: 4-bit | 8-bit");
  comparison.time = QDateTime(QDate(2026, 11, 23), QTime(9, 30));
  comparison.finished = true;
  comparison.request.prompts = QStringList{QStringLiteral("Tell me\na story")};
  comparison.request.sampling.seed = 18446744073709551615ULL;
  comparison.request.entries = {{"/m", "m", "q8", "8-bit"}, {"/m", "m", "q4", "4-bit"}};
  ComparisonRow row;
  row.entry = comparison.request.entries[0];
  row.bitsPerWeight = 8.5;
  row.measuredBytes = 2 * 1048576.0;
  row.answers = {{QStringLiteral("a, \"b\""), 40, 900, 0.1, 3}, {QStringLiteral("c"), 60, 900, 0.3, 3}};
  row.quality = ComparisonQuality{10, 0.98, 0.01, 0.05, 0.97, 511, {-1, 1, {0.25, 0.5}, 0.003}};
  row.weightErrors = {-0.1, 0.1, {0.5, 0.5}, 0.00003};
  ComparisonRow failed;
  failed.entry = comparison.request.entries[1];
  failed.error = QStringLiteral("not enough memory, see | the plan");
  comparison.rows = {row, failed};
  return comparison;
}

}  // namespace

class TestComparison : public QObject {
  Q_OBJECT
 private slots:
  void jsonKeepsEverything() {
    const Comparison before = example();
    const QByteArray json = comparisonToJson(before);
    const auto after = comparisonFromJson(json, QStringLiteral("x.json"));
    QVERIFY(after.has_value());
    QCOMPARE(comparisonToJson(*after), json);
    QCOMPARE(after->request.sampling.seed, before.request.sampling.seed);
    QCOMPARE(after->rows[0].quality->logitErrors.shares, before.rows[0].quality->logitErrors.shares);
    QVERIFY(!after->rows[1].quality.has_value());
  }

  void brokenFilesAreNamed() {
    QCOMPARE(comparisonFromJson("{", "a.json").error().code, ErrorCode::fileMalformed);
    QCOMPARE(comparisonFromJson("{\"version\": 9}", "a.json").error().field, std::string("version"));
    QCOMPARE(comparisonFromJson("{\"version\": 1}", "a.json").error().field, std::string("rows"));
  }

  void meansAreOverAnswers() {
    QCOMPARE(example().rows[0].decodeTokensPerSecond(), 50.0);
    QVERIFY(std::abs(example().rows[0].firstTokenSeconds() - 0.2) < 1e-12);
    QCOMPARE(example().rows[1].decodeTokensPerSecond(), 0.0);
  }

  void findsTheFirstDivergence() {
    QCOMPARE(firstDivergence("same", "same"), -1);
    QCOMPARE(firstDivergence("a red ball", "a blue ball"), 2);
    QCOMPARE(firstDivergence("short", "shorter"), 5);
    QCOMPARE(firstDivergence("", "x"), 0);
  }

  void exportsEscapeTheirSeparators() {
    const QString markdown = comparisonToMarkdown(example());
    QVERIFY(markdown.contains("see \\| the plan"));
    QVERIFY(markdown.contains("> Tell me\n> a story"));
    const QStringList lines = comparisonToCsv(example()).trimmed().split('\n');
    QCOMPARE(lines.size(), 3);
    QVERIFY(lines[2].contains("\"not enough memory, see | the plan\""));
    QVERIFY(lines[1].contains("98.00 %"));
  }

  void storeKeepsListsAndRemoves() {
    QTemporaryDir folder;
    ComparisonStore store(folder.path());
    QSignalSpy changed(&store, &ComparisonStore::changed);
    QVERIFY(store.save(example()).has_value());
    Comparison later = example();
    later.id = QStringLiteral("2026-11-23-2");
    later.time = later.time.addSecs(60);
    QVERIFY(store.save(later).has_value());
    QFile broken(folder.filePath("broken.json"));
    QVERIFY(broken.open(QIODevice::WriteOnly));
    broken.write("{");
    broken.close();
    QCOMPARE(store.items().size(), 2);
    QCOMPARE(store.items()[0].id, later.id);
    QCOMPARE(store.unreadable().size(), 1);
    QCOMPARE(store.open(later.id)->title, later.title);
    QVERIFY(store.remove(later.id).has_value());
    QCOMPARE(store.items().size(), 1);
    QVERIFY(!store.open(later.id).has_value());
    QCOMPARE(changed.count(), 3);
  }

  void aFolderThatCannotBeWrittenIsSaid() {
    ComparisonStore store(QStringLiteral("/proc/nowhere"));
    const auto saved = store.save(example());
    QVERIFY(!saved.has_value());
    QVERIFY(!saved.error().file.empty());
  }
};

QTEST_APPLESS_MAIN(TestComparison)
#include "test_comparison.moc"

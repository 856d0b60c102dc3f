// The planner: the newest question is answered, free memory is read anew, and "make it fit" offers what fits.
#include <QSignalSpy>
#include <QtTest>

#include "app/planner.h"
#include "app/precision_choices.h"
#include "tests/support/scripted_engine.h"

using namespace nibble;
using namespace nibble::test;

Q_DECLARE_METATYPE(nibble::MemoryPlan)
Q_DECLARE_METATYPE(std::vector<nibble::FitOption>)

namespace {
LoadRequest wanted(Format format = Format::bf16, std::int64_t context = 8192) {
  LoadRequest request;
  request.model = "/models/some";
  request.recipe = uniformRecipe(format);
  request.context = context;
  request.device = "cuda:0";
  return request;
}

/// The scripted engine's plan with so much memory free.
std::function<Result<MemoryPlan>(const LoadRequest&)> planWith(EngineScript& script, std::uint64_t free) {
  script.freeBytes = free;
  return scriptedDoor(script).plan;
}
}  // namespace

class TestPlanner : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    qRegisterMetaType<nibble::MemoryPlan>("nibble::MemoryPlan");
    qRegisterMetaType<std::vector<nibble::FitOption>>("std::vector<nibble::FitOption>");
  }

  void optionsFitAndGrowMoreDrastic_data() {
    QTest::addColumn<int>("freeMib");
    for (const int mib : {5000, 3000, 2000, 1500, 1000, 700}) QTest::newRow(qPrintable(QString("%1 MiB free").arg(mib))) << mib;
  }
  void optionsFitAndGrowMoreDrastic() {
    QFETCH(int, freeMib);
    EngineScript script;  // 4 GiB at 16 bit
    const auto plan = planWith(script, static_cast<std::uint64_t>(freeMib) << 20);
    const LoadRequest request = wanted();
    const auto options = fitOptions(request, plan);
    QVERIFY(options.size() <= 3);
    for (const FitOption& option : options) {
      QVERIFY(option.plan.fits());
      QCOMPARE(option.plan.totalBytes(), plan(option.request)->totalBytes());
      QCOMPARE(option.request.model, request.model);
      QVERIFY(option.request.context >= 512 && option.request.context <= request.context);
      QVERIFY(!option.request.force);
      QVERIFY(bitsPerWeight(option.request.recipe.layers) <= bitsPerWeight(request.recipe.layers));
    }
    for (std::size_t a = 0; a < options.size(); ++a) {
      for (std::size_t b = a + 1; b < options.size(); ++b) {
        const LoadRequest &x = options[a].request, &y = options[b].request;
        QVERIFY(!(x.recipe == y.recipe && x.kv == y.kv && x.context == y.context && x.device == y.device && x.embeddingOnHost == y.embeddingOnHost));
      }
    }
    if (freeMib >= 2000) QVERIFY(!options.empty());  // 4 bit with head and embedding take about 1.6 GiB
  }

  void theSmallestChangeComesFirst() {
    EngineScript script;
    // 6.4 GiB: without the embedding's 0.4 they fit as they are.
    const LoadRequest asked = wanted(Format::bf16, 32768);
    const auto aside = fitOptions(asked, planWith(script, 6300ull << 20));
    QVERIFY(aside.size() > 1);
    QVERIFY(aside[0].request.embeddingOnHost && aside[0].request.recipe == asked.recipe && aside[0].request.kv == asked.kv);
    QCOMPARE(aside[0].request.context, asked.context);
    QVERIFY(!aside[1].request.embeddingOnHost);
    // A head that shares it keeps it on the card: that is no way out, even where the plan fits (the load may have failed all the same).
    script.headIsShared = true;
    for (const FitOption& option : fitOptions(asked, planWith(script, 8000ull << 20))) QVERIFY(!option.request.embeddingOnHost);
    script.headIsShared = false;
    // 16-bit weights (with head and embedding 4.8 GiB) fit once the cache is smaller: precision is kept.
    auto options = fitOptions(wanted(Format::bf16, 32768), planWith(script, 5800ull << 20));
    QVERIFY(!options.empty());
    QVERIFY(options[0].request.recipe == uniformRecipe(Format::bf16));
    QVERIFY(options[0].request.kv == KvFormat::q8);
    // With 3 GiB only fewer bits do, the most that fit: eight.
    options = fitOptions(wanted(Format::bf16, 2048), planWith(script, 3000ull << 20));
    QVERIFY(!options.empty());
    QCOMPARE(precisionId(options[0].request.recipe), QString("q8"));
    QCOMPARE(options[0].request.context, 2048);
  }

  void aNarrowCacheIsNotWidened() {
    EngineScript script;
    LoadRequest request = wanted(Format::bf16, 32768);
    request.kv = KvFormat::q4;
    for (const FitOption& option : fitOptions(request, planWith(script, 5300ull << 20))) QVERIFY(option.request.kv == KvFormat::q4);
  }

  void nothingFitsNothingIsOffered() {
    EngineScript script;
    QVERIFY(fitOptions(wanted(), planWith(script, 10 << 20)).empty());
  }

  void aPlanThatFailsOffersNothing() {
    int asked = 0;
    const auto broken = [&asked](const LoadRequest&) -> Result<MemoryPlan> {
      ++asked;
      return fail(ErrorCode::fileMalformed, "no config");
    };
    QVERIFY(fitOptions(wanted(), broken).empty());
    QVERIFY(asked > 0 && asked < 100);
  }

  void theNewestQuestionIsAnswered() {
    EngineScript script;
    Planner planner(scriptedDoor(script));
    QSignalSpy planned(&planner, &Planner::planned);
    for (int i = 1; i <= 200; ++i) planner.setRequest(wanted(Format::q4, 512 + i));
    QTRY_VERIFY(!planned.isEmpty() && planned.last()[0].value<LoadRequest>().context == 712);
    QVERIFY2(planned.count() <= 3, "a moving control asked for plans that nobody needed");
    QVERIFY(planner.devices().size() == 1 && planner.devices()[0].id == "cpu");
  }

  void freeMemoryIsReadAgain() {
    EngineScript script;
    Planner planner(scriptedDoor(script));
    QSignalSpy planned(&planner, &Planner::planned);
    planner.setRequest(wanted());
    QTRY_VERIFY(!planned.isEmpty());
    script.freeBytes = 1ull << 30;
    QTRY_VERIFY(planned.last()[1].value<MemoryPlan>().freeBytes == 1ull << 30);  // by itself, within seconds
    planner.clearRequest();
    planned.clear();
    QSignalSpy devices(&planner, &Planner::devicesChanged);
    planner.refresh();
    QTRY_VERIFY(!devices.isEmpty());
    QVERIFY(planned.isEmpty());
  }

  void aFailedPlanIsTold() {
    EngineScript script;
    EngineDoor door = scriptedDoor(script);
    door.plan = [](const LoadRequest&) -> Result<MemoryPlan> { return fail(ErrorCode::fileMalformed, "heads 0", "config.json"); };
    Planner planner(door);
    QSignalSpy failed(&planner, &Planner::planFailed);
    planner.setRequest(wanted());
    QTRY_COMPARE(failed.count(), 1);
    QCOMPARE(failed[0][1].value<Error>().detail, std::string("heads 0"));
    QSignalSpy fits(&planner, &Planner::fitsFound);
    planner.findFits(wanted());
    QTRY_COMPARE(fits.count(), 1);
  }
};

QTEST_GUILESS_MAIN(TestPlanner)
#include "test_planner.moc"

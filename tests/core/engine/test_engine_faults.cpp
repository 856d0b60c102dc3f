// Every request for memory fails once, and once from then on, over load, second load, prompt, decoding and unload:
// memory must be where it was, the engine must say truthfully whether a model is loaded, and it must work again where
// the fault has passed.
#include <QtTest>

#include "tests/support/fake_backend.h"

using namespace nibble;
using nibble::test::FakeDevice;

namespace {

LoadRequest sampleRequest(std::int64_t context = 64) {
  LoadRequest request;
  request.model = "shape:sample";
  request.layerLimit = 1;
  request.recipe = uniformRecipe(Format::q4);
  request.context = context;
  return request;
}

/// What the largest load of these tests takes on the fake device.
std::uint64_t bytesOfOne() {
  LoadRequest request = sampleRequest(128);
  request.device = "cpu";
  return planFor(request)->totalBytes() + (1 << 20);
}

GenerateRequest countingRequest() {
  GenerateRequest request;
  request.ids = {10, 11, 12};
  request.maxTokens = 5;
  request.sampling.greedy = true;
  return request;
}

}  // namespace

class TestEngineFaults : public QObject {
  Q_OBJECT

  /// The scenario of all sites. False as soon as one step fails.
  static bool runAll(Engine& engine, Error& error) {
    const auto keep = [&](const auto& result) {
      if (!result) error = result.error();
      return result.has_value();
    };
    return keep(engine.load(sampleRequest(), {}, {})) && keep(engine.generate(countingRequest(), {}, {})) &&
           keep(engine.load(sampleRequest(128), {}, {})) && keep(engine.generate(countingRequest(), {}, {}));
  }

  static int requestsInAll() {
    FakeDevice device;
    auto engine = test::makeFakeEngine(device);
    Error error;
    return runAll(*engine, error) ? device.requests() : 0;
  }

 private slots:
  void everyAllocationFails_data() {
    QTest::addColumn<bool>("fromThenOn");
    QTest::addColumn<bool>("roomForTwo");
    QTest::newRow("once, room for two models") << false << true;
    QTest::newRow("from then on, room for two models") << true << true;
    QTest::newRow("once, room for one model") << false << false;
    QTest::newRow("from then on, room for one model") << true << false;
  }

  void everyAllocationFails() {
    QFETCH(bool, fromThenOn);
    QFETCH(bool, roomForTwo);
    const int sites = requestsInAll();
    QVERIFY2(sites > 30, "the scenario must ask for memory");
    const std::uint64_t one = bytesOfOne();
    for (int site = 1; site <= sites; ++site) {
      FakeDevice device;
      if (!roomForTwo) device.budget = one * 3 / 2;
      device.failAt = site;
      device.failsFromThenOn = fromThenOn;
      auto engine = test::makeFakeEngine(device);
      Error error;
      QVERIFY2(!runAll(*engine, error), qPrintable(QString("site %1 did not fail").arg(site)));
      QCOMPARE(error.code, ErrorCode::outOfMemory);
      QCOMPARE(engine->info().has_value(), device.backends == 1);
      QCOMPARE(engine->statistics().loaded, engine->info().has_value());
      if (engine->info()) {
        // The former model, or the one whose step failed, still answers once memory is there again.
        device.failAt = 0;
        const auto answer = engine->generate(countingRequest(), {}, {});
        QVERIFY(answer.has_value());
        QCOMPARE(answer->ids, (std::vector<std::int32_t>{13, 14, 15, 16, 17}));
      } else {
        QCOMPARE(device.used(), std::uint64_t(0));
      }
      device.failAt = 0;
      engine->unload();
      QCOMPARE(device.used(), std::uint64_t(0));
      QCOMPARE(device.backends, 0);
      if (site % 8 == 0) QVERIFY(runAll(*engine, error));
      engine.reset();
      QCOMPARE(device.used(), std::uint64_t(0));
    }
  }

  void aFailedSecondLoadKeepsTheFirst() {
    FakeDevice device;
    auto engine = test::makeFakeEngine(device);
    QVERIFY(engine->load(sampleRequest(), {}, {}).has_value());
    const std::uint64_t used = device.used();
    device.failAt = device.requests() + 5;
    const auto second = engine->load(sampleRequest(128), {}, {});
    QVERIFY(!second);
    QCOMPARE(engine->info()->context, std::int64_t(64));
    QCOMPARE(device.used(), used);
  }

  void aModelThatHadToGoIsNamed() {
    FakeDevice device;
    device.budget = bytesOfOne() * 3 / 2;
    auto engine = test::makeFakeEngine(device);
    QVERIFY(engine->load(sampleRequest(), {}, {}).has_value());
    device.failAt = device.requests() + 3;
    const auto second = engine->load(sampleRequest(), {}, {});
    QVERIFY(!second);
    QVERIFY2(second.error().detail.find("the former model was unloaded") != std::string::npos,
             second.error().detail.c_str());
    QVERIFY(!engine->info());
    QCOMPARE(device.used(), std::uint64_t(0));
  }

  void aPlanThatCannotFitTouchesNothing() {
    FakeDevice device;
    auto engine = test::makeFakeEngine(device);
    QVERIFY(engine->load(sampleRequest(), {}, {}).has_value());
    device.budget = device.used() + 1000;
    const int requests = device.requests();
    const auto second = engine->load(sampleRequest(1 << 20), {}, {});
    QVERIFY(!second);
    QCOMPARE(second.error().code, ErrorCode::outOfMemory);
    QVERIFY(second.error().needed > second.error().available && second.error().available > 0);
    QCOMPARE(device.requests(), requests);
    QVERIFY(engine->info().has_value());
    LoadRequest forced = sampleRequest(1 << 20);
    forced.force = true;
    QVERIFY(!engine->load(forced, {}, {}));  // goes to the device, which refuses
    QVERIFY(device.requests() > requests);
  }

  void cancelledLoadsLeaveTheFormerState() {
    FakeDevice device;
    auto engine = test::makeFakeEngine(device);
    QVERIFY(engine->load(sampleRequest(), {}, {}).has_value());
    const std::uint64_t used = device.used();
    std::stop_source stop;
    int calls = 0;
    const auto result = engine->load(
        sampleRequest(128),
        [&](const LoadProgress&) {
          if (++calls == 8) stop.request_stop();
        },
        stop.get_token());
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::cancelled);
    QCOMPARE(device.used(), used);
    QCOMPARE(engine->info()->context, std::int64_t(64));
  }

  void nanNamesTheLayer() {
    FakeDevice device;
    auto engine = test::makeFakeEngine(device);
    QVERIFY(engine->load(sampleRequest(), {}, {}).has_value());
    device.badNumbers = true;
    device.badLayer = 3;
    const auto result = engine->generate(countingRequest(), {}, {});
    QVERIFY(!result);
    QCOMPARE(result.error().code, ErrorCode::notANumber);
    QCOMPARE(result.error().field, std::string("layer 3"));
    device.badNumbers = false;
    QVERIFY(engine->generate(countingRequest(), {}, {}).has_value());
  }
};

QTEST_APPLESS_MAIN(TestEngineFaults)
#include "test_engine_faults.moc"

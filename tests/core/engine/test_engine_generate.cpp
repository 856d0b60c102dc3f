// What generate() does around the model: order of operations, chunks, reuse of the cache, limits, stop, events,
// counters.
#include <QtTest>
#include <algorithm>
#include <utility>

#include "core/engine/sampler.h"
#include "tests/support/fake_backend.h"

using namespace nibble;
using nibble::test::FakeDevice;
using Ids = std::vector<std::int32_t>;

namespace {

LoadRequest request(std::int64_t context, int chunk) {
  LoadRequest result;
  result.model = "shape:sample";
  result.layerLimit = 1;
  result.recipe = uniformRecipe(Format::q4);
  result.context = context;
  result.prefillChunk = chunk;
  return result;
}

GenerateRequest greedy(Ids ids, int maxTokens) {
  GenerateRequest result;
  result.ids = std::move(ids);
  result.maxTokens = maxTokens;
  result.sampling.greedy = true;
  return result;
}

/// The begin … lines of the log.
std::vector<std::string> steps(const FakeDevice& device) {
  std::vector<std::string> found;
  for (const auto& line : device.log) {
    if (line.rfind("begin", 0) == 0) found.push_back(line);
  }
  return found;
}

}  // namespace

class TestEngineGenerate : public QObject {
  Q_OBJECT
  FakeDevice m_device;
  std::unique_ptr<LocalEngine> m_engine;

  void start(std::int64_t context = 64, int chunk = 4) {
    m_engine.reset();
    m_device = FakeDevice();
    m_engine = test::makeFakeEngine(m_device);
    const auto report = m_engine->load(request(context, chunk), {}, {});
    QVERIFY2(report.has_value(), report ? "" : report.error().detail.c_str());
    m_device.logs = true;
  }

 private slots:
  void operationsComeInOrder() {
    start();
    QVERIFY(m_engine->generate(greedy({5, 6}, 1), {}, {}).has_value());
    const std::vector<std::string> expected{"begin 2 at 0",        "normQkvRope 0", "attend 0",
                                            "projectAdd o_proj 0", "normGateUp 0",  "projectAdd down_proj 0",
                                            "normLogits 1 1"};
    QCOMPARE(m_device.log, expected);
  }

  void promptsRunInChunks() {
    start();
    QVERIFY(m_engine->generate(greedy({1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008}, 2), {}, {}).has_value());
    QCOMPARE(steps(m_device),
             (std::vector<std::string>{"begin 4 at 0", "begin 4 at 4", "begin 1 at 8", "begin 1 at 9"}));
  }

  void aSharedPrefixIsReused() {
    start();
    const auto first = m_engine->generate(greedy({20, 21, 22}, 4), {}, {});
    QCOMPARE(first->ids, (Ids{23, 24, 25, 26}));
    QCOMPARE(m_engine->statistics().contextUsed, std::int64_t(6));  // the last id was never run
    m_device.log.clear();
    const auto second = m_engine->generate(greedy({20, 21, 22, 23, 24, 90, 91}, 1), {}, {});
    QCOMPARE(steps(m_device), (std::vector<std::string>{"begin 2 at 5"}));
    QCOMPARE(second->statistics.reusedTokens, std::int64_t(5));
    m_device.log.clear();
    QVERIFY(m_engine->generate(greedy({20, 21}, 1), {}, {}).has_value());  // shorter: its last id runs again
    QCOMPARE(steps(m_device), (std::vector<std::string>{"begin 1 at 1"}));
    m_device.log.clear();
    QVERIFY(m_engine->generate(greedy({21, 21}, 1), {}, {}).has_value());
    QCOMPARE(steps(m_device), (std::vector<std::string>{"begin 2 at 0"}));
  }

  void everyEosIdStops() {
    start();
    const auto eosIds = m_engine->info()->config.eosIds;
    QVERIFY(eosIds.size() >= 2);
    for (const std::int32_t eos : eosIds) {
      const auto result = m_engine->generate(greedy({eos - 2}, 10), {}, {});
      QCOMPARE(result->stop, StopReason::eos);
      QCOMPARE(result->ids.back(), eos);
      QVERIFY(result->ids.size() <= 2);
    }
  }

  void theContextEndsTheAnswer() {
    start(8, 4);
    const auto result = m_engine->generate(greedy({100, 101, 102, 103, 104}, 50), {}, {});
    QCOMPARE(result->stop, StopReason::length);
    QCOMPARE(result->ids.size(), std::size_t(4));  // three of them fit the cache, the last needs no place
    const auto full = m_engine->generate(greedy(Ids(9, 7), 1), {}, {});
    QVERIFY(!full);
    QCOMPARE(full.error().code, ErrorCode::contextFull);
    QVERIFY(m_engine->generate(greedy(Ids(8, 7), 1), {}, {}).has_value());
  }

  void wrongRequestsAreNamed() {
    start();
    QCOMPARE(m_engine->generate(greedy({-1}, 1), {}, {}).error().field, std::string("ids"));
    QCOMPARE(m_engine->generate(greedy({1 << 30}, 1), {}, {}).error().code, ErrorCode::wrongUsage);
    GenerateRequest text;
    text.prompt = "hello";
    QCOMPARE(m_engine->generate(text, {}, {}).error().code, ErrorCode::wrongUsage);  // a shape has no tokenizer
    m_engine->unload();
    QCOMPARE(m_engine->generate(greedy({1}, 1), {}, {}).error().code, ErrorCode::wrongUsage);
  }

  void stopIsAResult() {
    start();
    std::stop_source stop;
    const auto sink = [&](const GenerateEvent& event) {
      if (event.newTokens == 3) stop.request_stop();
    };
    const auto result = m_engine->generate(greedy({300}, 1000), sink, stop.get_token());
    QVERIFY(result.has_value());
    QCOMPARE(result->stop, StopReason::cancelled);
    QCOMPARE(result->ids, (Ids{301, 302, 303}));
    std::stop_source promptStop;
    const auto promptSink = [&](const GenerateEvent& event) {
      if (event.prefill) promptStop.request_stop();
    };
    const auto prompt = m_engine->generate(greedy({1, 2, 3, 4, 5, 6, 7, 8}, 10), promptSink, promptStop.get_token());
    QCOMPARE(prompt->stop, StopReason::cancelled);
    QVERIFY(prompt->ids.empty());
    m_device.log.clear();
    QVERIFY(m_engine->generate(greedy({1, 2, 3, 4, 5, 6}, 1), {}, {}).has_value());
    QCOMPARE(steps(m_device), (std::vector<std::string>{"begin 2 at 4"}));  // the chunk that was done is kept
  }

  void stopIsSeenBetweenLayers() {
    m_engine = test::makeFakeEngine(m_device);
    LoadRequest six = request(64, 32);
    six.layerLimit = 6;
    QVERIFY(m_engine->load(six, {}, {}).has_value());
    m_device.logs = true;
    m_device.log.clear();
    std::stop_source stop;
    m_device.onOperation = [&](const std::string& what) {
      if (what == "attend 2") stop.request_stop();
    };
    const auto result = m_engine->generate(greedy(Ids(20, 5), 10), {}, stop.get_token());
    m_device.onOperation = {};
    QCOMPARE(result->stop, StopReason::cancelled);
    QCOMPARE(m_device.log.back(), std::string("projectAdd down_proj 2"));
    QCOMPARE(m_engine->statistics().contextUsed, std::int64_t(0));
  }

  void theDeviceSamplesWhereItCan() {
    start();
    m_device.canSample = true;
    GenerateRequest sampled = greedy({400}, 6);
    sampled.sampling.greedy = false;
    sampled.sampling.seed = 3;
    const auto fast = m_engine->generate(sampled, {}, {});
    QCOMPARE(fast->ids.size(), std::size_t(6));
    const auto steps = std::exchange(m_device.sampledSteps, {});
    QCOMPARE(steps.size(), std::size_t(5));
    // The host's sampler made the first draw, so the device goes on with the same sequence.
    Sampler sequence(sampled.sampling, {});
    sequence.draw();
    for (std::size_t i = 0; i < steps.size(); ++i) {
      QCOMPARE(steps[i].draw, sequence.draw());
      QCOMPARE(steps[i].nextDraw.has_value(), i + 1 < steps.size());  // behind the last there is none
      if (steps[i].nextDraw) QCOMPARE(*steps[i].nextDraw, sequence.nextDraw());
      QCOMPARE(steps[i].position, static_cast<std::int64_t>(1 + i));
    }
    sampled.sampling.repetitionPenalty = 1.1f;
    QVERIFY(m_engine->generate(sampled, {}, {}).has_value());
    QVERIFY(m_device.sampledSteps.empty());  // penalties need the host
  }

  void noStepIsBegunBehindTheContextsEnd() {
    start(8, 4);
    m_device.canSample = true;
    QCOMPARE(m_engine->generate(greedy({100, 101, 102, 103, 104}, 50), {}, {})->ids.size(), std::size_t(4));
    const auto steps = std::exchange(m_device.sampledSteps, {});
    QCOMPARE(steps.size(), std::size_t(3));
    QVERIFY(steps[0].nextDraw && steps[1].nextDraw && !steps[2].nextDraw);
    QCOMPARE(steps[2].position, std::int64_t(7));
  }

  void countersGrow() {
    start();
    const auto before = m_engine->statistics();
    const auto result = m_engine->generate(greedy({500, 501, 502}, 4), {}, {});
    const auto after = m_engine->statistics();
    QCOMPARE(after.totalPromptTokens - before.totalPromptTokens, std::uint64_t(3));
    QCOMPARE(after.totalNewTokens - before.totalNewTokens, std::uint64_t(4));
    QVERIFY(after.loaded && after.plan.totalBytes() > 0 && after.prefillSeconds >= before.prefillSeconds);
    QVERIFY(result->statistics.firstTokenSeconds > 0 && result->statistics.decodeTokensPerSecond > 0);
  }

  void allLogitsComeInOrder() {
    start(64, 4);
    std::vector<std::int64_t> rows;
    const auto sink = [&](std::int64_t first, std::span<const float> values, int vocab) -> Result<void> {
      rows.push_back(first);
      const auto count = static_cast<std::int64_t>(values.size()) / vocab;
      for (std::int64_t i = 0; i < count; ++i) {
        const float* row = values.data() + i * vocab;
        if (std::max_element(row, row + vocab) - row != 600 + first + i + 1)
          return fail(ErrorCode::failed, "wrong row");
      }
      return {};
    };
    Ids ids(10);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = 600 + static_cast<std::int32_t>(i);
    QVERIFY(m_engine->logits(ids, 0, sink, {}).has_value());
    QCOMPARE(rows.size(), std::size_t(10));  // one row of logits at a time
    rows.clear();
    QVERIFY(m_engine->logits(ids, 3, sink, {}).has_value());
    QCOMPARE(steps(m_device).back(), std::string("begin 1 at 9"));
  }
};

QTEST_APPLESS_MAIN(TestEngineGenerate)
#include "test_engine_generate.moc"

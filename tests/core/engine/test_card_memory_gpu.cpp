// The card's memory: what the plan says is what is taken, nothing is taken while decoding, and loads, failed loads and
// long answers leave none behind. NIBBLE_CYCLES (30) says how many loads. No other program may use the card meanwhile.
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QtTest>
#include <set>

#include "tests/support/cuda_card.h"
#include "tests/support/golden_model.h"
#include "tests/support/temp_model.h"
#include "tests/support/test_data.h"

using namespace nibble;
using test::freeOnCard;
using test::mebibytes;

namespace {
constexpr double kPlanTolerance = 0.03;
constexpr std::uint64_t kShapeNeeds = 8ull << 30;       // InternLM3-8B in 4 bits, with room to spare
constexpr std::int64_t kImpossibleContext = 1ll << 28;  // 800 GB of cache
constexpr int kLongAnswer = 10000;

int cycles() {
  return std::max(4, qEnvironmentVariable("NIBBLE_CYCLES", "30").toInt());
}

LoadRequest sampleRequest(Format format, KvFormat kv) {
  LoadRequest request;
  request.model = test::sampleModel().string();
  request.recipe = uniformRecipe(format);
  request.kv = kv;
  request.device = test::kCard;
  request.context = 512;
  return request;
}

/// The sample model without its stop ids: an answer is as long as it was asked to be.
std::filesystem::path writeEndlessSample(const test::TempFolder& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(test::sampleModel())) {
    const std::string name = entry.path().filename().string();
    if (name != "config.json" && name != "generation_config.json")
      std::filesystem::create_symlink(entry.path(), folder.path() / name);
  }
  QFile file(QString::fromStdString((test::sampleModel() / "config.json").string()));
  if (!file.open(QIODevice::ReadOnly)) return {};
  QJsonObject config = QJsonDocument::fromJson(file.readAll()).object();
  config.remove("eos_token_id");
  folder.write("config.json", QJsonDocument(config).toJson().toStdString());
  return folder.path();
}

}  // namespace

class TestCardMemoryGpu : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    NIBBLE_NEED_CARD();
    qputenv("XDG_CACHE_HOME", m_cache.path().toUtf8());  // context sizes are measured here and kept here
    // What the driver keeps of a process that has used the card is taken before anything is compared to the byte.
    const std::uint64_t untouched = freeOnCard();
    QVERIFY(untouched > 0);
    QVERIFY(test::loadOn(test::kCard, test::sampleModel(), uniformRecipe(Format::q4), KvFormat::q8, 512) != nullptr);
    qInfo("%.2f MiB stay with the process", (double(untouched) - double(freeOnCard())) / (1 << 20));
    QVERIFY(freeOnCard() + test::kDriverKeeps >= untouched);
  }

  void everythingIsGivenBack() {
    const std::uint64_t before = freeOnCard();
    QVERIFY(before > 0);
    const int rounds = std::max(10, cycles() / 10);  // each makes a context and resets the card: half a second
    for (int round = 0; round < rounds; ++round) {
      const auto engine = test::loadOn(test::kCard, test::sampleModel(), uniformRecipe(Format::q4), KvFormat::q8, 512);
      QVERIFY(engine != nullptr);
      const std::uint64_t during = freeOnCard();
      QVERIFY(during < before);
      if (round == 0)
        qInfo("taken %.1f MiB, planned %.1f MiB", mebibytes(before - during),
              mebibytes(engine->statistics().plan.bytesOn(test::kCard)));
    }
    QCOMPARE(freeOnCard(), before);
    qInfo("%d contexts made and given back", rounds);
  }

  void thePlanIsWhatIsAllocated() {
    for (const Format format : {Format::f32, Format::bf16, Format::q8, Format::q4, Format::nf4, Format::nf4dq})
      for (const KvFormat kv : {KvFormat::f16, KvFormat::q8}) {
        const auto engine = test::loadOn(test::kCard, test::sampleModel(), uniformRecipe(format), kv, 512);
        QVERIFY(engine != nullptr);
        const EngineStatistics figures = engine->statistics();
        QCOMPARE(figures.backend.allocatedBytes,
                 figures.plan.bytesOn(test::kCard) - figures.plan.bytesOf(PartKind::deviceContext));
      }
  }

  void theLargeShapeTakesWhatIsPlanned() {
    const QTemporaryDir cache;
    qputenv("XDG_CACHE_HOME", cache.path().toUtf8());
    const auto restore = qScopeGuard([this] { qputenv("XDG_CACHE_HOME", m_cache.path().toUtf8()); });
    const std::uint64_t before = freeOnCard();
    if (before < kShapeNeeds) QSKIP("skipped: too little memory is free on the card for InternLM3-8B");
    for (const char* context : {"typical", "measured"}) {  // the first load measures the context's size for the second
      LoadRequest request;
      request.model = "shape:internlm3-8b";
      request.recipe = uniformRecipe(Format::q4);
      request.device = test::kCard;
      request.context = 4096;
      auto engine = makeEngine();
      const auto report = engine->load(request, {}, {});
      QVERIFY2(report, report ? "" : report.error().detail.c_str());
      const std::uint64_t taken = before - freeOnCard(), planned = report->plan.bytesOn(test::kCard);
      const double difference = double(planned) / double(taken) - 1.0;
      qInfo("InternLM3-8B in q4, %s context size: planned %.1f MiB, taken %.1f MiB, %+.2f %%", context,
            mebibytes(planned), mebibytes(taken), 100 * difference);
      QVERIFY(std::abs(difference) <= kPlanTolerance);
    }
    QCOMPARE(freeOnCard(), before);
  }

  void limitIsKept() {
    const std::uint64_t before = freeOnCard();
    LoadRequest request = sampleRequest(Format::q4, KvFormat::f16);
    request.vramLimit = 16 << 20;
    request.force = true;
    const auto report = makeEngine()->load(request, {}, {});
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().code, ErrorCode::outOfMemory);
    QCOMPARE(freeOnCard(), before);
  }

  void aFailedLoadLeavesNothing_data() {
    QTest::addColumn<bool>("refused");
    QTest::addColumn<bool>("beside");
    QTest::newRow("the card refuses the cache") << true << false;
    QTest::newRow("stopped half way") << false << false;
    QTest::newRow("the card refuses the cache, beside another model") << true << true;
    QTest::newRow("stopped half way, beside another model") << false << true;
  }
  void aFailedLoadLeavesNothing() {
    QFETCH(bool, refused);
    QFETCH(bool, beside);
    LoadRequest request = sampleRequest(Format::q8, KvFormat::f16);
    std::unique_ptr<Engine> other;
    if (beside) {
      other = makeEngine();
      QVERIFY(other->load(request, {}, {}));
      QVERIFY(makeEngine()->load(request, {}, {}));  // a second one at once: what the driver keeps for it, it has now
    }
    const std::uint64_t before = freeOnCard();
    std::stop_source stop;
    if (refused) {
      request.context = kImpossibleContext;
      request.force = true;
    }
    std::uint64_t during = before;
    const auto progress = [&](const LoadProgress& state) {
      if (refused || state.phase != LoadPhase::quantizing || state.bytesDone * 2 < state.bytesTotal) return;
      during = freeOnCard();
      stop.request_stop();
    };
    auto engine = makeEngine();
    const auto report = engine->load(request, progress, stop.get_token());
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().code, refused ? ErrorCode::outOfMemory : ErrorCode::cancelled);
    if (!refused) QVERIFY(during < before);
    if (beside)
      QVERIFY(freeOnCard() >= before);  // the driver may give back more than was taken, and did
    else
      QCOMPARE(freeOnCard(), before);
    QVERIFY(engine->load(sampleRequest(Format::q8, KvFormat::f16), {}, {}));  // and the card still works
  }

  void decodingTakesNothing() {
    const test::TempFolder folder;
    const auto engine =
        test::loadOn(test::kCard, writeEndlessSample(folder), uniformRecipe(Format::q4), KvFormat::q8, 512, 256, 1);
    QVERIFY(engine != nullptr);
    const std::uint64_t loaded = freeOnCard(), allocated = engine->statistics().backend.allocatedBytes;
    SamplingOptions greedy, onTheCard, onTheHost;
    greedy.greedy = true;
    onTheHost.topK = 0;
    onTheHost.presencePenalty = 0.1f;
    for (const SamplingOptions& sampling : {greedy, onTheCard, onTheHost}) {
      GenerateRequest request;
      request.prompt = "Once upon a time";
      request.maxTokens = 1000;  // more than fit: the last position is decoded too
      request.sampling = sampling;
      std::set<std::uint64_t> seen;  // from the first token on, when the prompt has been read
      const auto look = [&](const GenerateEvent& event) {
        if (!event.prefill) seen.insert(freeOnCard());
      };
      const auto result = engine->generate(request, look, {});
      QVERIFY(result.has_value());
      QVERIFY(result->statistics.newTokens > 500);
      QCOMPARE(seen.size(), std::size_t(1));
      QCOMPARE(engine->statistics().backend.allocatedBytes, allocated);
      QCOMPARE(*seen.begin(), loaded);
      qInfo("%lld tokens by %s", static_cast<long long>(result->statistics.newTokens),
            engine->statistics().backend.path.c_str());
    }
  }

  void loadsDoNotDrift() {
    const auto keeper = test::loadOn(test::kCard, test::sampleModel(), uniformRecipe(Format::q4), KvFormat::q8, 512);
    QVERIFY(keeper != nullptr);
    std::uint64_t settled = 0;
    for (int cycle = 0; cycle < cycles(); ++cycle) {
      QVERIFY(makeEngine()->load(sampleRequest(Format::q4, KvFormat::q8), {}, {}));
      if (cycle == 2) settled = freeOnCard();
    }
    QCOMPARE(freeOnCard(), settled);
    qInfo("%d loads", cycles());
  }

  void aLongAnswerDoesNotDrift() {
    const test::TempFolder folder;
    const auto engine = test::loadOn(test::kCard, writeEndlessSample(folder), uniformRecipe(Format::q4), KvFormat::q8,
                                     kLongAnswer + 240, 256, 1);
    QVERIFY(engine != nullptr);
    GenerateRequest request;
    request.prompt = "Once upon a time";
    request.maxTokens = kLongAnswer;
    std::uint64_t first = 0, most = 0, least = UINT64_MAX;
    const auto look = [&](const GenerateEvent& event) {
      if (event.prefill || event.newTokens % 100 != 1) return;
      const std::uint64_t now = freeOnCard();
      if (first == 0) first = now;
      most = std::max(most, now);
      least = std::min(least, now);
    };
    const auto result = engine->generate(request, look, {});
    QVERIFY(result.has_value());
    QCOMPARE(result->statistics.newTokens, std::int64_t(kLongAnswer));
    QCOMPARE(most, first);
    QCOMPARE(least, first);
    QCOMPARE(freeOnCard(), first);
    qInfo("%d tokens at %.0f tok/s by %s", kLongAnswer, result->statistics.decodeTokensPerSecond,
          engine->statistics().backend.path.c_str());
  }

 private:
  QTemporaryDir m_cache;
};

QTEST_APPLESS_MAIN(TestCardMemoryGpu)
#include "test_card_memory_gpu.moc"

// The inference queue with a scripted engine: order, stopping, floods, split characters, errors and exceptions.
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QtTest>

#include "app/inference_queue.h"
#include "app/metrics_history.h"
#include "tests/support/scripted_engine.h"

using namespace nibble;
using namespace nibble::test;

namespace {
/// Writes down what the queue tells, in order.
class Journal : public QObject {
 public:
  explicit Journal(InferenceQueue& queue) {
    const auto note = [this](const char* what, RunId run) { lines << QString("%1 %2").arg(what).arg(run); };
    connect(&queue, &InferenceQueue::runStarted, this, [note](RunId run) { note("started", run); });
    connect(&queue, &InferenceQueue::loaded, this, [note](RunId run) { note("loaded", run); });
    connect(&queue, &InferenceQueue::unloaded, this, [note](RunId run) { note("unloaded", run); });
    connect(&queue, &InferenceQueue::generated, this, [this, note](RunId run, const GenerateResult& result) {
      note("generated", run);
      results[run] = result;
    });
    connect(&queue, &InferenceQueue::rendered, this, [note](RunId run) { note("rendered", run); });
    connect(&queue, &InferenceQueue::jobDone, this, [note](RunId run) { note("done", run); });
    connect(&queue, &InferenceQueue::failed, this, [this, note](RunId run, const Error& error) {
      note("failed", run);
      errors[run] = error;
    });
    connect(&queue, &InferenceQueue::runEnded, this, [note](RunId run) { note("ended", run); });
    connect(&queue, &InferenceQueue::textArrived, this, [this, note](RunId run, const QString& text, const GenerateEvent& last) {
      if (texts[run].isEmpty()) note("text", run);
      texts[run] += text;
      ++arrivals[run];
      if (lines.contains(QString("ended %1").arg(run))) ++late;
      lastCount[run] = last.newTokens;
    });
  }
  bool ended(RunId run) const { return lines.contains(QString("ended %1").arg(run)); }

  QStringList lines;
  std::map<RunId, QString> texts;
  std::map<RunId, int> arrivals;
  std::map<RunId, qint64> lastCount;
  std::map<RunId, GenerateResult> results;
  std::map<RunId, Error> errors;
  int late = 0;
};

GenerateRequest question(int maxTokens = 1'000'000) {
  GenerateRequest request;
  request.turns = {{"user", "hello"}};
  request.maxTokens = maxTokens;
  return request;
}
LoadRequest model() {
  LoadRequest request;
  request.model = "/models/tiny";
  request.recipe = uniformRecipe(Format::q4);
  return request;
}
}  // namespace

class TestInferenceQueue : public QObject {
  Q_OBJECT
 private slots:
  void oneAfterTheOther() {
    EngineScript script;
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    QSignalSpy busy(&queue, &InferenceQueue::busyChanged), changed(&queue, &InferenceQueue::modelChanged);
    QCOMPARE(queue.load(model()), RunId(1));
    queue.generate(question());
    queue.render({{"user", "x"}});
    queue.submit([](Engine& engine, const JobSink& progress, std::stop_token) -> Result<void> {
      progress({"counting", 1, 2});
      return engine.info() ? Result<void>{} : fail(ErrorCode::failed, "no model");
    });
    QVERIFY(queue.busy() && queue.isPending(4));
    QCOMPARE(queue.unload(), RunId(5));
    QTRY_VERIFY(journal.ended(5));
    QCOMPARE(journal.lines, (QStringList{"started 1", "loaded 1", "ended 1", "started 2", "text 2", "generated 2", "ended 2", "started 3", "rendered 3",
                                         "ended 3", "started 4", "done 4", "ended 4", "started 5", "unloaded 5", "ended 5"}));
    QCOMPARE(journal.texts[2], QString("Hello from the script."));
    QCOMPARE(busy.count(), 2);
    QCOMPARE(changed.count(), 2);
    QVERIFY(!queue.busy() && !queue.model());
  }

  void stopEndsSoonAndKeepsTheText() {
    EngineScript script;
    script.tokens = {"word "};
    script.repeat = 1'000'000;
    script.tokensPerSecond = 200;
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    queue.load(model());
    const RunId run = queue.generate(question());
    QTRY_VERIFY(journal.texts[run].size() > 50);
    QElapsedTimer clock;
    clock.start();
    queue.stop(run);
    QTRY_VERIFY(journal.ended(run));
    QVERIFY2(clock.elapsed() < 1000, qPrintable(QString::number(clock.elapsed())));
    QVERIFY(journal.results[run].stop == StopReason::cancelled);
    QCOMPARE(QString::fromStdString(journal.results[run].text), journal.texts[run]);  // all that was made has arrived
    const RunId next = queue.generate(question(5));
    QTRY_VERIFY(journal.ended(next));
    QVERIFY(journal.results[next].stop == StopReason::length);
    queue.stop(run);  // ended long ago: ignored
    queue.stop(999);
  }

  void whatWaitsCanBeStoppedBeforeItBegins() {
    EngineScript script;
    script.repeat = 1'000'000;
    script.tokensPerSecond = 100;
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    queue.load(model());
    const RunId first = queue.generate(question()), second = queue.generate(question()), third = queue.generate(question(3));
    queue.stop(second);
    QTRY_VERIFY(journal.texts[first].size() > 5);
    queue.stop(first);
    QTRY_VERIFY(journal.ended(third));
    QVERIFY(journal.errors[second].code == ErrorCode::cancelled);
    QVERIFY(journal.texts[second].isEmpty());
    QVERIFY(journal.results[third].stop == StopReason::length);
    QCOMPARE(script.requests.size(), 2u);  // the engine never saw the second
  }

  void loadingCanBeStopped() {
    EngineScript script;
    script.loadTime = std::chrono::seconds(60);
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    QSignalSpy progress(&queue, &InferenceQueue::loadProgressed);
    const RunId run = queue.load(model());
    QTRY_VERIFY(!progress.isEmpty());
    queue.stop(run);
    QTRY_VERIFY(journal.ended(run));
    QVERIFY(journal.errors[run].code == ErrorCode::cancelled);
    QVERIFY(!queue.model());
  }

  void aFloodIsCoalesced() {
    EngineScript script;
    script.tokens = {"ten bytes "};
    script.repeat = 20'000;
    script.tokensPerSecond = 10'000;
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    queue.load(model());
    const RunId run = queue.generate(question());
    QTRY_VERIFY(!journal.texts[run].isEmpty());
    QElapsedTimer clock;
    clock.start();
    QTRY_VERIFY_WITH_TIMEOUT(journal.ended(run), 30'000);
    const double seconds = static_cast<double>(clock.elapsed()) / 1000;
    qInfo("20,000 tokens in %.2f s: %d signals, %.1f a second", seconds, journal.arrivals[run], journal.arrivals[run] / seconds);
    QVERIFY(journal.arrivals[run] <= 31 * seconds + 3);
    QCOMPARE(journal.texts[run].size(), 200'000);
    QCOMPARE(journal.lastCount[run], 20'000);
  }

  /// Nobody takes the text away: the engine waits, memory stays, and nothing is lost in the end.
  void aWindowThatHangsDoesNotLoseText() {
    EngineScript script;
    script.tokens = {std::string(1000, 'x')};
    script.repeat = 5'000;
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    queue.load(model());
    const RunId run = queue.generate(question());
    QTRY_VERIFY(!journal.texts[run].isEmpty());
    QThread::msleep(300);  // the GUI thread is busy
    QVERIFY(queue.statistics().totalNewTokens < 5'000);
    QTRY_VERIFY_WITH_TIMEOUT(journal.ended(run), 60'000);
    QCOMPARE(journal.texts[run].size(), 5'000'000);
  }

  void splitCharactersAreJoined() {
    const QString text = "雨🌧 naïve 𝄞";
    EngineScript script;
    script.tokens.clear();
    for (const char byte : text.toStdString()) script.tokens.emplace_back(1, byte);
    script.tokensPerSecond = 100;  // several drains within the text
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    queue.load(model());
    const RunId run = queue.generate(question());
    QTRY_VERIFY(journal.ended(run));
    QVERIFY(journal.arrivals[run] > 2);
    QCOMPARE(journal.texts[run], text);
  }

  /// A run stopped in the middle of a character must not spoil the next run's first one.
  void halfACharacterDoesNotReachTheNextRun() {
    EngineScript script;
    script.tokens = {"a", "\xe9\x9b"};  // two thirds of 雨
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    queue.load(model());
    const RunId first = queue.generate(question());
    QTRY_VERIFY(journal.ended(first));
    script.tokens = {"雨"};
    const RunId second = queue.generate(question());
    QTRY_VERIFY(journal.ended(second));
    QCOMPARE(journal.texts[second], QString("雨"));
  }

  void noTextComesAfterTheEnd() {
    EngineScript script;
    script.tokens = {"x"};
    script.repeat = 1'000'000;
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    queue.load(model());
    for (int i = 0; i < 10; ++i) {
      const RunId run = queue.generate(question());
      QTRY_VERIFY(!journal.texts[run].isEmpty());
      queue.stop(run);
    }
    QTRY_VERIFY(!queue.busy());
    QCoreApplication::processEvents();
    QCOMPARE(journal.late, 0);
    for (const auto& [run, result] : journal.results) QCOMPARE(journal.texts[run].size(), static_cast<qsizetype>(result.text.size()));
  }

  void exceptionsAndErrorsLeaveItWorking() {
    EngineScript script;
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    const RunId without = queue.generate(question());  // no model yet
    QTRY_VERIFY(journal.ended(without));
    QVERIFY(journal.errors[without].code == ErrorCode::wrongUsage);
    queue.load(model());
    script.throwInstead = true;
    const RunId thrown = queue.generate(question());
    QTRY_VERIFY(journal.ended(thrown));
    QVERIFY(journal.errors[thrown].code == ErrorCode::failed);
    QVERIFY(journal.errors[thrown].detail.find("scripted exception") != std::string::npos);
    script.throwInstead = false;
    const RunId odd = queue.submit([](Engine&, const JobSink&, std::stop_token) -> Result<void> { throw 42; });
    QTRY_VERIFY(journal.ended(odd));
    QVERIFY(journal.errors[odd].code == ErrorCode::failed);
    script.generateError = Error{ErrorCode::notANumber, "NaN", {}, "layer 3", 0, 0};
    script.errorAfter = 3;
    const RunId broken = queue.generate(question());
    QTRY_VERIFY(journal.ended(broken));
    QCOMPARE(journal.errors[broken].field, std::string("layer 3"));
    QCOMPARE(journal.texts[broken], QString("Hello from the"));  // what came before the error was shown
    script.generateError.reset();
    const RunId good = queue.generate(question());
    QTRY_VERIFY(journal.ended(good));
    QCOMPARE(journal.texts[good], QString("Hello from the script."));
  }

  void aFailedLoadKeepsTheFormerModel() {
    EngineScript script;
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    queue.load(model());
    QTRY_VERIFY(!queue.busy());
    QSignalSpy changed(&queue, &InferenceQueue::modelChanged);
    script.loadError = Error{ErrorCode::fileMalformed, "bad", {}, {}, 0, 0};
    const RunId run = queue.load(model());
    QTRY_VERIFY(journal.ended(run));
    QVERIFY(journal.errors[run].code == ErrorCode::fileMalformed);
    QVERIFY(queue.model().has_value());
    QCOMPARE(changed.count(), 0);
  }

  void aModelTooLargeIsRefusedWithNumbers() {
    EngineScript script;
    script.freeBytes = 1 << 20;
    InferenceQueue queue(scriptedDoor(script));
    Journal journal(queue);
    const RunId run = queue.load(model());
    QTRY_VERIFY(journal.ended(run));
    QVERIFY(journal.errors[run].code == ErrorCode::outOfMemory);
    QVERIFY(journal.errors[run].needed > journal.errors[run].available && journal.errors[run].available == 1 << 20);
  }

  void closingInTheMiddleOfAFloodEnds() {
    EngineScript script;
    script.tokens = {std::string(5000, 'y')};
    script.repeat = 1'000'000;
    QElapsedTimer clock;
    for (int i = 0; i < 5; ++i) {
      InferenceQueue queue(scriptedDoor(script));
      queue.load(model());
      queue.generate(question());
      queue.generate(question());
      QThread::msleep(30);  // the buffer is full: the worker waits in it
      clock.start();
    }
    QVERIFY2(clock.elapsed() < 2000, qPrintable(QString::number(clock.elapsed())));
  }

  void theSamplerTurnsCountersIntoRatesAndEvents() {
    EngineScript script;
    script.tokens = {"x "};
    script.repeat = 400;
    script.tokensPerSecond = 200;
    InferenceQueue queue(scriptedDoor(script));
    MetricsHistory history;
    MetricsSampler sampler(queue, history);
    Journal journal(queue);
    queue.load(model());
    const RunId run = queue.generate(question());
    QTRY_VERIFY(journal.ended(run));
    double best = 0;
    for (const MetricsSample& sample : history.samples(MetricsSpan::fiveMinutes)) best = std::max(best, sample.decodeTokensPerSecond);
    QVERIFY2(best > 50 && best < 400, qPrintable(QString::number(best)));
    QVERIFY(history.capacity() > 0);
    QVERIFY(history.samples(MetricsSpan::fiveMinutes).back().bytes[static_cast<int>(MemoryPart::weights)] > 0);
    QList<int> kinds;
    for (const MetricsEvent& event : history.events()) kinds << static_cast<int>(event.kind);
    QCOMPARE(kinds, (QList<int>{static_cast<int>(MetricsEventKind::loaded), static_cast<int>(MetricsEventKind::firstToken)}));
  }
};

QTEST_GUILESS_MAIN(TestInferenceQueue)
#include "test_inference_queue.moc"

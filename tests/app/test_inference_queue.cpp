// The queue and worker on a scripted engine: order, text coalescing, stop, errors, exceptions, jobs, the end of the program.
#include <QSignalSpy>
#include <QtTest>
#include <thread>

#include "app/inference_queue.h"
#include "tests/support/scripted_engine.h"

using namespace nibble;
using namespace nibble::test;

namespace {
LoadRequest someModel() {
  LoadRequest request;
  request.model = "/models/tiny";
  request.recipe = uniformRecipe(Format::q4);
  request.context = 2048;
  return request;
}

GenerateRequest someQuestion(int maxTokens = 1'000'000) {
  GenerateRequest request;
  request.turns = {{"user", "hello"}};
  request.maxTokens = maxTokens;
  return request;
}
}  // namespace

class TestInferenceQueue : public QObject {
  Q_OBJECT
 private slots:
  void runsInOrderAndTellsTheEndLast() {
    EngineScript script;
    InferenceQueue queue(scriptedDoor(script));
    QStringList events;
    connect(&queue, &InferenceQueue::loaded, this, [&](RunId run) { events << QString("loaded %1").arg(run); });
    connect(&queue, &InferenceQueue::generated, this, [&](RunId run) { events << QString("generated %1").arg(run); });
    connect(&queue, &InferenceQueue::textArrived, this, [&](RunId run) {
      if (events.last() != QString("text %1").arg(run)) events << QString("text %1").arg(run);
    });
    connect(&queue, &InferenceQueue::runEnded, this, [&](RunId run) { events << QString("ended %1").arg(run); });
    queue.load(someModel());
    queue.generate(someQuestion());
    QVERIFY(queue.busy());
    QTRY_VERIFY(!queue.busy());
    QCOMPARE(events, QStringList({"loaded 1", "ended 1", "text 2", "generated 2", "ended 2"}));
    QVERIFY(queue.model().has_value());
  }

  void aFloodIsCoalesced() {
    EngineScript script;
    script.tokens = {"word ", "雨"};
    script.repeat = 10'000;
    script.tokensPerSecond = 20'000;
    InferenceQueue queue(scriptedDoor(script));
    queue.load(someModel());
    QTRY_VERIFY(!queue.busy());
    int drains = 0;
    QString text;
    connect(&queue, &InferenceQueue::textArrived, this, [&](RunId, const QString& part) {
      ++drains;
      text += part;
    });
    QElapsedTimer timer;
    timer.start();
    queue.generate(someQuestion());
    QTRY_VERIFY_WITH_TIMEOUT(!queue.busy(), 20'000);
    QCOMPARE(text.size(), qsizetype(10'000 * 6));
    const double perSecond = drains / (static_cast<double>(timer.elapsed()) / 1000);
    qInfo("20,000 tokens in %d drains, %.1f a second", drains, perSecond);
    QVERIFY2(perSecond < 40, "at most about 30 a second");
  }

  void aSlowReaderHoldsTheWriterBack() {
    std::atomic<int> wakes{0};
    TokenBuffer buffer([&] { ++wakes; }, 1000);
    std::atomic<int> written{0};
    std::jthread writer([&](std::stop_token stop) {
      for (int i = 0; i < 100 && !stop.stop_requested(); ++i) {
        GenerateEvent event;
        event.text = std::string(100, 'x');
        event.newTokens = i + 1;
        buffer.append(1, event, stop);
        ++written;
      }
    });
    QTest::qWait(100);
    QVERIFY(written < 15);
    QCOMPARE(wakes.load(), 1);
    std::size_t bytes = 0;
    for (int i = 0; i < 1000 && bytes < 10'000; ++i) {
      bytes += buffer.drain().bytes.size();
      QTest::qWait(1);
    }
    QCOMPARE(bytes, 10'000u);
  }

  void stopEndsARunQuickly() {
    EngineScript script;
    script.repeat = 1'000'000;
    script.tokensPerSecond = 100;
    InferenceQueue queue(scriptedDoor(script));
    queue.load(someModel());
    const RunId run = queue.generate(someQuestion());
    QSignalSpy text(&queue, &InferenceQueue::textArrived);
    QTRY_VERIFY(text.size() > 2);
    StopReason reason = StopReason::eos;
    connect(&queue, &InferenceQueue::generated, this, [&](RunId, const GenerateResult& result) { reason = result.stop; });
    QElapsedTimer timer;
    timer.start();
    queue.stop(run);
    QTRY_VERIFY(!queue.busy());
    QVERIFY(timer.elapsed() < 500);
    QCOMPARE(reason, StopReason::cancelled);
  }

  void aWaitingRunCanBeStopped() {
    EngineScript script;
    script.loadTime = std::chrono::milliseconds(200);
    InferenceQueue queue(scriptedDoor(script));
    queue.load(someModel());
    const RunId waiting = queue.generate(someQuestion());
    queue.stop(waiting);
    QSignalSpy failed(&queue, &InferenceQueue::failed);
    QTRY_VERIFY(!queue.busy());
    QCOMPARE(failed.size(), 1);
    QVERIFY(script.requests.empty());
  }

  void aFailedLoadKeepsTheFormerModel() {
    EngineScript script;
    InferenceQueue queue(scriptedDoor(script));
    queue.load(someModel());
    QTRY_VERIFY(!queue.busy());
    QSignalSpy changed(&queue, &InferenceQueue::modelChanged);
    script.loadError = Error{ErrorCode::fileMalformed, "bad", {}, {}, 0, 0};
    queue.load(someModel());
    QTRY_VERIFY(!queue.busy());
    QVERIFY(queue.model().has_value());
    QCOMPARE(changed.size(), 0);
  }

  void exceptionsBecomeErrors() {
    EngineScript script;
    script.throwInstead = true;
    InferenceQueue queue(scriptedDoor(script));
    QSignalSpy failed(&queue, &InferenceQueue::failed);
    queue.load(someModel());
    queue.generate(someQuestion());
    QTRY_COMPARE(failed.size(), 1);
    QTRY_VERIFY(!queue.busy());
  }

  void jobsRunOnTheWorkerWithProgress() {
    EngineScript script;
    InferenceQueue queue(scriptedDoor(script));
    QSignalSpy progress(&queue, &InferenceQueue::jobProgressed), done(&queue, &InferenceQueue::jobDone), changed(&queue, &InferenceQueue::modelChanged);
    QThread* thread = nullptr;
    queue.submit([&](Engine& engine, const JobSink& sink, std::stop_token stop) -> Result<void> {
      thread = QThread::currentThread();
      sink({"loading", 0, 2});
      NIBBLE_CHECK(engine.load(someModel(), [](const LoadProgress&) {}, stop));
      sink({"ready", 2, 2});
      return {};
    });
    QTRY_COMPARE(done.size(), 1);
    QTRY_VERIFY(!queue.busy());
    QCOMPARE(progress.size(), 2);
    QVERIFY(thread != nullptr && thread != QThread::currentThread());
    QCOMPARE(changed.size(), 1);  // the job loaded a model: the window must hear of it
  }

  void endingTheProgramDoesNotWaitForTheAnswer() {
    EngineScript script;
    script.repeat = 1'000'000;
    script.tokensPerSecond = 50;
    QElapsedTimer timer;
    {
      InferenceQueue queue(scriptedDoor(script));
      queue.load(someModel());
      queue.generate(someQuestion());
      QSignalSpy text(&queue, &InferenceQueue::textArrived);
      QTRY_VERIFY(!text.isEmpty());
      timer.start();
    }
    QVERIFY(timer.elapsed() < 1000);
  }
};

QTEST_GUILESS_MAIN(TestInferenceQueue)
#include "test_inference_queue.moc"

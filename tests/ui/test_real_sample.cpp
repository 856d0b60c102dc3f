// The real engine on the CPU with the bundled sample model, in the real window: load, ask, stop, ask again, unload.
#include <QComboBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>

#include "app/chat_session.h"
#include "app/metrics_history.h"
#include "app/model_session.h"
#include "tests/support/window_fixture.h"
#include "ui/chat/chat_page.h"

using namespace nibble;
using namespace nibble::test;

class TestRealSample : public QObject {
  Q_OBJECT
 private slots:
  void loadsAnswersStopsUnloads() {
    EngineDoor door = EngineDoor::real();
    door.sampleModel = [] { return std::optional(sampleModel()); };
    WindowFixture fixture(door, {});
    auto* device = fixture.find<QComboBox>("deviceBox");
    QTRY_VERIFY(device->findData("cpu") > 0);
    device->setCurrentIndex(device->findData("cpu"));
    auto* load = fixture.find<QPushButton>("loadButton");
    QTRY_VERIFY_WITH_TIMEOUT(load->isEnabled(), 10'000);
    load->click();
    QTRY_COMPARE_WITH_TIMEOUT(fixture.context->model().state(), ModelSession::State::ready, 60'000);
    const LoadReport report = *fixture.context->model().report();
    qInfo("predicted %.1f MiB, used %.1f MiB, %.2f s", static_cast<double>(report.plan.totalBytes()) / 1048576, static_cast<double>(report.measuredBytes) / 1048576,
          report.seconds);
    auto& session = fixture.find<ChatPage>("chatPage")->session();
    session.setSampling({{"preset", "greedy"}, {"maxTokens", 60}});
    auto* prompt = fixture.find<QPlainTextEdit>("promptEdit");
    QTest::keyClicks(prompt, "Tell me a story about a red ball.");
    QTest::keyClick(prompt, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(session.messages().rowCount(), 2, 10'000);
    QTRY_VERIFY_WITH_TIMEOUT(!session.busy(), 60'000);
    const ChatMessage first = session.messages().message(1);
    QCOMPARE(first.state, MessageState::complete);
    qInfo("%.0f tok/s, first token %.3f s: %s", first.figures.tokensPerSecond, first.figures.firstTokenSeconds, qPrintable(first.content));
    QVERIFY(first.content.contains("ball"));
    QVERIFY(first.figures.tokensPerSecond > 0);

    session.setSampling({{"preset", "model"}, {"maxTokens", 900}});
    session.ask("And a very long one about a cat, please.");
    QTRY_VERIFY_WITH_TIMEOUT(session.messages().rowCount() == 4 && session.messages().message(3).content.size() > 10, 60'000);
    fixture.find<QPushButton>("stopButton")->click();
    QTRY_VERIFY_WITH_TIMEOUT(!session.busy(), 10'000);
    QVERIFY(session.contextUsed() > 0);
    QTRY_VERIFY(!fixture.context->metrics().samples(MetricsSpan::fiveMinutes).empty());
    fixture.find<QPushButton>("unloadButton")->click();
    QTRY_COMPARE_WITH_TIMEOUT(fixture.context->model().state(), ModelSession::State::none, 10'000);
  }
};

QTEST_MAIN(TestRealSample)
#include "test_real_sample.moc"

// No message may be cut off, however fast its answer came and whichever way its last state reached the view.
#include <QVBoxLayout>

#include "app/chat_session.h"
#include "app/model_session.h"
#include "tests/support/window_fixture.h"
#include "ui/chat/chat_page.h"
#include "ui/chat/message_widget.h"

using namespace nibble;
using namespace nibble::test;

class TestMessageHeights : public QObject {
  Q_OBJECT
 private slots:
  void everyAnswerIsShownWhole_data() {
    QTest::addColumn<int>("repeat");
    QTest::addColumn<double>("speed");
    QTest::newRow("one burst") << 1 << 0.0;
    QTest::newRow("several drains") << 40 << 400.0;
    QTest::newRow("a flood") << 200 << 0.0;
  }
  void everyAnswerIsShownWhole() {
    QFETCH(int, repeat);
    QFETCH(double, speed);
    WindowFixture fixture;
    fixture.window->resize(1280, 800);
    fixture.script.tokens = {"Once upon a time ", "there was a little boy ", "who had a red ball.\n\n", "`code` and **bold**. "};
    fixture.script.repeat = repeat;
    fixture.script.tokensPerSecond = speed;
    LoadRequest request;
    request.model = fixture.script.sample->string();
    request.recipe = recommendedRecipe();
    request.context = 1024;
    fixture.context->model().load(request);
    QTRY_COMPARE(fixture.context->model().state(), ModelSession::State::ready);
    auto& session = fixture.find<ChatPage>("chatPage")->session();
    for (int round = 0; round < 6; ++round) {
      session.ask(QStringLiteral("Tell me a story, please."));
      QTRY_VERIFY(!session.busy());
      QTRY_VERIFY2(cutOff(fixture).isEmpty(), qPrintable(cutOff(fixture)));
    }
  }

 private:
  static QString cutOff(const WindowFixture& fixture) {
    QStringList cut;
    for (const MessageWidget* message : fixture.window->findChildren<MessageWidget*>()) {
      if (!message->isVisible()) continue;
      const int wanted = message->layout()->hasHeightForWidth() ? message->layout()->totalHeightForWidth(message->width()) : message->layout()->totalSizeHint().height();
      if (message->height() < wanted) cut << QStringLiteral("%1 pixels for %2").arg(message->height()).arg(wanted);
    }
    return cut.join(", ");
  }
};

QTEST_MAIN(TestMessageHeights)
#include "test_message_heights.moc"

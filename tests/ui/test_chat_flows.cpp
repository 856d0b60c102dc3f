// Chatting in the real window, by the controls' names: first answer, stop, regenerate, edit and branch, system prompt,
// sampling, errors, crash recovery, a restart.
#include <QAction>
#include <QClipboard>
#include <QDialog>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QInputMethodEvent>
#include <QLabel>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTextEdit>
#include <QToolButton>

#include "app/chat_archive.h"
#include "app/chat_session.h"
#include "app/model_session.h"
#include "tests/support/window_fixture.h"
#include "ui/chat/chat_page.h"
#include "ui/chat/chat_view.h"
#include "ui/chat/message_widget.h"
#include "ui/chat/text_block.h"

using namespace nibble;
using namespace nibble::test;

namespace {
/// A window with a loaded model.
class ChatFixture : public WindowFixture {
 public:
  using WindowFixture::WindowFixture;
  ChatPage& page() const { return *find<ChatPage>("chatPage"); }
  ChatSession& session() const { return page().session(); }
  MessageListModel& messages() const { return session().messages(); }
  QPlainTextEdit* prompt() const { return find<QPlainTextEdit>("promptEdit"); }
  MessageWidget* shown(int row) const { return page().view().widgetAt(row); }

  void load() {
    auto* button = find<QPushButton>("loadButton");
    QTRY_VERIFY(button->isEnabled());
    button->click();
    QTRY_COMPARE(context->model().state(), ModelSession::State::ready);
  }
  void type(const QString& text) {
    prompt()->setFocus();
    QTest::keyClicks(prompt(), text);
    QTest::keyClick(prompt(), Qt::Key_Return);
  }
  void ask(const QString& text) {
    const int before = messages().rowCount();
    type(text);
    QTRY_VERIFY(messages().rowCount() == before + 2);
    QTRY_VERIFY(!session().busy());
  }
};
}  // namespace

class TestChatFlows : public QObject {
  Q_OBJECT
 private slots:
  void firstAnswerInTwoClicks() {
    ChatFixture fixture;
    fixture.find<QPushButton>("startLoad")->click();
    auto* suggestion = fixture.find<QPushButton>("suggestion_0");
    QTRY_VERIFY(suggestion->isVisible());
    suggestion->click();
    QTRY_COMPARE(fixture.messages().rowCount(), 2);
    QTRY_VERIFY(!fixture.session().busy());
    QCOMPARE(fixture.messages().message(1).content, QString("Hello from the script."));
    QVERIFY(fixture.shown(1)->findChild<QLabel*>("messageFigures")->text().contains("tok/s"));
    QVERIFY(fixture.find<QLabel>("contextLabel")->text().contains("1,024"));
  }

  void asksFollowUpsWithTheWholeConversation() {
    ChatFixture fixture;
    fixture.load();
    fixture.ask("one");
    fixture.ask("two");
    QCOMPARE(fixture.script.requests.size(), 2u);
    QCOMPARE(fixture.script.requests[1].turns.size(), 3u);
    QCOMPARE(QString::fromStdString(fixture.script.requests[1].turns[2].content), QString("two"));
    QVERIFY(fixture.prompt()->toPlainText().isEmpty());
  }

  void countsNoFurtherThanTheContext() {
    ChatFixture fixture;
    fixture.script.repeat = 210;  // of five tokens: 1,050
    fixture.load();
    fixture.session().setSampling({{"preset", "greedy"}, {"maxTokens", 2000}});
    fixture.ask("on and on");
    QVERIFY(fixture.session().contextUsed() > 1024);
    QCOMPARE(fixture.find<QLabel>("contextLabel")->text(), QString("1,024 of 1,024 tokens"));
  }

  void splitCharactersAreJoined() {
    ChatFixture fixture;
    const std::string rain = "雨🌧";
    fixture.script.tokens.clear();
    for (const char byte : rain) fixture.script.tokens.push_back(std::string(1, byte));
    fixture.script.tokensPerSecond = 50;
    fixture.load();
    QStringList seen;
    connect(&fixture.messages(), &MessageListModel::grew, this, [&](MessageId, const QString& text) { seen << text; });
    fixture.ask("rain");
    QCOMPARE(fixture.messages().message(1).content, QString::fromStdString(rain));
    QVERIFY(!seen.join("").contains(QChar::ReplacementCharacter));
    QCOMPARE(seen.join(""), QString::fromStdString(rain));
  }

  void enterWhileComposingDoesNotSend() {
    ChatFixture fixture;
    fixture.load();
    fixture.prompt()->setFocus();
    QInputMethodEvent composing("ni", {});
    QCoreApplication::sendEvent(fixture.prompt(), &composing);
    QTest::keyClick(fixture.prompt(), Qt::Key_Return);
    QCOMPARE(fixture.messages().rowCount(), 0);
    QInputMethodEvent committed;
    committed.setCommitString("你");
    QCoreApplication::sendEvent(fixture.prompt(), &committed);
    QTest::keyClick(fixture.prompt(), Qt::Key_Return, Qt::ShiftModifier);
    QVERIFY(!fixture.session().busy());
    QTest::keyClick(fixture.prompt(), Qt::Key_Return);
    QTRY_COMPARE(fixture.messages().rowCount(), 2);
    QVERIFY(fixture.messages().message(0).content.startsWith("你"));
  }

  void stopKeepsWhatArrived() {
    ChatFixture fixture;
    fixture.script.tokens = {"word "};
    fixture.script.repeat = 100'000;
    fixture.script.tokensPerSecond = 100;
    fixture.load();
    fixture.type("go on");
    QTRY_VERIFY(fixture.messages().rowCount() == 2 && fixture.messages().message(1).content.size() > 20);
    auto* stop = fixture.find<QPushButton>("stopButton");
    QVERIFY(stop->isVisible());
    QVERIFY(!fixture.find<QPushButton>("sendButton")->isVisible());
    stop->click();
    QTRY_VERIFY(!fixture.session().busy());
    QCOMPARE(fixture.messages().message(1).state, MessageState::stopped);
    QVERIFY(fixture.messages().message(1).content.size() > 20);
    QVERIFY(fixture.shown(1)->findChild<QLabel*>("messageState")->isVisible());
  }

  void regenerateMakesABranch() {
    ChatFixture fixture;
    fixture.load();
    fixture.ask("first");
    fixture.script.tokens = {"Another", " answer."};
    QTRY_VERIFY(fixture.shown(1));
    fixture.shown(1)->findChild<QToolButton*>("messageRegenerate")->click();
    QTRY_COMPARE(fixture.messages().rowCount(), 2);
    QTRY_COMPARE(fixture.messages().message(1).content, QString("Another answer."));
    QTRY_VERIFY(!fixture.session().busy());
    QTRY_VERIFY(fixture.shown(1) && fixture.shown(1)->findChild<QLabel*>("branchLabel")->text() == "2/2");
    fixture.shown(1)->findChild<QToolButton*>("branchPrevious")->click();
    QTRY_COMPARE(fixture.messages().message(1).content, QString("Hello from the script."));
  }

  void editMakesABranchOfTheQuestion() {
    ChatFixture fixture;
    fixture.load();
    fixture.ask("first");
    QTRY_VERIFY(fixture.shown(0));
    fixture.shown(0)->findChild<QToolButton*>("messageEdit")->click();
    auto* editor = fixture.shown(0)->findChild<QPlainTextEdit*>("messageEditor");
    QVERIFY(editor);
    QCOMPARE(editor->toPlainText(), QString("first"));
    editor->setPlainText("changed");
    fixture.shown(0)->findChild<QPushButton*>("editSend")->click();
    QTRY_COMPARE(fixture.messages().message(0).content, QString("changed"));
    QTRY_VERIFY(!fixture.session().busy() && fixture.messages().rowCount() == 2);
    QCOMPARE(fixture.script.requests.back().turns.size(), 1u);
    QTRY_VERIFY(fixture.shown(0) && fixture.shown(0)->findChild<QLabel*>("branchLabel")->text() == "2/2");
    fixture.shown(0)->findChild<QToolButton*>("branchPrevious")->click();
    QTRY_COMPARE(fixture.messages().message(0).content, QString("first"));
    fixture.restart();
    QTRY_COMPARE(fixture.messages().rowCount(), 2);
    QCOMPARE(fixture.messages().message(0).content, QString("first"));
    QCOMPARE(fixture.messages().branchCount(0), 2);
  }

  void systemPromptAndSamplingReachTheEngine() {
    ChatFixture fixture;
    fixture.load();
    fixture.find<QToolButton>("systemPromptButton")->click();
    fixture.window->findChild<QPlainTextEdit*>("systemPromptEdit")->setPlainText("Be brief.");
    fixture.window->findChild<QPushButton*>("systemPromptUse")->click();
    fixture.window->findChild<QAction*>("sampling_greedy")->trigger();
    fixture.ask("hello");
    const GenerateRequest& request = fixture.script.requests.back();
    QCOMPARE(QString::fromStdString(request.turns.front().role), QString("system"));
    QCOMPARE(QString::fromStdString(request.turns.front().content), QString("Be brief."));
    QVERIFY(request.sampling.greedy);
    QVERIFY(fixture.find<QToolButton>("samplingButton")->text().contains("likeliest"));
  }

  void ownSamplingValues() {
    ChatFixture fixture;
    fixture.load();
    fixture.window->findChild<QAction*>("sampling_custom")->trigger();
    auto* dialog = fixture.window->findChild<QDialog*>("samplingDialog");
    QVERIFY(dialog);
    dialog->findChild<QDoubleSpinBox*>("temperature")->setValue(0.25);
    dialog->findChild<QLineEdit*>("seed")->setText("1234");
    dialog->findChild<QPushButton*>("samplingUse")->click();
    fixture.ask("hello");
    QCOMPARE(fixture.script.requests.back().sampling.temperature, 0.25f);
    QCOMPARE(fixture.script.requests.back().sampling.seed, 1234u);
  }

  void renderedPromptShowsTokens() {
    ChatFixture fixture;
    fixture.load();
    fixture.prompt()->setPlainText("unsent");
    fixture.find<QToolButton>("renderedPromptButton")->click();
    auto* text = fixture.window->findChild<QTextEdit*>("renderedPromptText");
    QVERIFY(text);
    QTRY_VERIFY(text->toPlainText().contains("<|im_start|>"));
    QVERIFY(text->toPlainText().contains("unsent"));
    QVERIFY(fixture.window->findChild<QLabel*>("renderedPromptSummary")->text().contains("5 tokens"));
  }

  void failureIsSaidAndTheNextTryWorks() {
    ChatFixture fixture;
    fixture.load();
    fixture.script.generateError = Error{ErrorCode::notANumber, "logits hold NaN", {}, "layer 3", 0, 0};
    fixture.script.errorAfter = 2;
    fixture.ask("hello");
    QCOMPARE(fixture.messages().message(1).state, MessageState::failed);
    QVERIFY(fixture.messages().message(1).error.contains("layer 3"));
    QCOMPARE(fixture.messages().message(1).content, QString("Hello from"));
    fixture.script.generateError.reset();
    fixture.ask("again");
    QCOMPARE(fixture.messages().message(3).state, MessageState::complete);
  }

  void anEscapingExceptionIsAnError() {
    ChatFixture fixture;
    fixture.load();
    fixture.script.throwInstead = true;
    fixture.ask("hello");
    QCOMPARE(fixture.messages().message(1).state, MessageState::failed);
    fixture.script.throwInstead = false;
    fixture.ask("again");
    QCOMPARE(fixture.messages().message(3).state, MessageState::complete);
  }

  void withoutAModelNothingIsLost() {
    ChatFixture fixture;
    fixture.type("too early");
    QCOMPARE(fixture.prompt()->toPlainText(), QString("too early"));
    QVERIFY(fixture.find<QLabel>("noticeText")->text().contains("Load a model"));
  }

  void anAnswerGoesOnWhileAnotherChatIsOpen() {
    ChatFixture fixture;
    fixture.script.tokens = {"word "};
    fixture.script.repeat = 60;
    fixture.script.tokensPerSecond = 100;
    fixture.load();
    fixture.type("long one");
    QTRY_VERIFY(fixture.messages().rowCount() == 2 && !fixture.messages().message(1).content.isEmpty());
    const ChatId first = fixture.session().currentId();
    fixture.find<QPushButton>("newChatButton")->click();
    QCOMPARE(fixture.messages().rowCount(), 0);
    QTRY_VERIFY(!fixture.session().busy());
    fixture.session().open(first);
    QTRY_COMPARE(fixture.messages().rowCount(), 2);
    QCOMPARE(fixture.messages().message(1).content.count("word"), 60);
    QCOMPARE(fixture.messages().message(1).state, MessageState::complete);
  }

  void aStreamingAnswerIsFoundInterrupted() {
    ChatFixture fixture;
    fixture.load();
    fixture.ask("hello");
    ChatMessage message = fixture.messages().message(1);
    message.state = MessageState::streaming;  // as a killed program leaves it
    fixture.context->chats().post([message](ChatStore& store) { return store.updateMessage(message); });
    fixture.context->chats().finish();
    fixture.restart();
    QTRY_COMPARE(fixture.messages().rowCount(), 2);
    QCOMPARE(fixture.messages().message(1).state, MessageState::interrupted);
    QVERIFY(fixture.find<QLabel>("noticeText")->text().contains("interrupted"));
  }

  void copiesMessagesAndCode() {
    ChatFixture fixture;
    fixture.script.tokens = {"Look:\n\n```python\n", "print(1)\n", "```\n\nDone."};
    fixture.load();
    fixture.ask("code");
    QTRY_VERIFY(fixture.shown(1) && fixture.shown(1)->findChild<QToolButton*>("codeCopy"));
    fixture.shown(1)->findChild<QToolButton*>("codeCopy")->click();
    QCOMPARE(QGuiApplication::clipboard()->text(), QString("print(1)"));
    fixture.shown(1)->findChild<QToolButton*>("messageCopy")->click();
    QCOMPARE(QGuiApplication::clipboard()->text(), QString("Look:\n\n```python\nprint(1)\n```\n\nDone."));
  }

  void linksAreShownBeforeTheyAreOpened() {
    ChatFixture fixture;
    fixture.script.tokens = {"See [this](https://example.org/x) and ![picture](https://example.org/p.png)."};
    fixture.load();
    fixture.ask("link");
    QTRY_VERIFY(fixture.shown(1));
    auto* block = fixture.shown(1)->findChild<TextBlock*>();
    QVERIFY(block);
    QVERIFY(!block->toHtml().contains("<img"));
    fixture.dialogs.accept = false;
    emit block->anchorClicked(QUrl("https://example.org/x"));
    QCOMPARE(fixture.dialogs.asked.size(), 1);
    QVERIFY(fixture.dialogs.asked.first().contains("https://example.org/x"));
  }

  void theDraftSurvivesARestart() {
    ChatFixture fixture;
    fixture.load();
    fixture.ask("hello");
    fixture.prompt()->setPlainText("half a thought");
    QTRY_COMPARE_WITH_TIMEOUT(fixture.session().chat().draft, QString("half a thought"), 3000);
    fixture.restart();
    QTRY_COMPARE(fixture.prompt()->toPlainText(), QString("half a thought"));
  }

  void aThousandMessagesMakeFewWidgets() {
    ChatFixture fixture;
    ChatWithMessages big;
    big.chat.id = newChatId();
    big.chat.title = "big";
    big.chat.created = big.chat.updated = QDateTime::currentDateTimeUtc();
    MessageId parent = 0;
    for (int i = 0; i < 1000; ++i) {
      ChatMessage message;
      message.id = newChatId();
      message.chat = big.chat.id;
      message.parent = parent;
      message.role = i % 2 ? "assistant" : "user";
      message.content = QString("Message %1. **Bold** and `code`, and a few more words to fill the line so that it wraps at some width.").arg(i);
      message.created = big.chat.created.addMSecs(i);
      parent = message.id;
      big.messages.push_back(message);
    }
    fixture.context->chats().post([big](ChatStore& store) { return store.import({big}); });
    fixture.session().open(big.chat.id);
    QTRY_COMPARE(fixture.messages().rowCount(), 1000);
    QTRY_VERIFY(fixture.shown(999));
    QVERIFY2(fixture.page().view().liveWidgets() < 60, "only what is in sight may exist");
    fixture.page().view().showRow(500);
    QTRY_VERIFY(fixture.shown(500));
    QVERIFY(!fixture.shown(999));
    QVERIFY(fixture.page().view().liveWidgets() < 60);
  }
};

QTEST_MAIN(TestChatFlows)
#include "test_chat_flows.moc"

// The archive and the open conversation, without a window: the question is on disk before inference, the answer while it
// streams; branches, lists, what happens when the disk refuses. Both list models keep the rules of item models.
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QtTest>

#include "app/application_context.h"
#include "app/chat_list_model.h"
#include "app/chat_session.h"
#include "app/model_session.h"
#include "tests/support/example_chat.h"
#include "tests/support/scripted_engine.h"
#include "tests/support/test_data.h"

using namespace nibble;
using namespace nibble::test;

namespace {
/// The application without a window, with a loaded scripted model.
struct Fixture {
  explicit Fixture(const QString& profile = {}) : path(profile.isEmpty() ? folder.path() : profile) {
    script.sample = sampleModel();
    open();
  }
  void open() {
    context = std::make_unique<ApplicationContext>(AppPaths::find(path), scriptedDoor(script));
    session = std::make_unique<ChatSession>(*context);
    tester = std::make_unique<QAbstractItemModelTester>(&session->messages(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    LoadRequest request;
    request.model = "/models/tiny";
    request.recipe = uniformRecipe(Format::q4);
    context->model().load(request);
    QTRY_COMPARE(context->model().state(), ModelSession::State::ready);
  }
  void close() {
    tester.reset();
    session.reset();
    context.reset();
  }
  void ask(const QString& text) {
    session->ask(text);
    QTRY_VERIFY(!session->busy());
  }
  /// What is on disk now, after everything posted so far.
  ChatWithMessages stored(ChatId id) {
    ChatWithMessages out;
    bool done = false;
    context->chats().ask(context.get(), [id](ChatStore& store) { return store.read(id); }, [&](const Result<ChatWithMessages>& read) {
      if (read) out = *read;
      done = true;
    });
    [&] { QTRY_VERIFY(done); }();
    return out;
  }

  QTemporaryDir folder;
  QString path;
  EngineScript script;
  std::unique_ptr<ApplicationContext> context;
  std::unique_ptr<ChatSession> session;
  std::unique_ptr<QAbstractItemModelTester> tester;
};
}  // namespace

class TestChatArchive : public QObject {
  Q_OBJECT
 private slots:
  void answersComeBackInOrderOnThisThread() {
    QTemporaryDir folder;
    ChatArchive archive(folder.path());
    QSignalSpy opened(&archive, &ChatArchive::opened);
    QList<int> order;
    for (int i = 0; i < 50; ++i) {
      archive.ask(this, [](ChatStore& store) { return store.createChat(exampleChat()); }, [&order, i](const Result<void>& done) {
        QVERIFY(done.has_value());
        QCOMPARE(QThread::currentThread(), qApp->thread());
        order << i;
      });
    }
    QTRY_COMPARE(order.size(), 50);
    QVERIFY(std::is_sorted(order.begin(), order.end()));
    QCOMPARE(opened.count(), 1);
  }

  void closingWritesWhatWasPosted() {
    QTemporaryDir folder;
    {
      ChatArchive archive(folder.path());
      for (int i = 0; i < 200; ++i) archive.post([](ChatStore& store) { return store.createChat(exampleChat()); });
    }
    auto store = ChatStore::open(folder.path());
    QCOMPARE((*store)->chats()->size(), 200u);
  }

  void aDatabaseThatCannotBeOpenedIsToldToEveryone() {
    QTemporaryDir folder;
    auto holder = ChatStore::open(folder.path());
    ChatArchive archive(folder.path());
    QSignalSpy failed(&archive, &ChatArchive::failed);
    QTRY_COMPARE(failed.count(), 1);
    bool refused = false;
    archive.ask(this, [](ChatStore& store) { return store.chats(); }, [&](const Result<std::vector<ChatSummary>>& chats) { refused = !chats; });
    QTRY_VERIFY(refused);
    QCOMPARE(failed.count(), 2);
  }

  void theQuestionIsOnDiskBeforeInference() {
    Fixture fixture;
    fixture.script.prefillTime = std::chrono::seconds(60);
    const ChatId chat = fixture.session->currentId();
    QSignalSpy accepted(fixture.session.get(), &ChatSession::accepted);
    bool acceptedFirst = true;
    connect(&fixture.context->inference(), &InferenceQueue::runStarted, this, [&] { acceptedFirst = acceptedFirst && accepted.count() == 1; });
    fixture.session->ask("first question");
    QVERIFY(fixture.session->activity() == ChatSession::Activity::committing);
    QVERIFY(!fixture.context->inference().busy());  // nothing was asked of the engine yet
    QTRY_VERIFY(fixture.session->activity() == ChatSession::Activity::prefilling);
    QVERIFY(acceptedFirst);
    const ChatWithMessages kept = fixture.stored(chat);
    QCOMPARE(kept.messages.size(), 2u);
    QCOMPARE(kept.messages[0].content, QString("first question"));
    QVERIFY(kept.messages[1].state == MessageState::streaming);
    fixture.session->stop();
    QTRY_VERIFY(!fixture.session->busy());
  }

  void theAnswerIsOnDiskWhileItStreams() {
    Fixture fixture;
    fixture.script.tokens = {"word "};
    fixture.script.repeat = 100'000;
    fixture.script.tokensPerSecond = 100;
    const ChatId chat = fixture.session->currentId();
    fixture.session->ask("go");
    const auto storedLength = [&] {
      const ChatWithMessages kept = fixture.stored(chat);
      return kept.messages.size() == 2 ? kept.messages[1].content.size() : 0;
    };
    QTRY_VERIFY(storedLength() > 0);
    const auto before = storedLength();
    QTRY_VERIFY(storedLength() > before);
    QVERIFY(fixture.session->busy());
    // The window goes away in the middle of it: what arrived is kept, as stopped.
    const auto shown = fixture.session->messages().message(1).content.size();
    fixture.close();
    auto store = ChatStore::open(fixture.path + "/data");
    QVERIFY(store.has_value());
    QCOMPARE((*store)->interruptedFound(), 0);
    const auto read = (*store)->read(chat);
    QVERIFY(read->messages[1].state == MessageState::stopped);
    QVERIFY(read->messages[1].content.size() >= shown);
  }

  void nothingIsAskedWhenTheDiskRefuses() {
    Fixture fixture;
    // The table is taken away under the store, on the thread its connection belongs to.
    fixture.context->chats().post([](ChatStore&) -> Result<void> {
      for (const QString& name : QSqlDatabase::connectionNames()) QSqlQuery(QSqlDatabase::database(name)).exec("DROP TABLE messages");
      return {};
    });
    QSignalSpy refused(fixture.session.get(), &ChatSession::refused), accepted(fixture.session.get(), &ChatSession::accepted);
    fixture.session->ask("lost?");
    QTRY_COMPARE(refused.count(), 1);
    QCOMPARE(accepted.count(), 0);
    QVERIFY(!fixture.session->busy());
    QCOMPARE(fixture.session->messages().rowCount(), 0);
    QVERIFY(fixture.script.requests.empty());
  }

  void branches() {
    Fixture fixture;
    fixture.ask("one");
    MessageListModel& messages = fixture.session->messages();
    const MessageId question = messages.message(0).id, first = messages.message(1).id;
    fixture.script.tokens = {"another"};
    fixture.session->regenerate(first);
    QTRY_VERIFY(!fixture.session->busy());
    QCOMPARE(messages.branchCount(1), 2);
    QCOMPARE(messages.message(1).content, QString("another"));
    fixture.session->edit(question, "uno");
    QTRY_VERIFY(!fixture.session->busy());
    QCOMPARE(messages.branchCount(0), 2);
    QCOMPARE(messages.message(0).content, QString("uno"));
    fixture.session->selectBranch(messages.message(0).id, -1);
    QCOMPARE(messages.message(0).content, QString("one"));
    fixture.session->selectBranch(messages.message(1).id, -1);
    QCOMPARE(messages.message(1).id, first);
    const ChatId chat = fixture.session->currentId();
    fixture.session->setTitle("Numbers");  // saving the title must not bring back an older branch
    fixture.close();
    fixture.open();
    QSignalSpy opened(fixture.session.get(), &ChatSession::opened);
    fixture.session->open(chat);
    QTRY_COMPARE(opened.count(), 1);
    QCOMPARE(fixture.session->messages().message(1).id, first);
    QCOMPARE(fixture.session->chat().title, QString("Numbers"));
    QCOMPARE(fixture.stored(chat).messages.size(), 5u);
  }

  /// A rename from the list holds an older copy of the chat; it changes the name and nothing of the conversation.
  void renamingWhileAnsweringKeepsTheNewestMessage() {
    Fixture fixture;
    fixture.ask("one");
    const ChatId chat = fixture.session->currentId();
    ChatSummary old = fixture.stored(chat).chat;
    fixture.ask("two");
    old.title = "Renamed";
    bool done = false;
    fixture.context->chats().ask(this, [old](ChatStore& store) { return store.updateChat(old); }, [&](const Result<void>&) { done = true; });
    QTRY_VERIFY(done);
    const ChatWithMessages kept = fixture.stored(chat);
    QCOMPARE(kept.chat.title, QString("Renamed"));
    QCOMPARE(ChatTree(kept).path().size(), 4u);
  }

  void anotherChatCanBeReadWhileOneIsAnswered() {
    Fixture fixture;
    fixture.ask("short one");
    const ChatId first = fixture.session->currentId();
    fixture.session->startNew();
    fixture.script.tokens = {"word "};
    fixture.script.repeat = 60;
    fixture.script.tokensPerSecond = 100;
    const ChatId second = fixture.session->currentId();
    fixture.session->ask("long one");
    QTRY_VERIFY(fixture.session->activity() == ChatSession::Activity::streaming);
    fixture.session->open(first);
    QTRY_COMPARE(fixture.session->currentId(), first);
    QCOMPARE(fixture.session->answeringChat(), second);
    QTRY_VERIFY(!fixture.session->busy());
    QCOMPARE(fixture.session->messages().rowCount(), 2);
    QCOMPARE(fixture.session->messages().message(1).content, QString("Hello from the script."));
    QCOMPARE(fixture.stored(second).messages[1].content.size(), 300);
  }

  void stoppingWhileCommittingStops() {
    Fixture fixture;
    fixture.session->ask("x");
    fixture.session->stop();
    QTRY_VERIFY(!fixture.session->busy());
    QVERIFY(fixture.script.requests.empty());
    QVERIFY(fixture.session->messages().message(1).state == MessageState::stopped);
  }

  void theListShowsSearchesAndFollows() {
    Fixture fixture;
    ChatListModel list(fixture.context->chats());
    QAbstractItemModelTester listTester(&list, QAbstractItemModelTester::FailureReportingMode::QtTest);
    connect(fixture.session.get(), &ChatSession::listChanged, &list, &ChatListModel::refresh);
    fixture.ask("quicksort, please\nsecond line");
    const ChatId first = fixture.session->currentId();
    fixture.session->startNew();
    fixture.ask("明天天气怎么样？");
    QTRY_COMPARE(list.rowCount(), 2);
    QCOMPARE(list.index(1).data().toString(), QString("quicksort, please"));
    QCOMPARE(list.index(0).data(ChatListModel::HeadingRole).toInt(), static_cast<int>(ChatListModel::Day::today));
    QCOMPARE(list.index(1).data(ChatListModel::HeadingRole).toInt(), static_cast<int>(ChatListModel::Day::none));
    list.setSearch(" 天气 ");
    QTRY_COMPARE(list.rowCount(), 1);
    QVERIFY(list.index(0).data(ChatListModel::FoundRole).toString().contains("天气"));
    list.setSearch("");
    QTRY_COMPARE(list.rowCount(), 2);
    QCOMPARE(list.rowOf(first), 1);
    QCOMPARE(list.rowOf(12345), -1);
    QVERIFY(!list.index(0).data(Qt::UserRole + 99).isValid());
  }

  void daysHaveNames() {
    const QDate today(2026, 11, 23);
    const auto day = [&](int ago) { return ChatListModel::dayOf(QDateTime(today.addDays(-ago), QTime(12, 0)), today); };
    QVERIFY(day(-1) == ChatListModel::Day::today);  // written in a time zone ahead
    QVERIFY(day(0) == ChatListModel::Day::today && day(1) == ChatListModel::Day::yesterday);
    QVERIFY(day(2) == ChatListModel::Day::thisWeek && day(6) == ChatListModel::Day::thisWeek);
    QVERIFY(day(7) == ChatListModel::Day::thisMonth && day(30) == ChatListModel::Day::thisMonth && day(31) == ChatListModel::Day::older);
  }
};

QTEST_GUILESS_MAIN(TestChatArchive)
#include "test_chat_archive.moc"

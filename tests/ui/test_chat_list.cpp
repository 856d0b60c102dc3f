// The list of conversations in the real window: search, rename, delete with undo, delete all, export, import, shortcuts.
#include <QAction>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QToolButton>

#include "app/chat_archive.h"
#include "app/chat_list_model.h"
#include "app/chat_session.h"
#include "tests/support/window_fixture.h"
#include "ui/chat/chat_page.h"
#include "ui/chat/chat_sidebar.h"

using namespace nibble;
using namespace nibble::test;

namespace {
ChatWithMessages makeChat(const QString& title, const QString& question, const QString& answer, int daysAgo) {
  ChatWithMessages out;
  out.chat.id = newChatId();
  out.chat.title = title;
  out.chat.created = out.chat.updated = QDateTime::currentDateTimeUtc().addDays(-daysAgo);
  ChatMessage user;
  user.id = newChatId();
  user.chat = out.chat.id;
  user.role = "user";
  user.content = question;
  user.created = out.chat.created;
  ChatMessage assistant = user;
  assistant.id = newChatId();
  assistant.parent = user.id;
  assistant.role = "assistant";
  assistant.content = answer;
  out.chat.leaf = assistant.id;
  out.messages = {user, assistant};
  return out;
}

class ListFixture : public WindowFixture {
 public:
  ListFixture() {
    const std::vector<ChatWithMessages> chats = {makeChat("Rain", "why", "Clouds of water", 0), makeChat("Balls", "red", "A red ball rolled_away 100%", 1),
                                                 makeChat("猫", "讲一个故事", "小猫喜欢下雨天。", 40)};
    context->chats().post([chats](ChatStore& store) { return store.import(chats); });
    list().refresh();
    // The import above is in front of the refresh in the store's queue.
    (void)QTest::qWaitFor([this] { return list().rowCount() == 3; });
  }
  ChatPage& page() const { return *find<ChatPage>("chatPage"); }
  ChatListModel& list() const { return page().sidebar().model(); }
  QListView* view() const { return find<QListView>("chatList"); }
  QString title(int row) const { return list().index(row).data().toString(); }
};
}  // namespace

class TestChatList : public QObject {
  Q_OBJECT
 private slots:
  void listsByDay() {
    ListFixture fixture;
    QCOMPARE(fixture.title(0), QString("Rain"));
    using Day = ChatListModel::Day;
    const auto heading = [&](int row) { return static_cast<Day>(fixture.list().index(row).data(ChatListModel::HeadingRole).toInt()); };
    QCOMPARE(heading(0), Day::today);
    QCOMPARE(heading(1), Day::yesterday);
    QCOMPARE(heading(2), Day::older);
  }

  void searchesTitlesAndMessages() {
    ListFixture fixture;
    auto* search = fixture.find<QLineEdit>("chatSearch");
    search->setText("rolled_away 100%");   // _ and % are letters here, not wildcards
    QTRY_COMPARE(fixture.list().rowCount(), 1);
    QCOMPARE(fixture.title(0), QString("Balls"));
    QVERIFY(fixture.list().index(0).data(ChatListModel::FoundRole).toString().contains("rolled_away"));
    search->setText("下雨");
    QTRY_COMPARE(fixture.list().rowCount(), 1);
    QTRY_COMPARE(fixture.title(0), QString("猫"));
    search->setText("no such words");
    QTRY_COMPARE(fixture.list().rowCount(), 0);
    QTRY_VERIFY(fixture.find<QLabel>("chatListEmpty")->isVisible());
    search->clear();
    QTRY_COMPARE(fixture.list().rowCount(), 3);
  }

  void opensAChatByClick() {
    ListFixture fixture;
    QTest::mouseClick(fixture.view()->viewport(), Qt::LeftButton, {}, fixture.view()->visualRect(fixture.list().index(1)).center());
    QTRY_COMPARE(fixture.page().session().messages().rowCount(), 2);
    QCOMPARE(fixture.page().session().chat().title, QString("Balls"));
  }

  void renames() {
    ListFixture fixture;
    fixture.view()->setCurrentIndex(fixture.list().index(0));
    fixture.dialogs.text = "Weather";
    QTest::keyClick(fixture.view(), Qt::Key_F2);
    QTRY_COMPARE(fixture.title(0), QString("Weather"));
    fixture.restart();
    QTRY_COMPARE(fixture.list().rowCount(), 3);
    QCOMPARE(fixture.title(0), QString("Weather"));
  }

  void deletesAndUndoes() {
    ListFixture fixture;
    fixture.page().session().open(fixture.list().chats()[0].id);
    QTRY_COMPARE(fixture.page().session().messages().rowCount(), 2);
    fixture.view()->setCurrentIndex(fixture.list().index(0));
    QTest::keyClick(fixture.view(), Qt::Key_Delete);
    QTRY_COMPARE(fixture.list().rowCount(), 2);
    QCOMPARE(fixture.page().session().messages().rowCount(), 0);
    auto* undo = fixture.find<QToolButton>("noticeAction");
    QTRY_VERIFY(undo->isVisible());
    undo->click();
    QTRY_COMPARE(fixture.list().rowCount(), 3);
    QTRY_COMPARE(fixture.page().session().messages().rowCount(), 2);
    QCOMPARE(fixture.page().session().chat().title, QString("Rain"));
  }

  void deletesAllAndUndoes() {
    ListFixture fixture;
    fixture.dialogs.accept = false;
    fixture.window->findChild<QAction*>("deleteAllAction")->trigger();
    QCOMPARE(fixture.dialogs.asked.size(), 1);
    fixture.context->chats().finish();
    QCoreApplication::processEvents();
    QCOMPARE(fixture.list().rowCount(), 3);
    fixture.dialogs.accept = true;
    fixture.window->findChild<QAction*>("deleteAllAction")->trigger();
    QTRY_COMPARE(fixture.list().rowCount(), 0);
    fixture.find<QToolButton>("noticeAction")->click();
    QTRY_COMPARE(fixture.list().rowCount(), 3);
  }

  void exportsAndImports() {
    QTemporaryDir folder;
    ListFixture fixture;
    fixture.dialogs.target = folder.filePath("all.json");
    fixture.page().sidebar().exportJson(0);
    QTRY_VERIFY(QFile::exists(fixture.dialogs.target));
    fixture.dialogs.file = fixture.dialogs.target;
    fixture.window->findChild<QAction*>("importAction")->trigger();
    QTRY_COMPARE(fixture.list().rowCount(), 6);  // copies: nothing is overwritten
    QTRY_VERIFY(fixture.find<QLabel>("noticeText")->text().contains("3 chats"));
    fixture.page().session().open(fixture.list().chats()[0].id);
    QTRY_VERIFY(fixture.page().session().isStored());
    fixture.dialogs.target = folder.filePath("one.md");
    fixture.window->findChild<QAction*>("exportChatAction")->trigger();
    QTRY_VERIFY(QFile::exists(fixture.dialogs.target));
    QFile markdown(fixture.dialogs.target);
    QVERIFY(markdown.open(QIODevice::ReadOnly));
    QVERIFY(markdown.readAll().startsWith("# Rain\n\n## You\n\nwhy\n\n"));
  }

  void importRefusesOtherFiles() {
    QTemporaryDir folder;
    QFile file(folder.filePath("x.json"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("{\"format\": \"other\"}");
    file.close();
    ListFixture fixture;
    fixture.dialogs.file = file.fileName();
    fixture.window->findChild<QAction*>("importAction")->trigger();
    QTRY_VERIFY(fixture.find<QLabel>("noticeText")->text().contains("x.json"));
    QCOMPARE(fixture.list().rowCount(), 3);
  }

  void shortcutsReachTheirPlaces() {
    ListFixture fixture;
    fixture.window->activateWindow();
    QTest::keyClick(fixture.window.get(), Qt::Key_F, Qt::ControlModifier);
    QTRY_VERIFY(fixture.find<QLineEdit>("chatSearch")->hasFocus());
    QTest::keyClick(fixture.window.get(), Qt::Key_J, Qt::ControlModifier);
    QTRY_VERIFY(fixture.find<QWidget>("promptEdit")->hasFocus());
    QTest::keyClick(fixture.window.get(), Qt::Key_2, Qt::ControlModifier);
    QTRY_COMPARE(fixture.window->currentPage(), QString("compare"));
    QTest::keyClick(fixture.window.get(), Qt::Key_N, Qt::ControlModifier);
    QTRY_COMPARE(fixture.window->currentPage(), QString("chat"));
  }
};

QTEST_MAIN(TestChatList)
#include "test_chat_list.moc"

// Chats as files: Markdown and JSON out, JSON in, and what is refused on the way in.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QtTest>

#include "app/chat_store.h"
#include "app/chat_transfer.h"
#include "app/chat_tree.h"
#include "tests/support/example_chat.h"

using namespace nibble;
using namespace nibble::test;

namespace {
QByteArray file(const QJsonArray& messages, const QString& format = "nibble-chats", int version = 1) {
  return QJsonDocument(QJsonObject{{"format", format}, {"version", version},
                                   {"chats", QJsonArray{QJsonObject{{"title", "t"}, {"messages", messages}}}}}).toJson();
}
}  // namespace

class TestChatTransfer : public QObject {
  Q_OBJECT
 private slots:
  void markdownShowsTheBranch() {
    const ChatWithMessages example = exampleConversation("Sorting # lists");
    const ChatTree tree(example);
    std::vector<ChatMessage> branch;
    for (const MessageId id : tree.path()) branch.push_back(*tree.find(id));
    const QString text = chatToMarkdown(example.chat, branch);
    QVERIFY(text.startsWith("# Sorting # lists\n"));
    QVERIFY(text.contains("> Be brief.\n> Be kind."));
    QVERIFY(text.contains("How do I sort a list?"));
    QVERIFY(text.contains("用 `list.sort()` 🌧"));
    QVERIFY(!text.contains("Use `sorted`."));  // the other branch
  }

  void jsonComesBackWhole() {
    const ChatWithMessages example = exampleConversation();
    const auto back = chatsFromJson(chatsToJson({example, exampleConversation("Two")}));
    QVERIFY(back.has_value());
    QCOMPARE(back->size(), 2u);
    const ChatWithMessages& chat = back->front();
    QVERIFY(chat.chat.id != example.chat.id);
    QCOMPARE(chat.chat.title, example.chat.title);
    QCOMPARE(chat.chat.systemPrompt, example.chat.systemPrompt);
    QCOMPARE(chat.chat.sampling, example.chat.sampling);
    QCOMPARE(chat.chat.created, example.chat.created);
    QCOMPARE(chat.messages.size(), 3u);
    QCOMPARE(chat.messages[1].parent, chat.messages[0].id);
    QCOMPARE(chat.messages[2].parent, chat.messages[0].id);
    QCOMPARE(chat.chat.leaf, chat.messages[2].id);
    QCOMPARE(chat.messages[2].content, example.messages[2].content);
    QCOMPARE(chat.messages[1].figures.tokensPerSecond, 41.5);
    QVERIFY(chat.messages[2].state == MessageState::stopped);
    QCOMPARE(chat.messages[1].created, example.messages[1].created);
  }

  void importingTwiceMakesCopies() {
    QTemporaryDir folder;
    auto store = ChatStore::open(folder.path());
    const QByteArray json = chatsToJson({exampleConversation()});
    QVERIFY((*store)->import(*chatsFromJson(json)).has_value());
    QVERIFY((*store)->import(*chatsFromJson(json)).has_value());
    QCOMPARE((*store)->chats()->size(), 2u);
    QCOMPARE(chatsFromJson(chatsToJson(*(*store)->readAll()))->size(), 2u);
  }

  void messagesWithoutParentsFollowEachOther() {
    const auto back = chatsFromJson(file({QJsonObject{{"role", "user"}, {"content", "one"}}, QJsonObject{{"role", "assistant"}, {"content", "two"}}}));
    QVERIFY(back.has_value());
    QCOMPARE(back->front().messages[1].parent, back->front().messages[0].id);
    QCOMPARE(back->front().chat.leaf, back->front().messages[1].id);
  }

  void aStreamingAnswerComesInAsInterrupted() {
    ChatWithMessages example = exampleConversation();
    example.messages[1].state = MessageState::streaming;
    QVERIFY(chatsFromJson(chatsToJson({example}))->front().messages[1].state == MessageState::interrupted);
  }

  void malformedFilesAreRefused_data() {
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("field");
    QTest::newRow("nothing") << QByteArray() << "";
    QTest::newRow("cut off") << chatsToJson({exampleConversation()}).chopped(30) << "";
    QTest::newRow("a list") << QByteArray("[]") << "";
    QTest::newRow("deep nesting") << QByteArray(100'000, '[') << "";
    QTest::newRow("not UTF-8") << QByteArray("{\"format\":\"\xff\xfe\"}") << "";
    QTest::newRow("another format") << file({}, "others") << "format";
    QTest::newRow("another version") << file({}, "nibble-chats", 2) << "version";
    QTest::newRow("no chats") << QByteArray("{\"format\":\"nibble-chats\",\"version\":1}") << "chats";
    QTest::newRow("chats no list") << QByteArray("{\"format\":\"nibble-chats\",\"version\":1,\"chats\":5}") << "chats";
    QTest::newRow("a chat is a number") << QByteArray("{\"format\":\"nibble-chats\",\"version\":1,\"chats\":[5]}") << "chats[0].messages";
    QTest::newRow("unknown role") << file({QJsonObject{{"role", "root"}, {"content", "x"}}}) << "chats[0].messages[0].role";
    QTest::newRow("content is a number") << file({QJsonObject{{"role", "user"}, {"content", 5}}}) << "chats[0].messages[0].content";
    QTest::newRow("a message is a list") << file(QJsonArray{QJsonValue(QJsonArray())}) << "chats[0].messages[0].role";
    const auto message = [](int id, int parent) { return QJsonObject{{"role", "user"}, {"content", "x"}, {"id", id}, {"parent", parent}}; };
    QTest::newRow("its own parent") << file({message(1, 1)}) << "chats[0].messages[0].parent";
    QTest::newRow("a circle") << file({message(1, 2), message(2, 1)}) << "chats[0].messages[0].parent";
    QTest::newRow("the same id twice") << file({message(1, 0), message(1, 0)}) << "chats[0].messages[1].id";
  }
  void malformedFilesAreRefused() {
    QFETCH(QByteArray, json);
    QFETCH(QString, field);
    const auto back = chatsFromJson(json);
    QVERIFY(!back);
    QVERIFY(back.error().code == ErrorCode::fileMalformed || back.error().code == ErrorCode::fileUnsupported);
    QVERIFY(!back.error().detail.empty());
    if (!field.isEmpty()) QCOMPARE(QString::fromStdString(back.error().field), field);
  }

  /// A message whose question is not in the file is kept, as a first one.
  void orphansAreKept() {
    const auto back = chatsFromJson(file({QJsonObject{{"role", "user"}, {"content", "x"}, {"id", 3}, {"parent", 77}}}));
    QVERIFY(back.has_value());
    QCOMPARE(back->front().messages[0].parent, 0);
  }

  void aTreeSurvivesOddParents() {
    ChatWithMessages content;
    const ChatMessage orphan = exampleMessage(1, 999, "user", "orphan");
    ChatMessage self = exampleMessage(1, 0, "user", "self"), a = exampleMessage(1, 0, "user", "a");
    const ChatMessage b = exampleMessage(1, a.id, "assistant", "b");
    self.parent = self.id;
    a.parent = b.id;  // a circle
    content.messages = {orphan, self, a, b};
    content.chat.leaf = b.id;
    const ChatTree tree(content);
    QVERIFY(tree.path().size() <= 5);
    QCOMPARE(tree.find(orphan.id)->parent, 0);
  }

  void treesShowTheNewestBranchAndStepThroughIt() {
    ChatWithMessages example = exampleConversation();
    ChatTree tree(example);
    QCOMPARE(tree.path().size(), 2u);
    QCOMPARE(tree.siblings(example.messages[1].id).size(), 2u);
    tree.select(example.messages[1].id);
    QCOMPARE(tree.leaf(), example.messages[1].id);
    tree.append(exampleMessage(example.chat.id, example.messages[1].id, "user", "and then?", 5));
    QCOMPARE(tree.path().size(), 3u);
    tree.select(example.messages[0].id);  // down the newest children again
    QCOMPARE(tree.leaf(), example.messages[2].id);
    example.chat.leaf = 5;                // a leaf that is not there
    QCOMPARE(ChatTree(example).leaf(), example.messages[2].id);
    QCOMPARE(tree.all().size(), 4u);
  }
};

QTEST_GUILESS_MAIN(TestChatTransfer)
#include "test_chat_transfer.moc"

// The list models under QAbstractItemModelTester, the library's scan, the fit finder, sampling presets, one instance.
#include <QAbstractItemModelTester>
#include <QDir>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>
#include <thread>

#include "app/chat_list_model.h"
#include "app/message_list_model.h"
#include "app/model_library.h"
#include "app/planner.h"
#include "app/precision_choices.h"
#include "app/sampling_presets.h"
#include "app/settings_store.h"
#include "app/single_instance.h"
#include "app/units.h"
#include "tests/support/scripted_engine.h"
#include "tests/support/test_data.h"

using namespace nibble;
using namespace nibble::test;

namespace {
ChatMessage message(MessageId id, MessageId parent, const QString& role) {
  ChatMessage out;
  out.id = id;
  out.parent = parent;
  out.role = role;
  out.content = QString::number(id);
  return out;
}
constexpr auto kMode = QAbstractItemModelTester::FailureReportingMode::QtTest;
}  // namespace

class TestAppModels : public QObject {
  Q_OBJECT
 private slots:
  void messagesAndBranches() {
    MessageListModel model;
    const QAbstractItemModelTester tester(&model, kMode);
    model.append(message(1, 0, "user"));
    model.append(message(2, 1, "assistant"));
    model.append(message(3, 2, "user"));
    model.append(message(4, 3, "assistant"));
    model.append(message(5, 3, "assistant"));  // another answer to 3
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.message(3).id, 5);
    QCOMPARE(model.branchCount(3), 2);
    QCOMPARE(model.branch(3), 1);
    model.append(message(6, 0, "user"));       // another first question
    QCOMPARE(model.rowCount(), 1);
    model.select(1);                           // back: the newest branch below 1
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.message(3).id, 5);
    QSignalSpy grew(&model, &MessageListModel::grew);
    model.grow(5, " more");
    QCOMPARE(model.message(3).content, QString("5 more"));
    QCOMPARE(grew.size(), 1);
    model.grow(4, "hidden branch");
    model.update(message(4, 3, "assistant"));
    model.reset({});
    QCOMPARE(model.rowCount(), 0);
  }

  void chatList() {
    QTemporaryDir folder;
    ChatArchive archive(folder.path());
    ChatListModel model(archive);
    const QAbstractItemModelTester tester(&model, kMode);
    for (int i = 0; i < 3; ++i) {
      ChatSummary chat;
      chat.id = newChatId();
      chat.title = QString("chat %1").arg(i);
      chat.created = chat.updated = QDateTime::currentDateTimeUtc().addSecs(i);
      archive.post([chat](ChatStore& store) { return store.createChat(chat); });
    }
    model.refresh();
    QTRY_COMPARE(model.rowCount(), 3);
    QCOMPARE(model.index(0).data().toString(), QString("chat 2"));
    model.setSearch("chat 1");
    QTRY_COMPARE(model.rowCount(), 1);
    model.setSearch({});
    QTRY_COMPARE(model.rowCount(), 3);
    using Day = ChatListModel::Day;
    const QDate today(2026, 11, 23);
    QCOMPARE(ChatListModel::dayOf(QDateTime(today, QTime(0, 1)), today), Day::today);
    QCOMPARE(ChatListModel::dayOf(QDateTime(today.addDays(1), QTime(1, 0)), today), Day::today);  // a clock that was set back
    QCOMPARE(ChatListModel::dayOf(QDateTime(today.addDays(-6), QTime(1, 0)), today), Day::thisWeek);
    QCOMPARE(ChatListModel::dayOf(QDateTime(today.addDays(-31), QTime(1, 0)), today), Day::older);
  }

  void library() {
    QTemporaryDir settingsFolder, models;
    EngineScript script;
    script.sample = sampleModel();
    SettingsStore settings(settingsFolder.path());
    ModelLibrary library(scriptedDoor(script), settings);
    const QAbstractItemModelTester tester(&library, kMode);
    QCOMPARE(library.rowCount(), 1);
    QCOMPARE(library.index(0).data().toString(), QString("Llama-Nibble-Tales-13M"));
    QCOMPARE(library.index(0).data(ModelLibrary::MaxContextRole).toInt(), 1024);
    QVERIFY(library.index(0).data(ModelLibrary::FileBytesRole).toULongLong() > 20'000'000);
    QDir(models.path()).mkpath("a/b/c/too-deep");
    for (const char* place : {"a/one", "a/b/c/too-deep"}) {
      QDir(models.path()).mkpath(place);
      QFile config(models.filePath(QString(place) + "/config.json"));
      QVERIFY(config.open(QIODevice::WriteOnly));
      config.write("{}");
    }
    QSignalSpy scanned(&library, &ModelLibrary::folderScanned);
    library.add(models.path());
    QTRY_COMPARE(scanned.size(), 1);
    QCOMPARE(library.rowCount(), 2);
    library.add(models.filePath("a/one/config.json"));  // a file of a model already known
    QTRY_COMPARE(scanned.size(), 2);
    QCOMPARE(library.rowCount(), 2);
    library.removeModel(models.path());
    library.removeModel(models.filePath("a/one"));
    QTRY_COMPARE(library.rowCount(), 1);
    QVERIFY(QFile::exists(models.filePath("a/one/config.json")));
  }

  void fitsAreRealAndDifferent() {
    EngineScript script;
    script.freeBytes = 1'300ull << 20;
    script.weightBytesAt16Bit = 4ull << 30;
    const EngineDoor door = scriptedDoor(script);
    LoadRequest wanted;
    wanted.recipe = uniformRecipe(Format::q4);
    wanted.context = 16384;
    QVERIFY(!door.plan(wanted)->fits());
    script.freeBytes = 1'800ull << 20;
    const auto options = fitOptions(wanted, door.plan);
    QVERIFY(!options.empty() && options.size() <= 3);
    for (const FitOption& option : options) {
      QVERIFY(option.plan.fits());
      QCOMPARE(option.plan.bytesOn("cpu"), door.plan(option.request)->bytesOn("cpu"));
    }
    script.freeBytes = 1 << 20;
    QVERIFY(fitOptions(wanted, door.plan).empty());
  }

  void precisionIdsAreStable() {
    for (const PrecisionChoice& choice : precisionChoices()) {
      QCOMPARE(precisionId(choice.recipe), choice.id);
      Recipe changed = choice.recipe;
      changed.compute = ComputeType::bf16;
      changed.activationBits = 16;
      QCOMPARE(precisionId(changed), choice.id);
      QCOMPARE(precisionChoice(choice.id).id, choice.id);
    }
    QCOMPARE(precisionChoice("no such").id, QString("q4-mixed"));
  }

  void samplingIsWhatTheChatSays() {
    SamplingOptions suggested;
    suggested.temperature = 0.7f;
    QCOMPARE(optionsOf({}, suggested).temperature, 0.7f);
    QVERIFY(optionsOf({}, suggested).seed != optionsOf({}, suggested).seed);
    QCOMPARE(optionsOf({{"seed", 5}}, suggested).seed, 5u);
    QVERIFY(optionsOf({{"preset", "greedy"}}, suggested).greedy);
    QJsonObject custom = customSampling(suggested);
    custom["temperature"] = 1.25;
    QCOMPARE(optionsOf(custom, {}).temperature, 1.25f);
    QCOMPARE(maxTokensOf({}), 2048);
  }

  void filesAreHandedToTheFirstInstance() {
    QTemporaryDir profile;
    SingleInstance first(profile.path()), stranger(QDir::tempPath());
    QVERIFY(!first.handOver({"x"}));
    QVERIFY(first.listen());
    QStringList received;
    connect(&first, &SingleInstance::filesReceived, this, [&](const QStringList& files) { received = files; });
    bool taken = false;
    std::jthread other([&] {
      SingleInstance second(profile.path());
      taken = second.handOver({"model.gguf", "/abs/雨"});
    });
    QTRY_COMPARE(received.size(), 2);
    QVERIFY(QDir::isAbsolutePath(received[0]) && received[0].endsWith("/model.gguf"));
    QCOMPARE(received[1], QString("/abs/雨"));
    other.join();
    QVERIFY(taken);
    QVERIFY(!stranger.handOver({}));
  }

  void numbersReadWell() {
    QCOMPARE(bytesText(0), QString("0 B"));
    QCOMPARE(bytesText(4.5 * 1024 * 1024 * 1024), QString("4.50 GiB"));
    QCOMPARE(bytesText(24.2 * 1024 * 1024), QString("24 MiB"));
    QCOMPARE(tokensRateText(2900), QString("2,900 tok/s"));
    QCOMPARE(secondsText(0.123), QString("0.12 s"));
    QCOMPARE(secondsText(200), QString("3 min 20 s"));
  }
};

QTEST_GUILESS_MAIN(TestAppModels)
#include "test_app_models.moc"

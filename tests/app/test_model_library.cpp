// The list of models: the sample, folders added and forgotten, odd folders, and the rules of item models.
#include <QAbstractItemModelTester>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>
#include <sys/stat.h>

#include "app/model_library.h"
#include "tests/support/scripted_engine.h"
#include "tests/support/test_data.h"

using namespace nibble;
using namespace nibble::test;

namespace {
void makeModel(const QString& folder, const QByteArray& config = "{\"max_position_embeddings\": 4096, \"num_hidden_layers\": 2}") {
  QVERIFY(QDir().mkpath(folder));
  QFile file(folder + "/config.json");
  QVERIFY(file.open(QIODevice::WriteOnly));
  file.write(config);
  QFile weights(folder + "/model.safetensors");
  QVERIFY(weights.open(QIODevice::WriteOnly));
  weights.write(QByteArray(1000, 'w'));
}

struct Fixture {
  Fixture() : settings(folder.filePath("profile")) { script.sample = sampleModel(); }
  void open() {
    library = std::make_unique<ModelLibrary>(scriptedDoor(script), settings);
    tester = std::make_unique<QAbstractItemModelTester>(library.get(), QAbstractItemModelTester::FailureReportingMode::QtTest);
  }
  QTemporaryDir folder;
  EngineScript script;
  SettingsStore settings;
  std::unique_ptr<ModelLibrary> library;
  std::unique_ptr<QAbstractItemModelTester> tester;
};
}  // namespace

class TestModelLibrary : public QObject {
  Q_OBJECT
 private slots:
  void theSampleIsThereAtOnce() {
    Fixture fixture;
    fixture.open();
    QCOMPARE(fixture.library->rowCount(), 1);
    QVERIFY(fixture.library->models()[0].bundled);
    QVERIFY(fixture.library->models()[0].fileBytes > 1'000'000);
    QVERIFY(fixture.library->models()[0].maxContext > 0);
    QCOMPARE(fixture.library->data(fixture.library->index(0), Qt::DisplayRole).toString(), QString("Llama-Nibble-Tales-13M"));
  }

  void withoutASampleItIsEmpty() {
    Fixture fixture;
    fixture.script.sample.reset();
    fixture.open();
    QCOMPARE(fixture.library->rowCount(), 0);
  }

  void addsFoldersAndRemembersThem() {
    Fixture fixture;
    fixture.open();
    makeModel(fixture.folder.filePath("models/alpha"));
    makeModel(fixture.folder.filePath("models/deeper/beta 雨"));
    makeModel(fixture.folder.filePath("models/a/b/c/too-deep"));
    QSignalSpy scanned(fixture.library.get(), &ModelLibrary::folderScanned);
    fixture.library->add(fixture.folder.filePath("models"));
    QTRY_COMPARE(scanned.count(), 1);
    QCOMPARE(scanned[0][1].toStringList().size(), 2);
    QVERIFY(scanned[0][2].toString().isEmpty());
    QCOMPARE(fixture.library->rowCount(), 3);
    fixture.library->add(fixture.folder.filePath("models"));  // again: no doubles
    QTRY_COMPARE(scanned.count(), 2);
    QCOMPARE(fixture.library->rowCount(), 3);
    const int row = fixture.library->indexOf(fixture.folder.filePath("models/deeper/beta 雨"));
    QVERIFY(row > 0);
    const QModelIndex index = fixture.library->index(row);
    QCOMPARE(index.data(ModelLibrary::FileBytesRole).toULongLong(), 1000ull);
    QCOMPARE(index.data(ModelLibrary::MaxContextRole).toLongLong(), 4096ll);
    fixture.tester.reset();
    fixture.open();
    QTRY_COMPARE(fixture.library->rowCount(), 3);
  }

  void twoFoldersAddedAtOnceAreBothKept() {
    Fixture fixture;
    fixture.open();
    makeModel(fixture.folder.filePath("one"));
    makeModel(fixture.folder.filePath("two"));
    QSignalSpy scanned(fixture.library.get(), &ModelLibrary::folderScanned);
    fixture.library->add(fixture.folder.filePath("one"));
    fixture.library->add(fixture.folder.filePath("two"));
    QTRY_COMPARE(scanned.count(), 2);
    QCOMPARE(fixture.library->rowCount(), 3);
    QCOMPARE(fixture.settings.value("library/folders").toArray().size(), 2);
  }

  void forgetsWithoutTouchingFiles() {
    Fixture fixture;
    fixture.open();
    const QString path = fixture.folder.filePath("one");
    makeModel(path);
    QSignalSpy scanned(fixture.library.get(), &ModelLibrary::folderScanned);
    fixture.library->add(path + "/config.json");  // a file in the folder will do
    QTRY_COMPARE(scanned.count(), 1);
    QCOMPARE(fixture.library->rowCount(), 2);
    fixture.library->removeModel(path);
    QTRY_COMPARE(fixture.library->rowCount(), 1);
    QVERIFY(QFile::exists(path + "/model.safetensors"));
  }

  void whatIsNoModelIsSaid() {
    Fixture fixture;
    fixture.open();
    QDir(fixture.folder.path()).mkpath("empty");
    QSignalSpy scanned(fixture.library.get(), &ModelLibrary::folderScanned);
    for (const QString& name : {QString("empty"), QString("not-there"), QString("x.GGUF")}) {
      fixture.library->add(fixture.folder.filePath(name));
      QTRY_COMPARE(scanned.count(), 1);
      QVERIFY(scanned[0][1].toStringList().isEmpty());
      QVERIFY(!scanned[0][2].toString().isEmpty());
      scanned.clear();
    }
    QCOMPARE(fixture.library->rowCount(), 1);
    QVERIFY(fixture.settings.value("library/folders").toArray().isEmpty());
  }

  void hostileFoldersEnd() {
    QTemporaryDir folder;
    QVERIFY(QDir().mkpath(folder.filePath("pipe")));
    QCOMPARE(mkfifo(folder.filePath("pipe/config.json").toLocal8Bit(), 0600), 0);
    QVERIFY(QDir().mkpath(folder.filePath("loop")));
    QVERIFY(QFile::link(folder.path(), folder.filePath("loop/back")));
    makeModel(folder.filePath("broken"), "{\"num_hidden_layers\": \"many\", ");
    makeModel(folder.filePath("nested"), QByteArray(1 << 20, '['));
    for (int i = 0; i < 600; ++i) makeModel(folder.filePath(QString("many/%1").arg(i)));
    QElapsedTimer clock;
    clock.start();
    const auto found = scanForModels(folder.path());
    QVERIFY(clock.elapsed() < 5000);
    QVERIFY(found.size() <= 500);
    for (const LibraryModel& model : found) QVERIFY(!model.path.contains("pipe"));
  }
};

QTEST_GUILESS_MAIN(TestModelLibrary)
#include "test_model_library.moc"

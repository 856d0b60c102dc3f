// Settings: survive restarts, crashes and broken files; a disk that refuses is told.
#include <QFile>
#include <QJsonArray>
#include <QJsonObject>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>
#include <csignal>
#include <sys/resource.h>

#include "app/app_paths.h"
#include "app/settings_store.h"

using namespace nibble;

namespace {
QByteArray bytesOf(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}
void put(const QString& path, const QByteArray& bytes) {
  QFile file(path);
  QVERIFY(file.open(QIODevice::WriteOnly));
  QCOMPARE(file.write(bytes), bytes.size());
}
}  // namespace

class TestSettingsStore : public QObject {
  Q_OBJECT
 private slots:
  void keepsValues() {
    QTemporaryDir folder;
    {
      SettingsStore settings(folder.path());
      QSignalSpy changed(&settings, &SettingsStore::changed);
      settings.setValue("window/geometry", "abc");
      settings.setValue("chat/last", qint64(1) << 52);
      settings.setValue("list", QJsonArray{1, 2});
      settings.setValue("window/geometry", "abc");  // not a change
      QCOMPARE(changed.count(), 3);
      settings.setValue("gone", true);
      settings.remove("gone");
    }
    SettingsStore settings(folder.path());
    QCOMPARE(settings.value("window/geometry").toString(), QString("abc"));
    QCOMPARE(settings.value("chat/last").toInteger(), qint64(1) << 52);
    QCOMPARE(settings.value("list").toArray().size(), 2);
    QVERIFY(settings.value("gone").isUndefined() || settings.value("gone").isNull());
    QCOMPARE(settings.value("never", 7).toInt(), 7);
    QVERIFY(settings.brokenFile().isEmpty());
    QCOMPARE(QFile::permissions(settings.file()) & (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther), QFile::Permissions());
  }

  void writesByItselfAMomentLater() {
    QTemporaryDir folder;
    SettingsStore settings(folder.path());
    settings.setValue("a", 1);
    QTRY_VERIFY(bytesOf(settings.file()).contains("\"a\""));
  }

  void aBrokenFileIsKeptAsideAndTheLastGoodOneUsed_data() {
    QTest::addColumn<QByteArray>("broken");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("cut off") << QByteArray("{\"theme\": \"da");
    QTest::newRow("a list") << QByteArray("[1]");
    QTest::newRow("zeros, as after a power cut") << QByteArray(400, '\0');
    QTest::newRow("nested without end") << QByteArray(100'000, '[');
  }
  void aBrokenFileIsKeptAsideAndTheLastGoodOneUsed() {
    QFETCH(QByteArray, broken);
    QTemporaryDir folder;
    QString file;
    {  // the very first session: nothing was read at its start
      SettingsStore settings(folder.path());
      settings.setValue("theme", "dark");
      file = settings.file();
    }
    put(file, broken);
    {
      SettingsStore settings(folder.path());
      QCOMPARE(settings.value("theme").toString(), QString("dark"));
      QVERIFY(!settings.brokenFile().isEmpty());
      QCOMPARE(bytesOf(settings.brokenFile()), broken);
      QVERIFY(bytesOf(file).contains("dark"));  // whole again at once
    }
    SettingsStore again(folder.path());
    QVERIFY(again.brokenFile().isEmpty());
    QCOMPARE(again.value("theme").toString(), QString("dark"));
  }

  void withoutAGoodFileItStartsEmpty() {
    QTemporaryDir folder;
    put(folder.filePath("settings.json"), "{");
    put(folder.filePath("settings.last-good.json"), "{");
    SettingsStore settings(folder.path());
    QCOMPARE(settings.value("theme", "system").toString(), QString("system"));
    QVERIFY(!settings.brokenFile().isEmpty());
    settings.setValue("theme", "light");
    QVERIFY(settings.write());
  }

  /// A half-written file must never take the place of a whole one.
  void aFullDiskKeepsTheOldFile() {
    QTemporaryDir folder;
    SettingsStore settings(folder.path());
    settings.setValue("theme", "dark");
    QVERIFY(settings.write());
    const QByteArray before = bytesOf(settings.file());
    std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit old{};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit small = old;
    small.rlim_cur = 1024;
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
    settings.setValue("long", QString(100'000, 'x'));
    const bool written = settings.write();
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &old), 0);
    QVERIFY(!written);
    QVERIFY(!settings.lastError().isEmpty());
    QCOMPARE(bytesOf(settings.file()), before);
    QVERIFY(settings.write());  // room again: what was changed is still to be written
    QVERIFY(settings.lastError().isEmpty());
    QVERIFY(bytesOf(settings.file()).contains("xxx"));
  }

  void profilesKeepToThemselves() {
    QTemporaryDir folder;
    const AppPaths paths = AppPaths::find(folder.path());
    for (const QString& place : {paths.config, paths.data, paths.cache, paths.state}) {
      QVERIFY(place.startsWith(folder.path()));
      QVERIFY(QFile::exists(place));
    }
  }

  void aFolderThatIsNotThereIsSaid() {
    SettingsStore settings("/proc/nowhere");
    settings.setValue("a", 1);
    QVERIFY(!settings.write());
    QVERIFY(!settings.lastError().isEmpty());
    QCOMPARE(settings.value("a").toInt(), 1);
  }
};

QTEST_GUILESS_MAIN(TestSettingsStore)
#include "test_settings_store.moc"

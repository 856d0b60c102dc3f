// Settings: written whole or not at all, the last good copy, a broken file kept aside.
#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include "app/app_paths.h"
#include "app/settings_store.h"

using namespace nibble;

class TestSettingsStore : public QObject {
  Q_OBJECT
 private slots:
  void remembers() {
    QTemporaryDir folder;
    {
      SettingsStore settings(folder.path());
      settings.setValue("a/b", 3);
      settings.setValue("text", "雨");
    }
    SettingsStore settings(folder.path());
    QCOMPARE(settings.value("a/b").toInt(), 3);
    QCOMPARE(settings.value("text").toString(), QString("雨"));
    QCOMPARE(settings.value("missing", 7).toInt(), 7);
    QVERIFY(settings.brokenFile().isEmpty());
    QCOMPARE(QFile::permissions(settings.file()) & (QFile::ReadOther | QFile::ReadGroup), QFile::Permissions());
  }

  void writesSoonByItself() {
    QTemporaryDir folder;
    SettingsStore settings(folder.path());
    settings.setValue("x", 1);
    QTRY_VERIFY(QFile::exists(settings.file()));
  }

  void brokenFile_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("half") << QByteArray("{\"x\": ");
    QTest::newRow("array") << QByteArray("[1]");
    QTest::newRow("noise") << QByteArray("\x00\xff\xfe\x01", 4);
  }
  void brokenFile() {
    QFETCH(QByteArray, bytes);
    QTemporaryDir folder;
    QString file;
    for (int start = 0; start < 2; ++start) {  // the second start makes the good copy
      SettingsStore settings(folder.path());
      settings.setValue("x", 5);
      file = settings.file();
    }
    QFile broken(file);
    QVERIFY(broken.open(QIODevice::WriteOnly | QIODevice::Truncate));
    broken.write(bytes);
    broken.close();
    SettingsStore settings(folder.path());
    QCOMPARE(settings.value("x").toInt(), 5);
    QVERIFY(QFile::exists(settings.brokenFile()));
    SettingsStore again(folder.path());
    QCOMPARE(again.value("x").toInt(), 5);
    QVERIFY(again.brokenFile().isEmpty());
  }

  void aFullOrForbiddenPlaceIsToldNotFatal() {
    SettingsStore settings("/proc/no-such-folder");
    settings.setValue("x", 1);
    QVERIFY(!settings.write());
    QVERIFY(!settings.lastError().isEmpty());
    QCOMPARE(settings.value("x").toInt(), 1);
  }

  void profilesKeepToThemselves() {
    QTemporaryDir folder;
    const AppPaths paths = AppPaths::find(folder.path());
    for (const QString& place : {paths.config, paths.data, paths.cache, paths.state}) {
      QVERIFY(place.startsWith(folder.path()));
      QVERIFY(QFile::exists(place));
    }
  }
};

QTEST_GUILESS_MAIN(TestSettingsStore)
#include "test_settings_store.moc"

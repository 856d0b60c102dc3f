// Every path that the "Where is…" index and the pictures of README.md name must exist.
#include <QtTest>

class TestReadme : public QObject {
  Q_OBJECT
 private slots:
  void namedPathsExist() {
    const QDir root(NIBBLE_SOURCE_DIR);
    QFile file(root.filePath("README.md"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QString text = QString::fromUtf8(file.readAll());
    const QString index = text.section("## Where is", 1);
    QVERIFY2(!index.isEmpty(), "README.md has no \"Where is\" index");
    QStringList missing;
    int checked = 0;
    static const QRegularExpression quoted("`([a-z]+(?:/[A-Za-z0-9_.-]+)*)`");
    for (auto match = quoted.globalMatch(index); match.hasNext();) {
      const QString path = match.next().captured(1);
      ++checked;
      if (!QFileInfo::exists(root.filePath(path))) missing << path;
    }
    static const QRegularExpression picture("!\\[[^\\]]*\\]\\(([^)]+)\\)");
    for (auto match = picture.globalMatch(text); match.hasNext();) {
      const QString path = match.next().captured(1);
      ++checked;
      if (!QFileInfo::exists(root.filePath(path))) missing << path;
    }
    QVERIFY(checked > 10);
    QVERIFY2(missing.isEmpty(), qPrintable("README.md names what is not there: " + missing.join(", ")));
  }
};

QTEST_APPLESS_MAIN(TestReadme)
#include "test_readme.moc"

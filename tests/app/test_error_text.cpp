// Every error has words for people, a name for programs and an exit status for shells.
#include <QSet>
#include <QtTest>

#include "app/error_text.h"

using namespace nibble;

class TestErrorText : public QObject {
  Q_OBJECT
 private slots:
  void everyCodeHasAll_data() {
    QTest::addColumn<int>("code");
    QTest::addColumn<int>("status");
    QTest::addColumn<bool>("hasNext");
    const auto row = [](const char* name, ErrorCode code, int status, bool next) { QTest::newRow(name) << static_cast<int>(code) << status << next; };
    row("wrong_usage", ErrorCode::wrongUsage, 2, false);
    row("file_missing", ErrorCode::fileMissing, 3, true);
    row("file_malformed", ErrorCode::fileMalformed, 3, true);
    row("file_unsupported", ErrorCode::fileUnsupported, 3, true);
    row("out_of_memory", ErrorCode::outOfMemory, 4, true);
    row("device_missing", ErrorCode::deviceMissing, 5, true);
    row("device_lost", ErrorCode::deviceLost, 1, true);
    row("cancelled", ErrorCode::cancelled, 130, false);
    row("not_a_number", ErrorCode::notANumber, 1, true);
    row("context_full", ErrorCode::contextFull, 1, true);
    row("failed", ErrorCode::failed, 1, false);
  }
  void everyCodeHasAll() {
    QFETCH(int, code);
    QFETCH(int, status);
    QFETCH(bool, hasNext);
    const Error error{static_cast<ErrorCode>(code), "offset 12 is past the end", "/models/a b/x.safetensors", "layers.3.wq", 5ull << 30, 2ull << 30};
    const ErrorText words = errorText(error);
    QVERIFY(words.what.endsWith('.'));
    QCOMPARE(!words.next.isEmpty(), hasNext);
    if (hasNext) QVERIFY(words.next.endsWith('.'));
    QVERIFY(words.text().startsWith(words.what) && words.text().endsWith(words.next));
    QCOMPARE(QString(errorCodeName(error.code)), QString(QTest::currentDataTag()));
    QCOMPARE(exitStatus(error.code), status);
    if (error.code == ErrorCode::cancelled) return;
    if (error.code == ErrorCode::outOfMemory) {
      QVERIFY2(words.what.contains("5") && words.what.contains("2") && words.what.contains("GiB"), qPrintable(words.what));
    } else {
      for (const char* part : {"/models/a b/x.safetensors", "layers.3.wq", "offset 12 is past the end"}) QVERIFY2(words.what.contains(part), qPrintable(words.what));
    }
  }

  void nothingKnownStillMakesASentence() {
    for (int code = 0; code <= static_cast<int>(ErrorCode::failed); ++code) {
      const ErrorText words = errorText(Error{static_cast<ErrorCode>(code), {}, {}, {}, 0, 0});
      QVERIFY2(words.what.size() > 5 && !words.what.contains(": .") && !words.what.contains(".."), qPrintable(words.what));
    }
  }

  void aFileOfAnOptionIsNoModels() {
    for (const ErrorCode code : {ErrorCode::fileMissing, ErrorCode::fileUnsupported}) {
      const ErrorText words = errorText(Error{code, "No such file or directory", "notes.txt", "--text", 0, 0});
      QVERIFY2(words.what.contains("notes.txt, --text: No such file"), qPrintable(words.what));
      QVERIFY2(!words.text().contains("model"), qPrintable(words.text()));
    }
  }

  void namesAreDistinct() {
    QSet<QString> names;
    for (int code = 0; code <= static_cast<int>(ErrorCode::failed); ++code) names << errorCodeName(static_cast<ErrorCode>(code));
    QCOMPARE(names.size(), static_cast<int>(ErrorCode::failed) + 1);
  }

  /// Names from files are plain text: markup and place markers stay what they are.
  void hostileNamesStayPlain() {
    const QString what = errorText(Error{ErrorCode::fileMalformed, "%1 %2 <b>bold</b>", "%1.bin", "%n", 0, 0}).what;
    QVERIFY2(what.contains("%1.bin") && what.contains("%1 %2 <b>bold</b>") && what.contains("%n"), qPrintable(what));
  }
};

QTEST_GUILESS_MAIN(TestErrorText)
#include "test_error_text.moc"

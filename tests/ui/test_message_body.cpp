// A very long finished answer: its beginning is there at once, the rest follows piece by piece, in order and complete.
#include <QPlainTextEdit>

#include "tests/support/window_fixture.h"
#include "ui/chat/code_block.h"
#include "ui/chat/message_body.h"
#include "ui/chat/text_block.h"

using namespace nibble;
using namespace nibble::test;

class TestMessageBody : public QObject {
  Q_OBJECT
 private slots:
  void aLongAnswerIsBuiltInPieces() {
    constexpr int kPieces = 300;
    WindowFixture fixture;
    QString text;
    for (int i = 0; i < kPieces; ++i) text += QString("Text %1.\n\n```python\ncode(%1)\n```\n\n").arg(i);
    MessageBody body(*fixture.ui);
    QSignalSpy changed(&body, &MessageBody::heightChanged);
    body.setMarkdown(text);
    const auto first = body.findChildren<CodeBlock*>().size();
    QVERIFY2(first > 0 && first < kPieces, qPrintable(QString::number(first)));
    QTRY_COMPARE(body.findChildren<CodeBlock*>().size(), kPieces);
    QVERIFY(!changed.isEmpty());
    const auto codes = body.findChildren<CodeBlock*>();
    for (int i = 0; i < kPieces; ++i) QCOMPARE(codes[i]->code(), QString("code(%1)").arg(i));
    const auto texts = body.findChildren<TextBlock*>();
    QCOMPARE(texts.size(), kPieces);
    for (int i = 0; i < kPieces; ++i) QCOMPARE(texts[i]->toPlainText().trimmed(), QString("Text %1.").arg(i));
  }

  void aShortAnswerIsThereAtOnce() {
    WindowFixture fixture;
    MessageBody body(*fixture.ui);
    body.setMarkdown("One.\n\n```\ntwo\n```\n");
    QCOMPARE(body.findChildren<CodeBlock*>().size(), 1);
    QCOMPARE(body.findChildren<TextBlock*>().size(), 1);
  }

  void aMessageThatGoesAwayMeanwhileIsNoTrouble() {
    WindowFixture fixture;
    {
      MessageBody body(*fixture.ui);
      body.setMarkdown(QString("Text.\n\n```\ncode\n```\n\n").repeated(300));
    }
    QTest::qWait(50);
  }
};

QTEST_MAIN(TestMessageBody)
#include "test_message_body.moc"

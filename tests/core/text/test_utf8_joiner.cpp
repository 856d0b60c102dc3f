// However bytes are cut, the joined text is the same, and no half character ever shows.
#include <QtTest>
#include <random>

#include "core/text/utf8.h"
#include "core/text/utf8_joiner.h"

using namespace nibble;

class TestUtf8Joiner : public QObject {
  Q_OBJECT

 private slots:
  void holdsHalfCharactersBack() {
    Utf8Joiner joiner;
    QCOMPARE(joiner.push("a\xF0\x9F"), std::string("a"));
    QCOMPARE(joiner.push("\x99"), std::string());
    QCOMPARE(joiner.push("\x82!"), std::string("\xF0\x9F\x99\x82!"));
    QCOMPARE(joiner.finish(), std::string());
  }

  void saysWhatNeverComes() {
    Utf8Joiner joiner;
    QCOMPARE(joiner.push("\xE4\xBD"), std::string());
    QCOMPARE(joiner.finish(), std::string("\xEF\xBF\xBD\xEF\xBF\xBD"));
    QCOMPARE(joiner.finish(), std::string());
  }

  void doesNotWaitForWhatCannotCome() {
    Utf8Joiner joiner;
    QCOMPARE(joiner.push("\xFF"), std::string("\xEF\xBF\xBD"));
    QCOMPARE(joiner.push("\xC0"), std::string("\xEF\xBF\xBD"));                          // overlong lead
    QCOMPARE(joiner.push("\xED\xA0"), std::string("\xEF\xBF\xBD\xEF\xBF\xBD"));          // a surrogate
    QCOMPARE(joiner.push("\xF4\x90"), std::string("\xEF\xBF\xBD\xEF\xBF\xBD"));          // past U+10FFFF
    QCOMPARE(joiner.push("\xE0\x80"), std::string("\xEF\xBF\xBD\xEF\xBF\xBD"));          // overlong
    QCOMPARE(joiner.push("\xC3x"), std::string("\xEF\xBF\xBDx"));
  }

  void anyCutGivesTheSame() {
    std::mt19937 random(3);
    for (int round = 0; round < 500; ++round) {
      std::string bytes;
      for (int i = 0; i < 40; ++i) {
        if (random() % 4 == 0) {
          bytes.push_back(static_cast<char>(random()));
        } else {
          appendUtf8(bytes, random() % 3 == 0 ? 0x1F600 + random() % 64 : 0x4E00 + random() % 5000);
        }
      }
      Utf8Joiner joiner;
      std::string joined;
      for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length = std::min<std::size_t>(random() % 4, bytes.size() - at);
        const std::string shown = joiner.push(std::string_view(bytes).substr(at, length));
        QCOMPARE(validUtf8(shown), shown);
        joined += shown;
        at += length;
      }
      joined += joiner.finish();
      QCOMPARE(joined, validUtf8(bytes));
    }
  }
};

QTEST_APPLESS_MAIN(TestUtf8Joiner)
#include "test_utf8_joiner.moc"

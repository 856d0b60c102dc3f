// Tokenizers of the kinds that the publishers' files lack, against sentencepiece and tokenizers
// (make_tokenizer_goldens.py).
#include <QtTest>

#include "core/text/tokenizer.h"
#include "tests/support/test_data.h"
#include "tests/support/token_rows.h"

using namespace nibble;
using namespace nibble::test;

namespace {

QByteArray shown(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids) {
  QByteArray text;
  for (const std::int32_t id : ids)
    text += QByteArray::number(id) + " [" + QByteArray::fromStdString(tokenizer.pieceOf(id)) + "] ";
  return text;
}

}  // namespace

class TestTokenizerGoldens : public QObject {
  Q_OBJECT

 private slots:
  void rows_data() {
    QTest::addColumn<QString>("folder");
    QTest::addColumn<int>("least");
    for (const char* name : {"sp-unigram-nfkc", "sp-unigram-bytes", "sp-bpe-suffix", "sp-bpe-user", "gpt2-prefix"}) {
      QTest::newRow(name) << QString(name) << 100;
    }
    for (const char* name : {"gpt2", "llama3", "qwen2", "deepseek", "llama2-json", "unigram-json", "other-steps"}) {
      QTest::newRow(name) << QString(name) << 200;
    }
  }

  void rows() {
    QFETCH(QString, folder);
    QFETCH(int, least);
    const auto path = goldenData("tokenizers/" + folder.toStdString());
    const auto tokenizer = openTokenizer(path);
    QVERIFY2(tokenizer.has_value(),
             tokenizer ? "" : (tokenizer.error().field + ": " + tokenizer.error().detail).c_str());
    const std::vector<TokenRow> rows = readTokenRows(path / "tokens_expected.jsonl");
    QVERIFY(static_cast<int>(rows.size()) >= least);
    for (const TokenRow& row : rows) {
      const auto ids = (*tokenizer)->encode(row.text, encodeOptions(row.flags));
      QVERIFY2(ids == row.ids, "text: " + QByteArray::fromStdString(row.text) +
                                   " flags: " + QByteArray::fromStdString(row.flags) +
                                   "\n got: " + shown(**tokenizer, ids) + "\nwant: " + shown(**tokenizer, row.ids));
      const std::string decoded = (*tokenizer)->decode(ids, false);
      QVERIFY2(!row.checkDecoded || decoded == row.decoded, "text: " + QByteArray::fromStdString(row.text) +
                                                                "\n got: " + QByteArray::fromStdString(decoded) +
                                                                "\nwant: " + QByteArray::fromStdString(row.decoded));
    }
  }
};

QTEST_APPLESS_MAIN(TestTokenizerGoldens)
#include "test_tokenizer_goldens.moc"
